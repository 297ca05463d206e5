using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The gradient of a bias that was added to a convolution's output: db = alpha · Σ dy over N, H and W + beta · db (cudnnConvolutionBackwardBias).</summary>
public sealed unsafe class BiasGradient : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _dy;
    private readonly cudnnTensorDescriptor_t _db;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="dy">The gradient by the output, N x C x H x W.</param>
    /// <param name="db">The gradient by the bias, 1 x C x 1 x 1.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public BiasGradient(CudnnHandle cudnn, TensorShape dy, TensorShape db)
        : base(cudnn)
    {
        try
        {
            dy.Validate(nameof(dy));
            db.Expect(new TensorShape(1, dy.C, 1, 1, db.Type, db.Layout) { D = dy.IsVolume ? 1 : 0 }, nameof(db), $"the gradient {dy}");
            GradientShape = dy;
            BiasShape = db;
            _dy = Own(new TensorDescriptor(dy)).Handle;
            _db = Own(new TensorDescriptor(db)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of dy.</summary>
    public TensorShape GradientShape { get; }

    /// <summary>The shape of db.</summary>
    public TensorShape BiasShape { get; }

    /// <summary>db = alpha · Σ dy + beta · db.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(double alpha, DevicePointer dy, double beta, DevicePointer db)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor first = new(alpha, GradientShape.Type);
        ScalingFactor second = new(beta, GradientShape.Type);
        Cudnn.Check(Cudnn.cudnnConvolutionBackwardBias(handle, &first, _dy, dy.Required(nameof(dy)), &second, _db, db.Required(nameof(db))));
    }
}
