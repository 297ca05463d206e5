using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>y = alpha · x + beta · y between tensors of the same dimensions in different layouts or types (cudnnTransformTensor).</summary>
public sealed unsafe class TensorTransform : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _y;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The source.</param>
    /// <param name="y">The destination, of the same dimensions.</param>
    /// <exception cref="ArgumentException">The dimensions differ.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public TensorTransform(CudnnHandle cudnn, TensorShape x, TensorShape y)
        : base(cudnn)
    {
        try
        {
            y.Expect(x with { Type = y.Type }, nameof(y), "the source");
            X = x;
            Y = y;
            _x = Own(new TensorDescriptor(x)).Handle;
            _y = Own(new TensorDescriptor(y)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of the source.</summary>
    public TensorShape X { get; }

    /// <summary>The shape of the destination.</summary>
    public TensorShape Y { get; }

    /// <summary>y = alpha · x + beta · y. The two must not overlap.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(double alpha, DevicePointer x, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        // The result's type says how wide they are.
        ScalingFactor first = new(alpha, Y.Type);
        ScalingFactor second = new(beta, Y.Type);
        Cudnn.Check(Cudnn.cudnnTransformTensor(handle, &first, _x, x.Required(nameof(x)), &second, _y, y.Required(nameof(y))));
    }
}
