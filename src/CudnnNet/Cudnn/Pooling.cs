using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Pooling over windows of an image, with its gradient.</summary>
public sealed unsafe class Pooling : CudnnOperation
{
    private readonly cudnnPoolingDescriptor_t _pooling;
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _y;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="mode">What a window becomes.</param>
    /// <param name="window">Size, padding and stride.</param>
    /// <param name="x">The input, N x C x H x W.</param>
    /// <param name="propagateNan">Whether a NaN in a window wins the maximum.</param>
    /// <exception cref="ArgumentException">The window does not fit the image.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public Pooling(CudnnHandle cudnn, PoolingMode mode, PoolingWindow window, TensorShape x, bool propagateNan = true)
        : base(cudnn)
    {
        try
        {
            Mode = mode;
            Window = window;
            InputShape = x;
            OutputShape = window.OutputShape(x);
            _pooling = Own(new PoolingDescriptor(mode, window, propagateNan, x.IsVolume)).Handle;
            _x = Own(new TensorDescriptor(x)).Handle;
            _y = Own(new TensorDescriptor(OutputShape)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What a window becomes.</summary>
    public PoolingMode Mode { get; }

    /// <summary>Size, padding and stride.</summary>
    public PoolingWindow Window { get; }

    /// <summary>The shape of x and dx.</summary>
    public TensorShape InputShape { get; }

    /// <summary>The shape of y and dy, in the type and layout of the input.</summary>
    public TensorShape OutputShape { get; }

    /// <summary>y = alpha · pool(x) + beta · y.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Forward(double alpha, DevicePointer x, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, InputShape.Type);
        ScalingFactor b = new(beta, InputShape.Type);
        Cudnn.Check(Cudnn.cudnnPoolingForward(handle, _pooling, &a, _x, x.Required(nameof(x)), &b, _y, y.Required(nameof(y))));
    }

    /// <summary>dx = alpha · poolᵀ(dy) + beta · dx. For the maximum the gradient goes to where <paramref name="x"/> has the value <paramref name="y"/>, the first in row order.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="y">What <see cref="Forward"/> gave with alpha 1 and beta 0.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="x">The input.</param>
    /// <param name="beta">The factor of what <paramref name="dx"/> held before; 0: it is not read.</param>
    /// <param name="dx">The gradient by the input.</param>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(double alpha, DevicePointer y, DevicePointer dy, DevicePointer x, double beta, DevicePointer dx)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, InputShape.Type);
        ScalingFactor b = new(beta, InputShape.Type);
        Cudnn.Check(Cudnn.cudnnPoolingBackward(
            handle, _pooling, &a, _y, y.Required(nameof(y)), _y, dy.Required(nameof(dy)), _x, x.Required(nameof(x)), &b, _x, dx.Required(nameof(dx))));
    }
}
