using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A layout as cuBLASLt knows it.</summary>
public sealed unsafe class MatrixLayoutDescriptor : NativeOwner
{
    private cublasLtMatrixLayout_t _handle;

    /// <summary>Describes <paramref name="layout"/>.</summary>
    /// <exception cref="ArgumentException">The layout was not made by a constructor.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the layout.</exception>
    public MatrixLayoutDescriptor(MatrixLayout layout)
        : base(null)
    {
        try
        {
            if (layout.BatchCount == 0)
            {
                throw new ArgumentException("A layout is the default value. Make it by a constructor, or of a DeviceMatrix.", nameof(layout));
            }

            Layout = layout;
            cublasLtMatrixLayout_t handle;
            CublasLt.Check(CublasLt.cublasLtMatrixLayoutCreate(&handle, (cudaDataType)layout.Type, (ulong)layout.Rows, (ulong)layout.Columns, layout.LeadingDimension));
            _handle = handle;
            Set(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_ORDER, (int)layout.Order);
            Set(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, layout.BatchCount);
            Set(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, layout.BatchStride);
            if (layout.BatchMode != MatrixBatchMode.Strided)
            {
                Set(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_BATCH_MODE, (int)layout.BatchMode);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is described.</summary>
    public MatrixLayout Layout { get; }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cublasLtMatrixLayout_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    private protected override void Release()
    {
        if (_handle != default)
        {
            _ = CublasLt.cublasLtMatrixLayoutDestroy(_handle);
            _handle = default;
        }
    }

    private void Set<T>(cublasLtMatrixLayoutAttribute_t attribute, T value)
        where T : unmanaged => CublasLt.Check(CublasLt.cublasLtMatrixLayoutSetAttribute(_handle, attribute, &value, (nuint)sizeof(T)));
}
