using System.Globalization;

namespace CudnnNet;

/// <summary>How a matrix, or a batch of matrices of one size, lies in device memory: element type, sizes, order, leading dimension, number and distance.</summary>
public readonly record struct MatrixLayout
{
    /// <summary>Describes a matrix or a batch.</summary>
    /// <param name="type">The type of the elements.</param>
    /// <param name="rows">Rows of each matrix; may be 0.</param>
    /// <param name="columns">Columns of each matrix; may be 0.</param>
    /// <param name="order">The order of the elements.</param>
    /// <param name="leadingDimension">Elements from one column to the next, or as <paramref name="order"/> says; null: without gaps.</param>
    /// <param name="batchCount">The number of matrices, at least 1.</param>
    /// <param name="batchStride">Elements from one matrix to the next; 0 takes the same again; null: without gaps. Not used with an array of pointers.</param>
    /// <param name="batchMode">How the matrices of the batch are found.</param>
    /// <exception cref="ArgumentException">A size is negative, there is no matrix in the batch, or the leading dimension is too small.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type or order.</exception>
    public MatrixLayout(
        MatrixElementType type,
        long rows,
        long columns,
        MatrixOrder order = MatrixOrder.ColumnMajor,
        long? leadingDimension = null,
        int batchCount = 1,
        long? batchStride = null,
        MatrixBatchMode batchMode = MatrixBatchMode.Strided)
    {
        _ = type.SizeInBytes();
        if (rows < 0 || columns < 0 || batchCount < 1)
        {
            throw new ArgumentException($"A layout has {batchCount} matrices of {rows} x {columns} elements; sizes must not be negative, and a batch has at least one matrix.");
        }

        long least = Math.Max(1, order switch
        {
            MatrixOrder.ColumnMajor => rows,
            MatrixOrder.RowMajor => columns,
            MatrixOrder.Column32 => checked(32 * rows),
            MatrixOrder.Column32Row8 => checked(32 * RoundUp(rows, 8)),
            MatrixOrder.Column32Row32 => checked(32 * RoundUp(rows, 32)),
            _ => throw new ArgumentOutOfRangeException(nameof(order), order, $"{order} is no order. Use one of {string.Join(", ", Enum.GetNames<MatrixOrder>())}."),
        });
        if (leadingDimension < least)
        {
            throw new ArgumentException($"A matrix of {rows} x {columns} in the order {order} has the leading dimension {leadingDimension}; it must be at least {least}.", nameof(leadingDimension));
        }

        (Type, Rows, Columns, Order, LeadingDimension, BatchCount, BatchMode) = (type, rows, columns, order, leadingDimension ?? least, batchCount, batchMode);
        BatchStride = batchMode == MatrixBatchMode.PointerArray ? 0 : batchStride ?? checked(Lines * LeadingDimension);
    }

    /// <summary>The type of the elements.</summary>
    public MatrixElementType Type { get; }

    /// <summary>Rows of each matrix.</summary>
    public long Rows { get; }

    /// <summary>Columns of each matrix.</summary>
    public long Columns { get; }

    /// <summary>The order of the elements.</summary>
    public MatrixOrder Order { get; }

    /// <summary>Elements from one column to the next, or as <see cref="Order"/> says.</summary>
    public long LeadingDimension { get; }

    /// <summary>The number of matrices.</summary>
    public int BatchCount { get; }

    /// <summary>Elements from one matrix to the next; 0 with an array of pointers.</summary>
    public long BatchStride { get; }

    /// <summary>How the matrices of the batch are found.</summary>
    public MatrixBatchMode BatchMode { get; }

    /// <summary>The elements from the first to behind the last of a strided batch; of an array of pointers, those of one matrix.</summary>
    /// <remarks>The memory takes as many times <see cref="MatrixElementTypes.SizeInBytes"/>.</remarks>
    public long Elements => IsEmpty ? 0 : checked((Math.Abs(BatchStride) * (BatchCount - 1)) + ((Lines - 1) * LeadingDimension) + LineLength);

    internal bool IsEmpty => Rows == 0 || Columns == 0;

    /// <summary>How many leading dimensions a matrix takes: columns, rows, or groups of 32 columns.</summary>
    internal long Lines => Order switch
    {
        MatrixOrder.ColumnMajor => Columns,
        MatrixOrder.RowMajor => Rows,
        _ => RoundUp(Columns, 32) / 32,
    };

    /// <summary>How many elements of a line are the matrix's.</summary>
    internal long LineLength => Order switch
    {
        MatrixOrder.ColumnMajor => Rows,
        MatrixOrder.RowMajor => Columns,
        _ => LeadingDimension,
    };

    /// <summary>Matrices of <typeparamref name="T"/>, column after column.</summary>
    /// <typeparam name="T">The element, as of <see cref="MatrixElementTypes.Of"/>.</typeparam>
    /// <param name="rows">Rows of each; may be 0.</param>
    /// <param name="columns">Columns of each; may be 0.</param>
    /// <param name="leadingDimension">Elements from one column to the next, at least max(1, rows); null: without gaps.</param>
    /// <param name="batchCount">The number of matrices.</param>
    /// <param name="batchStride">Elements from one matrix to the next; 0 takes the same again; null: without gaps.</param>
    /// <exception cref="ArgumentException">A size is negative, there is no matrix in the batch, or the leading dimension is too small.</exception>
    public static MatrixLayout ColumnMajor<T>(long rows, long columns, long? leadingDimension = null, int batchCount = 1, long? batchStride = null)
        where T : unmanaged => new(MatrixElementTypes.Of<T>(), rows, columns, MatrixOrder.ColumnMajor, leadingDimension, batchCount, batchStride);

    /// <summary>Matrices of <typeparamref name="T"/>, row after row.</summary>
    /// <typeparam name="T">The element, as of <see cref="MatrixElementTypes.Of"/>.</typeparam>
    /// <param name="rows">Rows of each; may be 0.</param>
    /// <param name="columns">Columns of each; may be 0.</param>
    /// <param name="leadingDimension">Elements from one row to the next, at least max(1, columns); null: without gaps.</param>
    /// <param name="batchCount">The number of matrices.</param>
    /// <param name="batchStride">Elements from one matrix to the next; 0 takes the same again; null: without gaps.</param>
    /// <exception cref="ArgumentException">A size is negative, there is no matrix in the batch, or the leading dimension is too small.</exception>
    public static MatrixLayout RowMajor<T>(long rows, long columns, long? leadingDimension = null, int batchCount = 1, long? batchStride = null)
        where T : unmanaged => new(MatrixElementTypes.Of<T>(), rows, columns, MatrixOrder.RowMajor, leadingDimension, batchCount, batchStride);

    /// <summary>The layout of <paramref name="matrix"/> as it is taken: a transposed view is row-major.</summary>
    /// <exception cref="ArgumentException">The matrix is taken conjugated.</exception>
    public static MatrixLayout Of<T>(in DeviceMatrix<T> matrix)
        where T : unmanaged => Of<T>(matrix.Form, 1, null, MatrixBatchMode.Strided);

    /// <summary>The layout of <paramref name="matrices"/> as they are taken: transposed views are row-major.</summary>
    /// <exception cref="ArgumentException">The matrices are taken conjugated, or there are none or more than 2³¹ - 1.</exception>
    public static MatrixLayout Of<T>(in DeviceMatrixBatch<T> matrices)
        where T : unmanaged => Of<T>(matrices.Form, matrices.Count, matrices.Stride, MatrixBatchMode.Strided);

    /// <summary>The layout of <paramref name="matrices"/> as they are taken: transposed views are row-major.</summary>
    /// <exception cref="ArgumentException">The matrices are taken conjugated, or there are none or more than 2³¹ - 1.</exception>
    public static MatrixLayout Of<T>(in DeviceMatrixArray<T> matrices)
        where T : unmanaged => Of<T>(matrices.Form, matrices.Count, null, MatrixBatchMode.PointerArray);

    /// <summary>Number, type, sizes, order and distances.</summary>
    public override string ToString()
    {
        string batch = BatchCount == 1 ? "" : BatchMode == MatrixBatchMode.PointerArray
            ? string.Create(CultureInfo.InvariantCulture, $", {BatchCount} through pointers")
            : string.Create(CultureInfo.InvariantCulture, $", {BatchCount} of them {BatchStride} elements apart");
        return string.Create(CultureInfo.InvariantCulture, $"{Type} {Rows} x {Columns} {Order}, leading dimension {LeadingDimension}{batch}");
    }

    /// <summary>The next multiple.</summary>
    internal static long RoundUp(long value, long multiple) => checked(value + multiple - 1) / multiple * multiple;

    private static MatrixLayout Of<T>(MatrixForm form, long count, long? stride, MatrixBatchMode mode)
        where T : unmanaged
    {
        if (form.Operation == MatrixOperation.ConjugateTranspose)
        {
            throw new ArgumentException("A matrix is taken conjugated, which is no layout. Pass it as it lies, with the operation ConjugateTranspose.");
        }

        if (count is < 1 or > int.MaxValue)
        {
            throw new ArgumentException($"A batch has {count} matrices; cuBLASLt takes 1 to {int.MaxValue}.");
        }

        MatrixOrder order = form.Operation == MatrixOperation.None ? MatrixOrder.ColumnMajor : MatrixOrder.RowMajor;
        return new(MatrixElementTypes.Of<T>(), form.Rows, form.Columns, order, Math.Max(1, form.Leading), (int)count, stride, mode);
    }
}
