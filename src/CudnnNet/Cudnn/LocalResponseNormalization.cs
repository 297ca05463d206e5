using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Local response normalisation across channels (Krizhevsky et al. 2012), with its gradient. Input and output have one shape.</summary>
/// <remarks>
/// y = x · (k + alpha/window · Σ x²)^-beta, the sum over the window of channels around each, cut off at the first and last channel.
/// </remarks>
public sealed unsafe class LocalResponseNormalization : CudnnOperation
{
    private readonly LrnDescriptor _descriptor;
    private readonly cudnnLRNDescriptor_t _normalization;
    private readonly cudnnTensorDescriptor_t _x;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The shape of all tensors, N x C x H x W.</param>
    /// <param name="window">The number of channels summed over, 1 to 16.</param>
    /// <param name="alpha">The factor of the sum; it is divided by the window.</param>
    /// <param name="beta">The exponent, at least 0.01.</param>
    /// <param name="k">What is added to the sum, at least 1e-5.</param>
    /// <exception cref="ArgumentException">No tensor has that shape.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape or a number.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public LocalResponseNormalization(CudnnHandle cudnn, TensorShape x, int window = 5, double alpha = 1e-4, double beta = 0.75, double k = 2)
        : base(cudnn)
    {
        try
        {
            Shape = x;
            _descriptor = Own(new LrnDescriptor(window, alpha, beta, k));
            _normalization = _descriptor.Handle;
            _x = Own(new TensorDescriptor(x)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of all tensors.</summary>
    public TensorShape Shape { get; }

    /// <summary>The number of channels summed over.</summary>
    public int Window => _descriptor.Window;

    /// <summary>y = alpha · lrn(x) + beta · y; alpha and beta blend, they are not those of the formula.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Forward(double alpha, DevicePointer x, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnLRNCrossChannelForward(
            handle, _normalization, cudnnLRNMode_t.CUDNN_LRN_CROSS_CHANNEL_DIM1, &a, _x, x.Required(nameof(x)), &b, _x, y.Required(nameof(y))));
    }

    /// <summary>dx = alpha · lrn'(x) · dy + beta · dx.</summary>
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
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnLRNCrossChannelBackward(
            handle, _normalization, cudnnLRNMode_t.CUDNN_LRN_CROSS_CHANNEL_DIM1, &a, _x, y.Required(nameof(y)), _x, dy.Required(nameof(dy)),
            _x, x.Required(nameof(x)), &b, _x, dx.Required(nameof(dx))));
    }
}
