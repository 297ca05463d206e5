using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>An element-wise function of a tensor, with its gradient. Input and output have one shape and may be the same memory.</summary>
public sealed unsafe class Activation : CudnnOperation
{
    private readonly cudnnActivationDescriptor_t _activation;
    private readonly cudnnTensorDescriptor_t _x;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="mode">The function.</param>
    /// <param name="x">The shape of all tensors, N x C x H x W.</param>
    /// <param name="coefficient">The ceiling of the clipped ReLU, the slope of ELU or the beta of swish; unused by the others.</param>
    /// <param name="propagateNan">Whether ReLU hands a NaN on.</param>
    /// <exception cref="ArgumentException">No tensor has that shape.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape or the function.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public Activation(CudnnHandle cudnn, ActivationMode mode, TensorShape x, double coefficient = 0, bool propagateNan = true)
        : base(cudnn)
    {
        try
        {
            Mode = mode;
            Shape = x;
            Coefficient = coefficient;
            _x = Own(new TensorDescriptor(x)).Handle;
            _activation = Own(new ActivationDescriptor(mode, coefficient, propagateNan)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The function.</summary>
    public ActivationMode Mode { get; }

    /// <summary>The shape of all tensors.</summary>
    public TensorShape Shape { get; }

    /// <summary>The ceiling of the clipped ReLU, the slope of ELU or the beta of swish.</summary>
    public double Coefficient { get; }

    /// <summary>y = alpha · act(x) + beta · y.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Forward(double alpha, DevicePointer x, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnActivationForward(handle, _activation, &a, _x, x.Required(nameof(x)), &b, _x, y.Required(nameof(y))));
    }

    /// <summary>dx = alpha · act'(x) · dy + beta · dx.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="y">What <see cref="Forward"/> gave with alpha 1 and beta 0.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="x">The input.</param>
    /// <param name="beta">The factor of what <paramref name="dx"/> held before; 0: it is not read.</param>
    /// <param name="dx">The gradient by the input; may be the memory of <paramref name="dy"/>.</param>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(double alpha, DevicePointer y, DevicePointer dy, DevicePointer x, double beta, DevicePointer dx)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnActivationBackward(
            handle, _activation, &a, _x, y.Required(nameof(y)), _x, dy.Required(nameof(dy)), _x, x.Required(nameof(x)), &b, _x, dx.Required(nameof(dx))));
    }
}
