using System.Diagnostics.CodeAnalysis;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A matrix in device memory of which only a band around the diagonal is stored: some diagonals below it, and some above.</summary>
/// <typeparam name="T">The element: <see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="System.Numerics.Complex"/>.</typeparam>
/// <remarks>
/// <para>BLAS's band storage: column by column, element (row, column) lies at column · leading dimension + superdiagonals + row - column.
/// A triangular, symmetric or Hermitian matrix is stored as one of its triangles: its superdiagonals or its subdiagonals are 0.</para>
/// <para>It owns nothing and keeps nothing alive.</para>
/// </remarks>
public readonly record struct DeviceBandMatrix<T>
    where T : unmanaged
{
    /// <summary>The matrix of <paramref name="rows"/> x <paramref name="columns"/> elements whose band is stored in <paramref name="elements"/>.</summary>
    /// <param name="elements">The memory.</param>
    /// <param name="rows">Rows of the matrix; may be 0.</param>
    /// <param name="columns">Columns of the matrix; may be 0.</param>
    /// <param name="subdiagonals">Stored diagonals below the main one.</param>
    /// <param name="superdiagonals">Stored diagonals above the main one.</param>
    /// <param name="leadingDimension">Elements from one column to the next, at least subdiagonals + superdiagonals + 1; null: without gaps.</param>
    /// <exception cref="ArgumentException">A size is negative, the leading dimension too small or the span too short.</exception>
    public DeviceBandMatrix(DeviceSpan<T> elements, long rows, long columns, long subdiagonals, long superdiagonals, long? leadingDimension = null)
    {
        long band = subdiagonals + superdiagonals + 1;
        long leading = leadingDimension ?? band;
        if (rows < 0 || columns < 0 || subdiagonals < 0 || superdiagonals < 0 || leading < band)
        {
            Throw(rows, columns, subdiagonals, superdiagonals, leading);
        }

        MatrixForm stored = new(band, columns, leading, MatrixOperation.None);
        stored.Require(elements.Length, rows == 0 ? 0 : stored.Extent, 1);
        Pointer = elements.Pointer;
        RowsInMemory = rows;
        ColumnsInMemory = columns;
        SubdiagonalsInMemory = subdiagonals;
        SuperdiagonalsInMemory = superdiagonals;
        LeadingDimension = leading;
    }

    /// <summary>The address of the memory.</summary>
    public DevicePointer Pointer { get; }

    /// <summary>Rows of the matrix as it is taken.</summary>
    public long Rows => Operation == MatrixOperation.None ? RowsInMemory : ColumnsInMemory;

    /// <summary>Columns of the matrix as it is taken.</summary>
    public long Columns => Operation == MatrixOperation.None ? ColumnsInMemory : RowsInMemory;

    /// <summary>Elements from one column of the band to the next.</summary>
    public long LeadingDimension { get; }

    /// <summary>How the matrix is taken.</summary>
    public MatrixOperation Operation { get; private init; }

    /// <summary>The transpose: the same memory, taken the other way.</summary>
    /// <exception cref="InvalidOperationException">The matrix is taken conjugated.</exception>
    public DeviceBandMatrix<T> Transposed => this with { Operation = new MatrixForm(0, 0, 1, Operation).Transposed.Operation };

    /// <summary>The conjugate transpose: the same memory, taken the other way. Of real matrices the same as <see cref="Transposed"/>.</summary>
    /// <exception cref="InvalidOperationException">The matrix is taken transposed but not conjugated, and is complex.</exception>
    public DeviceBandMatrix<T> ConjugateTransposed =>
        MatrixTypes.IsComplex<T>() ? this with { Operation = new MatrixForm(0, 0, 1, Operation).ConjugateTransposed.Operation } : Transposed;

    internal long RowsInMemory { get; }

    internal long ColumnsInMemory { get; }

    internal long SubdiagonalsInMemory { get; }

    internal long SuperdiagonalsInMemory { get; }

    /// <summary>The triangle that is stored, of the matrix as it lies.</summary>
    internal cublasFillMode_t Stored => SuperdiagonalsInMemory == 0 ? cublasFillMode_t.CUBLAS_FILL_MODE_LOWER : cublasFillMode_t.CUBLAS_FILL_MODE_UPPER;

    /// <summary>The diagonals of that triangle beside the main one.</summary>
    internal long Diagonals => SubdiagonalsInMemory + SuperdiagonalsInMemory;

    // By the letters of BLAS.
    internal unsafe float* S => (float*)Pointer.Raw;

    internal unsafe double* D => (double*)Pointer.Raw;

    internal unsafe float2* C => (float2*)Pointer.Raw;

    internal unsafe double2* Z => (double2*)Pointer.Raw;

    /// <exception cref="ArgumentException">The matrix is no triangle: not square, or with diagonals on both sides.</exception>
    internal void RequireTriangle()
    {
        if (RowsInMemory != ColumnsInMemory || (SubdiagonalsInMemory != 0 && SuperdiagonalsInMemory != 0))
        {
            throw new ArgumentException(
                $"A band of {RowsInMemory} x {ColumnsInMemory} with {SubdiagonalsInMemory} subdiagonals and {SuperdiagonalsInMemory} superdiagonals is no triangle. It must be square, with one of the two 0.");
        }
    }

    [DoesNotReturn]
    private static void Throw(long rows, long columns, long subdiagonals, long superdiagonals, long leading) => throw new ArgumentException(
        $"A band of {rows} x {columns} has {subdiagonals} subdiagonals, {superdiagonals} superdiagonals and the leading dimension {leading}; "
        + "none may be negative, and the last must be at least subdiagonals + superdiagonals + 1.");
}
