namespace CudnnNet;

/// <summary>Makes views of row-major matrices; those of column-major ones have constructors.</summary>
public static class DeviceMatrix
{
    /// <summary>A row-major matrix: element (row, column) lies at row · leading dimension + column.</summary>
    /// <typeparam name="T">The element, as of <see cref="DeviceMatrix{T}"/>.</typeparam>
    /// <param name="elements">The memory.</param>
    /// <param name="rows">Rows; may be 0.</param>
    /// <param name="columns">Columns; may be 0.</param>
    /// <param name="leadingDimension">Elements from one row to the next, at least max(1, columns); null: without gaps.</param>
    /// <exception cref="ArgumentException">A size is negative, the leading dimension too small or the span too short.</exception>
    public static DeviceMatrix<T> RowMajor<T>(DeviceSpan<T> elements, long rows, long columns, long? leadingDimension = null)
        where T : unmanaged =>
        new DeviceMatrix<T>(elements, columns, rows, leadingDimension).Transposed;

    /// <summary>Row-major matrices: element (row, column) of one lies at row · leading dimension + column.</summary>
    /// <typeparam name="T">The element, as of <see cref="DeviceMatrix{T}"/>.</typeparam>
    /// <param name="elements">The memory.</param>
    /// <param name="rows">Rows of each; may be 0.</param>
    /// <param name="columns">Columns of each; may be 0.</param>
    /// <param name="count">The number of matrices; may be 0.</param>
    /// <param name="leadingDimension">Elements from one row to the next, at least max(1, columns); null: without gaps.</param>
    /// <param name="stride">Elements from one matrix to the next; 0 takes the same again; null: leading dimension · rows.</param>
    /// <exception cref="ArgumentException">A size or the stride is negative, the leading dimension too small or the span too short.</exception>
    public static DeviceMatrixBatch<T> RowMajorBatch<T>(DeviceSpan<T> elements, long rows, long columns, long count, long? leadingDimension = null, long? stride = null)
        where T : unmanaged =>
        new DeviceMatrixBatch<T>(elements, columns, rows, count, leadingDimension, stride).Transposed;

    /// <summary>Row-major matrices: element (row, column) of one lies at row · leading dimension + column.</summary>
    /// <typeparam name="T">The element, as of <see cref="DeviceMatrix{T}"/>.</typeparam>
    /// <param name="pointers">The addresses of the first elements.</param>
    /// <param name="rows">Rows of each; may be 0.</param>
    /// <param name="columns">Columns of each; may be 0.</param>
    /// <param name="leadingDimension">Elements from one row to the next, at least max(1, columns); null: without gaps.</param>
    /// <exception cref="ArgumentException">A size is negative or the leading dimension too small.</exception>
    public static DeviceMatrixArray<T> RowMajorArray<T>(DeviceSpan<DevicePointer> pointers, long rows, long columns, long? leadingDimension = null)
        where T : unmanaged =>
        new DeviceMatrixArray<T>(pointers, columns, rows, leadingDimension).Transposed;
}
