using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A matrix in device memory: where it is, its sizes, the distance of its columns, and whether it is taken transposed.</summary>
/// <typeparam name="T">The element: <see cref="float"/>, <see cref="double"/>, <see cref="Half"/>, <see cref="BFloat16"/>, <see cref="ComplexSingle"/>,
/// <see cref="System.Numerics.Complex"/>, or an integer.</typeparam>
/// <remarks>
/// <para>Matrices are column-major, as in Fortran and BLAS: element (row, column) lies at column · leading dimension + row.
/// <see cref="DeviceMatrix.RowMajor"/> makes a view of a row-major matrix, which is the transpose of a column-major one; operations take either.</para>
/// <para>It owns nothing and keeps nothing alive: who passes it on sees to it that the memory outlives the work queued on it.</para>
/// </remarks>
public readonly record struct DeviceMatrix<T>
    where T : unmanaged
{
    /// <summary>The column-major matrix of <paramref name="rows"/> x <paramref name="columns"/> elements at the start of <paramref name="elements"/>.</summary>
    /// <param name="elements">The memory.</param>
    /// <param name="rows">Rows; may be 0.</param>
    /// <param name="columns">Columns; may be 0.</param>
    /// <param name="leadingDimension">Elements from one column to the next, at least max(1, rows); null: without gaps.</param>
    /// <exception cref="ArgumentException">A size is negative, the leading dimension too small or the span too short.</exception>
    public DeviceMatrix(DeviceSpan<T> elements, long rows, long columns, long? leadingDimension = null)
    {
        Form = MatrixForm.Of(rows, columns, leadingDimension);
        Form.Require(elements.Length, Form.Extent, 1);
        Pointer = elements.Pointer;
    }

    internal DeviceMatrix(DevicePointer pointer, MatrixForm form)
    {
        Pointer = pointer;
        Form = form;
    }

    /// <summary>The address of the first element.</summary>
    public DevicePointer Pointer { get; }

    /// <summary>Rows of the matrix as it is taken.</summary>
    public long Rows => Form.Rows;

    /// <summary>Columns of the matrix as it is taken.</summary>
    public long Columns => Form.Columns;

    /// <summary>Elements from one column to the next of the matrix as it lies; of a row-major matrix, from one row to the next.</summary>
    public long LeadingDimension => Math.Max(1, Form.Leading);

    /// <summary>How the matrix is taken; a row-major matrix is <see cref="MatrixOperation.Transpose"/>.</summary>
    public MatrixOperation Operation => Form.Operation;

    /// <summary>The transpose: the same memory, taken the other way.</summary>
    /// <exception cref="InvalidOperationException">The matrix is taken conjugated.</exception>
    public DeviceMatrix<T> Transposed => new(Pointer, Form.Transposed);

    /// <summary>The conjugate transpose: the same memory, taken the other way. Of real matrices the same as <see cref="Transposed"/>.</summary>
    /// <exception cref="InvalidOperationException">The matrix is taken transposed but not conjugated, and is complex.</exception>
    public DeviceMatrix<T> ConjugateTransposed => new(Pointer, MatrixTypes.IsComplex<T>() ? Form.ConjugateTransposed : Form.Transposed);

    /// <summary>How it lies and is taken.</summary>
    internal readonly MatrixForm Form;

    internal unsafe void* Raw => Pointer.Raw;

    // By the letters of BLAS.
    internal unsafe float* S => (float*)Pointer.Raw;

    internal unsafe double* D => (double*)Pointer.Raw;

    internal unsafe float2* C => (float2*)Pointer.Raw;

    internal unsafe double2* Z => (double2*)Pointer.Raw;

    /// <summary>The part of <paramref name="rows"/> x <paramref name="columns"/> elements from element (<paramref name="row"/>, <paramref name="column"/>) on; counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the matrix.</exception>
    public DeviceMatrix<T> Slice(long row, long column, long rows, long columns)
    {
        if (row < 0 || column < 0 || rows < 0 || columns < 0 || rows > Rows - row || columns > Columns - column)
        {
            throw new ArgumentOutOfRangeException(
                nameof(row), $"The part of {rows} x {columns} elements from ({row}, {column}) on does not lie inside a matrix of {Rows} x {Columns}.");
        }

        return new(At(row, column), Operation == MatrixOperation.None
            ? Form with { RowsInMemory = rows, ColumnsInMemory = columns }
            : Form with { RowsInMemory = columns, ColumnsInMemory = rows });
    }

    /// <summary>Column number <paramref name="column"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    /// <exception cref="InvalidOperationException">The matrix is taken conjugated, as no vector can be.</exception>
    public DeviceVector<T> Column(long column)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(column);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column, Columns);
        return Line(0, column, Rows, Operation == MatrixOperation.None ? 1 : LeadingDimension);
    }

    /// <summary>Row number <paramref name="row"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="InvalidOperationException">The matrix is taken conjugated, as no vector can be.</exception>
    public DeviceVector<T> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return Line(row, 0, Columns, Operation == MatrixOperation.None ? LeadingDimension : 1);
    }

    /// <summary>The elements (i, i).</summary>
    /// <exception cref="InvalidOperationException">The matrix is taken conjugated, as no vector can be.</exception>
    public DeviceVector<T> Diagonal => Line(0, 0, Math.Min(Rows, Columns), LeadingDimension + 1);

    /// <summary>Type, sizes and address.</summary>
    public override string ToString() => $"DeviceMatrix<{typeof(T).Name}>[{Rows} x {Columns}{Operation switch { MatrixOperation.None => "", MatrixOperation.Transpose => ", transposed", _ => ", conjugate-transposed" }}, leading dimension {LeadingDimension}] at {Pointer}";

    private DevicePointer At(long row, long column) => Pointer.Offset(
        Unsafe.SizeOf<T>() * (Operation == MatrixOperation.None ? row + (column * LeadingDimension) : column + (row * LeadingDimension)));

    private DeviceVector<T> Line(long row, long column, long length, long increment) => Operation == MatrixOperation.ConjugateTranspose
        ? throw new InvalidOperationException("A line was taken of a conjugate-transposed matrix; a vector cannot be taken conjugated. Take it of the matrix as it lies.")
        : new(At(row, column), length, increment);
}
