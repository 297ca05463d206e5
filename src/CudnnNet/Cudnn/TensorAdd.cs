using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>c = alpha · a + beta · c, where a is repeated along every dimension in which it has size 1: adds a bias.</summary>
public sealed unsafe class TensorAdd : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _a;
    private readonly cudnnTensorDescriptor_t _c;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="a">What is added; each dimension is 1 or that of <paramref name="c"/>.</param>
    /// <param name="c">What is added to.</param>
    /// <exception cref="ArgumentException">The shapes or types do not fit.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public TensorAdd(CudnnHandle cudnn, TensorShape a, TensorShape c)
        : base(cudnn)
    {
        try
        {
            Broadcasting.Check(a, nameof(a), c, nameof(c));
            A = a;
            C = c;
            _a = Own(new TensorDescriptor(a)).Handle;
            _c = Own(new TensorDescriptor(c)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of a.</summary>
    public TensorShape A { get; }

    /// <summary>The shape of c.</summary>
    public TensorShape C { get; }

    /// <summary>c = alpha · a + beta · c.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(double alpha, DevicePointer a, double beta, DevicePointer c)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor first = new(alpha, C.Type);
        ScalingFactor second = new(beta, C.Type);
        Cudnn.Check(Cudnn.cudnnAddTensor(handle, &first, _a, a.Required(nameof(a)), &second, _c, c.Required(nameof(c))));
    }
}
