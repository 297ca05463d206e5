using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>y = alpha · folded(x) + beta · y: padding, folding and the layout of a tensor or of filters (cudnnTransformTensorEx, cudnnTransformFilter).</summary>
/// <remarks>Padding and folding take no beta but 0; unfolding and mere changes of layout blend.</remarks>
public sealed unsafe class FoldingTransform : CudnnOperation
{
    private readonly cudnnTensorTransformDescriptor_t _transform;
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _y;
    private readonly cudnnFilterDescriptor_t _filter;
    private readonly cudnnFilterDescriptor_t _foldedFilter;

    /// <summary>Prepares the folding of a tensor.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The source.</param>
    /// <param name="folding">What is done.</param>
    /// <param name="layout">The layout of the result.</param>
    /// <exception cref="ArgumentException">Nothing would be left along a dimension.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public FoldingTransform(CudnnHandle cudnn, TensorShape x, Folding folding, TensorLayout layout)
        : base(cudnn)
    {
        try
        {
            Folding = folding;
            InputShape = x;
            OutputShape = folding.OutputShape(x, layout);
            _transform = Own(new TensorTransformDescriptor(folding, layout, x.IsVolume)).Handle;
            _x = Own(new TensorDescriptor(x)).Handle;
            _y = Own(new TensorDescriptor(OutputShape)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Prepares the folding of filters, whose K, C, R, S are taken for N, C, H, W.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="filter">The source.</param>
    /// <param name="folding">What is done.</param>
    /// <param name="layout">The layout of the result.</param>
    /// <exception cref="ArgumentException">Nothing would be left along a dimension.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public FoldingTransform(CudnnHandle cudnn, FilterShape filter, Folding folding, TensorLayout layout)
        : base(cudnn)
    {
        try
        {
            filter.Validate(nameof(filter));
            Folding = folding;
            InputShape = new(filter.K, filter.C, filter.R, filter.S, filter.Type, filter.Layout) { D = filter.T };
            TensorShape y = OutputShape = folding.OutputShape(InputShape, layout);
            _transform = Own(new TensorTransformDescriptor(folding, layout, filter.IsVolume)).Handle;
            _filter = Own(new FilterDescriptor(filter)).Handle;
            _foldedFilter = Own(new FilterDescriptor(new(y.N, y.C, y.H, y.W, y.Type, y.Layout) { T = y.D })).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is done.</summary>
    public Folding Folding { get; }

    /// <summary>The shape of the source.</summary>
    public TensorShape InputShape { get; }

    /// <summary>The shape of the result.</summary>
    public TensorShape OutputShape { get; }

    /// <summary>y = alpha · folded(x) + beta · y. The two must not overlap.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(double alpha, DevicePointer x, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor first = new(alpha, OutputShape.Type);
        ScalingFactor second = new(beta, OutputShape.Type);
        if (_filter != default)
        {
            Cudnn.Check(Cudnn.cudnnTransformFilter(handle, _transform, &first, _filter, x.Required(nameof(x)), &second, _foldedFilter, y.Required(nameof(y))));
        }
        else
        {
            Cudnn.Check(Cudnn.cudnnTransformTensorEx(handle, _transform, &first, _x, x.Required(nameof(x)), &second, _y, y.Required(nameof(y))));
        }
    }
}
