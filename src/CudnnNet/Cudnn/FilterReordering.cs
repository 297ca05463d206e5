using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>
/// Reorders Int8x32 filters and their bias once as tensor cores want them, for convolutions with <see cref="Convolution.ReordersFilters"/> = false
/// (cudnnReorderFilterAndBias).
/// </summary>
public sealed unsafe class FilterReordering : CudnnOperation
{
    private readonly cudnnFilterDescriptor_t _filter;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="filter">The filters: <see cref="DataType.Int8x32"/>, <see cref="TensorLayout.NchwVector"/>, K a multiple of 32.</param>
    /// <exception cref="ArgumentException">No filters have that shape.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public FilterReordering(CudnnHandle cudnn, FilterShape filter)
        : base(cudnn)
    {
        try
        {
            Shape = filter;
            _filter = Own(new FilterDescriptor(filter)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of the filters.</summary>
    public FilterShape Shape { get; }

    /// <summary>Reorders the filters, and the bias with them.</summary>
    /// <param name="filter">The filters.</param>
    /// <param name="reordered">Receives the reordered filters, as many bytes.</param>
    /// <param name="bias">K singles; null together with <paramref name="reorderedBias"/> where there is none.</param>
    /// <param name="reorderedBias">Receives the reordered bias.</param>
    /// <exception cref="ArgumentException">An address is null, or one of the two for the bias.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(DevicePointer filter, DevicePointer reordered, DevicePointer bias = default, DevicePointer reorderedBias = default)
    {
        cudnnHandle_t handle = Enter();
        CheckPair(bias, nameof(bias), reorderedBias, nameof(reorderedBias));
        Cudnn.Check(Cudnn.cudnnReorderFilterAndBias(
            handle, _filter, cudnnReorderType_t.CUDNN_DEFAULT_REORDER, filter.Required(nameof(filter)), reordered.Required(nameof(reordered)),
            bias.IsNull ? 0 : 1, bias.Raw, reorderedBias.Raw));
    }
}
