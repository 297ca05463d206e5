using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>One triangle of a square matrix in device memory, its columns one after the other without gaps.</summary>
/// <typeparam name="T">The element: <see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="System.Numerics.Complex"/>.</typeparam>
/// <remarks>
/// <para>BLAS's packed storage: of the upper triangle, element (row, column) lies at row + column · (column + 1) / 2; of the lower one at
/// row + column · (2 · order - column - 1) / 2.</para>
/// <para>It owns nothing and keeps nothing alive.</para>
/// </remarks>
public readonly record struct DevicePackedMatrix<T>
    where T : unmanaged
{
    /// <summary>The triangle at the start of <paramref name="elements"/>.</summary>
    /// <param name="elements">The memory; order · (order + 1) / 2 elements of it are the triangle.</param>
    /// <param name="order">Rows and columns of the matrix; may be 0.</param>
    /// <param name="triangle">Which triangle it is.</param>
    /// <exception cref="ArgumentException">The order is negative or the span too short.</exception>
    public DevicePackedMatrix(DeviceSpan<T> elements, long order, MatrixTriangle triangle)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        long needed = checked(order * (order + 1)) / 2;
        if (elements.Length < needed)
        {
            throw new ArgumentException($"A packed triangle of the order {order} takes {needed} elements; the span has {elements.Length}.");
        }

        Pointer = elements.Pointer;
        Order = order;
        Stored = (cublasFillMode_t)triangle;
    }

    /// <summary>The address of the memory.</summary>
    public DevicePointer Pointer { get; }

    /// <summary>Rows and columns of the matrix.</summary>
    public long Order { get; }

    /// <summary>Which triangle of the matrix as it is taken is given.</summary>
    public MatrixTriangle Triangle => (MatrixTriangle)Stored ^ (Operation == MatrixOperation.None ? 0 : MatrixTriangle.Upper);

    /// <summary>How the matrix is taken.</summary>
    public MatrixOperation Operation { get; private init; }

    /// <summary>The transpose: the same memory, taken the other way.</summary>
    /// <exception cref="InvalidOperationException">The matrix is taken conjugated.</exception>
    public DevicePackedMatrix<T> Transposed => this with { Operation = new MatrixForm(0, 0, 1, Operation).Transposed.Operation };

    /// <summary>The conjugate transpose: the same memory, taken the other way. Of real matrices the same as <see cref="Transposed"/>.</summary>
    /// <exception cref="InvalidOperationException">The matrix is taken transposed but not conjugated, and is complex.</exception>
    public DevicePackedMatrix<T> ConjugateTransposed =>
        MatrixTypes.IsComplex<T>() ? this with { Operation = new MatrixForm(0, 0, 1, Operation).ConjugateTransposed.Operation } : Transposed;

    /// <summary>The triangle that is stored, of the matrix as it lies.</summary>
    internal cublasFillMode_t Stored { get; }

    // By the letters of BLAS.
    internal unsafe float* S => (float*)Pointer.Raw;

    internal unsafe double* D => (double*)Pointer.Raw;

    internal unsafe float2* C => (float2*)Pointer.Raw;

    internal unsafe double2* Z => (double2*)Pointer.Raw;
}
