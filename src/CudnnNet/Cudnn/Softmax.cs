using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Softmax, with its gradient. Input and output have one shape.</summary>
public sealed unsafe class Softmax : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _x;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="algorithm">How it is computed.</param>
    /// <param name="mode">What is summed over.</param>
    /// <param name="x">The shape of all tensors, N x C x H x W; logits are N x classes x 1 x 1.</param>
    /// <exception cref="ArgumentException">No tensor has that shape.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public Softmax(CudnnHandle cudnn, SoftmaxAlgorithm algorithm, SoftmaxMode mode, TensorShape x)
        : base(cudnn)
    {
        try
        {
            Algorithm = algorithm;
            Mode = mode;
            Shape = x;
            _x = Own(new TensorDescriptor(x)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How it is computed.</summary>
    public SoftmaxAlgorithm Algorithm { get; }

    /// <summary>What is summed over.</summary>
    public SoftmaxMode Mode { get; }

    /// <summary>The shape of all tensors.</summary>
    public TensorShape Shape { get; }

    /// <summary>y = alpha · softmax(x) + beta · y, with softmax(x)ᵢ = e^xᵢ / Σ e^xⱼ, or its logarithm.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Forward(double alpha, DevicePointer x, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnSoftmaxForward(
            handle, (cudnnSoftmaxAlgorithm_t)Algorithm, (cudnnSoftmaxMode_t)Mode, &a, _x, x.Required(nameof(x)), &b, _x, y.Required(nameof(y))));
    }

    /// <summary>dx = alpha · y · (dy - Σ y·dy) + beta · dx; for the logarithm dx = alpha · (dy - e^y · Σ dy) + beta · dx.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="y">What <see cref="Forward"/> gave with alpha 1 and beta 0.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="beta">The factor of what <paramref name="dx"/> held before; 0: it is not read.</param>
    /// <param name="dx">The gradient by the input.</param>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(double alpha, DevicePointer y, DevicePointer dy, double beta, DevicePointer dx)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnSoftmaxBackward(
            handle, (cudnnSoftmaxAlgorithm_t)Algorithm, (cudnnSoftmaxMode_t)Mode, &a, _x, y.Required(nameof(y)), _x, dy.Required(nameof(dy)), &b, _x, dx.Required(nameof(dx))));
    }
}
