using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>How a matrix lies, and how it is taken: what all kinds of views of matrices have in common.</summary>
/// <param name="RowsInMemory">Rows as it lies, column-major.</param>
/// <param name="ColumnsInMemory">Columns as it lies.</param>
/// <param name="Leading">Elements from one column to the next.</param>
/// <param name="Operation">How it is taken.</param>
internal readonly record struct MatrixForm(long RowsInMemory, long ColumnsInMemory, long Leading, MatrixOperation Operation)
{
    /// <summary>Rows of the matrix as it is taken.</summary>
    internal long Rows => Operation == MatrixOperation.None ? RowsInMemory : ColumnsInMemory;

    /// <summary>Columns of the matrix as it is taken.</summary>
    internal long Columns => Operation == MatrixOperation.None ? ColumnsInMemory : RowsInMemory;

    /// <summary>How it is taken, as cuBLAS says it.</summary>
    internal cublasOperation_t Raw => (cublasOperation_t)Operation;

    /// <summary>How many elements there are from the first to behind the last.</summary>
    internal long Extent => RowsInMemory == 0 || ColumnsInMemory == 0 ? 0 : checked(((ColumnsInMemory - 1) * Leading) + RowsInMemory);

    /// <summary>A matrix as it lies.</summary>
    /// <exception cref="ArgumentException">A size is negative or the leading dimension is less than the rows.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static MatrixForm Of(long rows, long columns, long? leadingDimension)
    {
        long leading = leadingDimension ?? Math.Max(1, rows);
        if (rows < 0 || columns < 0)
        {
            ThrowNegative(rows, columns);
        }

        if (leading < Math.Max(1, rows))
        {
            ThrowLeading(rows, columns, leading);
        }

        return new(rows, columns, leading, MatrixOperation.None);
    }

    /// <summary>The transpose.</summary>
    /// <exception cref="InvalidOperationException">It would be a conjugate without transposition, which cuBLAS cannot take.</exception>
    internal MatrixForm Transposed => this with
    {
        Operation = Operation switch
        {
            MatrixOperation.None => MatrixOperation.Transpose,
            MatrixOperation.Transpose => MatrixOperation.None,
            _ => throw NoConjugate(),
        },
    };

    /// <summary>The conjugate transpose.</summary>
    /// <exception cref="InvalidOperationException">It would be a conjugate without transposition, which cuBLAS cannot take.</exception>
    internal MatrixForm ConjugateTransposed => this with
    {
        Operation = Operation switch
        {
            MatrixOperation.None => MatrixOperation.ConjugateTranspose,
            MatrixOperation.ConjugateTranspose => MatrixOperation.None,
            _ => throw NoConjugate(),
        },
    };

    /// <summary>The sizes as they lie, for messages.</summary>
    public override string ToString() => $"{RowsInMemory} x {ColumnsInMemory}, leading dimension {Leading}";

    /// <exception cref="ArgumentException">The span is too short.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Require(long available, long needed, long count)
    {
        if (available < needed)
        {
            ThrowTooShort(this, available, needed, count);
        }
    }

    private static InvalidOperationException NoConjugate() => new(
        "A matrix was to be taken conjugated but not transposed; cuBLAS takes matrices as they lie, transposed, or transposed and conjugated.");

    [DoesNotReturn]
    private static void ThrowNegative(long rows, long columns) => throw new ArgumentException($"A matrix has {rows} x {columns} elements; neither may be negative.");

    [DoesNotReturn]
    private static void ThrowLeading(long rows, long columns, long leading) => throw new ArgumentException(
        $"A matrix lies as {rows} x {columns} in memory with the leading dimension {leading}; column-major, that must be at least max(1, {rows}).");

    [DoesNotReturn]
    private static void ThrowTooShort(MatrixForm form, long available, long needed, long count) => throw new ArgumentException(
        count == 1 ? $"A matrix ({form}) takes {needed} elements; the span has {available}." : $"{count} matrices ({form}) take {needed} elements; the span has {available}.");
}
