using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>c = f(alpha1 · a, alpha2 · b) + beta · c, element by element (cudnnOpTensor); b is repeated along every dimension in which it has size 1.</summary>
public sealed unsafe class TensorOperation : CudnnOperation
{
    private readonly cudnnOpTensorDescriptor_t _function;
    private readonly cudnnTensorDescriptor_t _a;
    private readonly cudnnTensorDescriptor_t _b;
    private readonly cudnnTensorDescriptor_t _c;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="function">The function.</param>
    /// <param name="a">The first operand, of the dimensions of <paramref name="c"/>.</param>
    /// <param name="b">The second operand; each dimension is 1 or that of <paramref name="c"/>. Functions of one operand do not read it.</param>
    /// <param name="c">The result.</param>
    /// <param name="propagateNan">Whether a NaN wins minimum and maximum.</param>
    /// <exception cref="ArgumentException">The shapes or types do not fit.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public TensorOperation(CudnnHandle cudnn, TensorFunction function, TensorShape a, TensorShape b, TensorShape c, bool propagateNan = true)
        : base(cudnn)
    {
        try
        {
            a.Expect(c with { Type = a.Type }, nameof(a), "the result");
            Broadcasting.Check(b, nameof(b), c, nameof(c));
            Function = function;
            A = a;
            B = b;
            C = c;
            _function = Own(new OpTensorDescriptor(function, c.Type.Computed(), propagateNan)).Handle;
            _a = Own(new TensorDescriptor(a)).Handle;
            _b = Own(new TensorDescriptor(b)).Handle;
            _c = Own(new TensorDescriptor(c)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The function.</summary>
    public TensorFunction Function { get; }

    /// <summary>The shape of the first operand.</summary>
    public TensorShape A { get; }

    /// <summary>The shape of the second operand.</summary>
    public TensorShape B { get; }

    /// <summary>The shape of the result.</summary>
    public TensorShape C { get; }

    /// <summary>c = f(alpha1 · a, alpha2 · b) + beta · c. The result may be the memory of <paramref name="a"/> where the shapes are the same.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(double alpha1, DevicePointer a, double alpha2, DevicePointer b, double beta, DevicePointer c)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor first = new(alpha1, C.Type);
        ScalingFactor second = new(alpha2, C.Type);
        ScalingFactor blend = new(beta, C.Type);
        Cudnn.Check(Cudnn.cudnnOpTensor(
            handle, _function, &first, _a, a.Required(nameof(a)), &second, _b, b.Required(nameof(b)), &blend, _c, c.Required(nameof(c))));
    }
}
