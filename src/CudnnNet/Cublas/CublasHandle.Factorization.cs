using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Batches of small systems of equations: LU and QR factors, inverses, solutions.
public sealed unsafe partial class CublasHandle
{
    /// <summary>Factorises each A = P · L · U, in its place: U on and above the diagonal, L below it (its diagonal is 1).</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="a">The matrices, each n x n, as they lie.</param>
    /// <param name="pivots">Receives n numbers a matrix: row i was exchanged with row pivots[i], counted from 1. Empty: no rows are exchanged, which small pivots spoil.</param>
    /// <param name="outcomes">Receives a number a matrix: 0, or the place, counted from 1, of a pivot that is 0: the matrix is singular.</param>
    /// <exception cref="ArgumentException">A matrix is not square, is a transposed view, or a span is too short; or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GetrfBatched<T>(in DeviceMatrixArray<T> a, DeviceSpan<int> pivots, DeviceSpan<int> outcomes)
        where T : unmanaged
    {
        (int n, int lda, int count) = CheckSystem("a", a);
        int* rows = CheckPivots(pivots, a);
        int* info = (int*)Result(outcomes, nameof(outcomes), a.Count);
        cublasHandle_t handle = Enter();
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgetrfBatched(handle, n, a.S, lda, rows, info, count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgetrfBatched(handle, n, a.D, lda, rows, info, count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgetrfBatched(handle, n, a.C, lda, rows, info, count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgetrfBatched(handle, n, a.Z, lda, rows, info, count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>Solves A · X = B for each pair, from A's factors; X takes B's place.</summary>
    /// <inheritdoc cref="GetrfBatched" path="/typeparam"/>
    /// <param name="a">The factors, each n x n, as <see cref="GetrfBatched"/> left them; a transposed view solves with the transposes.</param>
    /// <param name="pivots">The pivots it gave; empty where no rows were exchanged.</param>
    /// <param name="b">The right hand sides, n x any number, as they lie; become the solutions.</param>
    /// <exception cref="ArgumentException">The sizes or numbers do not fit, or a span is too short; or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GetrsBatched<T>(in DeviceMatrixArray<T> a, DeviceSpan<int> pivots, in DeviceMatrixArray<T> b)
        where T : unmanaged
    {
        CheckSquare(nameof(a), a.Rows, a.Columns);
        CheckAsItLies(nameof(b), b.Operation);
        CheckSizes(nameof(b), b.Form, a.Rows, b.Columns);
        CheckCounts(a.Count, b.Count, b.Count);
        int* rows = CheckPivots(pivots, a);
        cublasHandle_t handle = Enter();
        int wrong;
        (int n, int columns, int lda, int ldb, int count) = (Narrow(a.Rows), Narrow(b.Columns), Narrow(a.LeadingDimension), Narrow(b.LeadingDimension), Narrow(a.Count));
        cublasOperation_t take = a.Form.Raw;
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgetrsBatched(handle, take, n, columns, a.S, lda, rows, b.S, ldb, &wrong, count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgetrsBatched(handle, take, n, columns, a.D, lda, rows, b.D, ldb, &wrong, count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgetrsBatched(handle, take, n, columns, a.C, lda, rows, b.C, ldb, &wrong, count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgetrsBatched(handle, take, n, columns, a.Z, lda, rows, b.Z, ldb, &wrong, count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>The inverse of each A, from its factors.</summary>
    /// <inheritdoc cref="GetrfBatched" path="/typeparam"/>
    /// <param name="a">The factors, each n x n, as <see cref="GetrfBatched"/> left them.</param>
    /// <param name="pivots">The pivots it gave; empty where no rows were exchanged.</param>
    /// <param name="inverses">Receive the inverses, n x n, as they lie; must not overlap the factors.</param>
    /// <param name="outcomes">Receives a number a matrix: 0, or the place, counted from 1, of a pivot that is 0: there is no inverse.</param>
    /// <exception cref="ArgumentException">The sizes or numbers do not fit, or a span is too short; or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GetriBatched<T>(in DeviceMatrixArray<T> a, DeviceSpan<int> pivots, in DeviceMatrixArray<T> inverses, DeviceSpan<int> outcomes)
        where T : unmanaged
    {
        (int n, int lda, int count) = CheckSystem("a", a);
        int* rows = CheckPivots(pivots, a);
        int leading = CheckInverses(a, inverses);
        int* info = (int*)Result(outcomes, nameof(outcomes), a.Count);
        cublasHandle_t handle = Enter();
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgetriBatched(handle, n, a.S, lda, rows, inverses.S, leading, info, count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgetriBatched(handle, n, a.D, lda, rows, inverses.D, leading, info, count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgetriBatched(handle, n, a.C, lda, rows, inverses.C, leading, info, count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgetriBatched(handle, n, a.Z, lda, rows, inverses.Z, leading, info, count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>The inverse of each A of up to 32 rows, in one step; A stays as it is.</summary>
    /// <inheritdoc cref="GetrfBatched" path="/typeparam"/>
    /// <param name="a">The matrices, each n x n, as they lie.</param>
    /// <param name="inverses">Receive the inverses, n x n, as they lie; must not overlap the matrices.</param>
    /// <param name="outcomes">Receives a number a matrix: 0, or the place, counted from 1, of a pivot that is 0: there is no inverse.</param>
    /// <exception cref="ArgumentException">The sizes or numbers do not fit, or a span is too short; or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: the matrices are larger than 32 x 32.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void MatinvBatched<T>(in DeviceMatrixArray<T> a, in DeviceMatrixArray<T> inverses, DeviceSpan<int> outcomes)
        where T : unmanaged
    {
        (int n, int lda, int count) = CheckSystem("a", a);
        int leading = CheckInverses(a, inverses);
        int* info = (int*)Result(outcomes, nameof(outcomes), a.Count);
        cublasHandle_t handle = Enter();
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSmatinvBatched(handle, n, a.S, lda, inverses.S, leading, info, count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDmatinvBatched(handle, n, a.D, lda, inverses.D, leading, info, count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCmatinvBatched(handle, n, a.C, lda, inverses.C, leading, info, count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZmatinvBatched(handle, n, a.Z, lda, inverses.Z, leading, info, count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>Factorises each A = Q · R, in its place: R on and above the diagonal, Householder's vectors below it.</summary>
    /// <inheritdoc cref="GetrfBatched" path="/typeparam"/>
    /// <param name="a">The matrices, each m x n, as they lie.</param>
    /// <param name="tau">Receive the factors of Householder's vectors, min(m, n) each, without gaps.</param>
    /// <exception cref="ArgumentException">The sizes or numbers do not fit; or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GeqrfBatched<T>(in DeviceMatrixArray<T> a, in DeviceVectorArray<T> tau)
        where T : unmanaged
    {
        CheckAsItLies(nameof(a), a.Operation);
        CheckLength(nameof(tau), tau.Length, Math.Min(a.Rows, a.Columns));
        CheckCounts(a.Count, tau.Count, tau.Count);
        cublasHandle_t handle = Enter();
        int wrong;
        (int m, int n, int lda, int count) = (Narrow(a.Rows), Narrow(a.Columns), Narrow(a.LeadingDimension), Narrow(a.Count));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgeqrfBatched(handle, m, n, a.S, lda, tau.S, &wrong, count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgeqrfBatched(handle, m, n, a.D, lda, tau.D, &wrong, count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgeqrfBatched(handle, m, n, a.C, lda, tau.C, &wrong, count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgeqrfBatched(handle, m, n, a.Z, lda, tau.Z, &wrong, count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>The X with the least |B - A · X| for each pair, for A of at least as many rows as columns and full rank; X takes the place of B's first n rows.</summary>
    /// <inheritdoc cref="GetrfBatched" path="/typeparam"/>
    /// <param name="a">The matrices, each m x n with m at least n, as they lie; become their QR factors.</param>
    /// <param name="b">The right hand sides, m x any number, as they lie; their first n rows become the solutions.</param>
    /// <param name="outcomes">Receives a number a matrix: 0, or the place, counted from 1, of an element of R's diagonal that is 0: the rank is not full. Empty: not wanted.</param>
    /// <exception cref="ArgumentException">The sizes or numbers do not fit, or a span is too short; or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: there are fewer rows than columns.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GelsBatched<T>(in DeviceMatrixArray<T> a, in DeviceMatrixArray<T> b, DeviceSpan<int> outcomes)
        where T : unmanaged
    {
        CheckAsItLies(nameof(a), a.Operation);
        CheckAsItLies(nameof(b), b.Operation);
        CheckSizes(nameof(b), b.Form, a.Rows, b.Columns);
        CheckCounts(a.Count, b.Count, b.Count);
        int* info = (int*)(outcomes.Length == 0 ? null : Result(outcomes, nameof(outcomes), a.Count));
        cublasHandle_t handle = Enter();
        int wrong;
        (int m, int n, int columns) = (Narrow(a.Rows), Narrow(a.Columns), Narrow(b.Columns));
        (int lda, int ldb, int count) = (Narrow(a.LeadingDimension), Narrow(b.LeadingDimension), Narrow(a.Count));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgelsBatched(handle, cublasOperation_t.CUBLAS_OP_N, m, n, columns, a.S, lda, b.S, ldb, &wrong, info, count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgelsBatched(handle, cublasOperation_t.CUBLAS_OP_N, m, n, columns, a.D, lda, b.D, ldb, &wrong, info, count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgelsBatched(handle, cublasOperation_t.CUBLAS_OP_N, m, n, columns, a.C, lda, b.C, ldb, &wrong, info, count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgelsBatched(handle, cublasOperation_t.CUBLAS_OP_N, m, n, columns, a.Z, lda, b.Z, ldb, &wrong, info, count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    private static (int Order, int Leading, int Count) CheckSystem<T>(string name, in DeviceMatrixArray<T> a)
        where T : unmanaged
    {
        CheckAsItLies(name, a.Operation);
        CheckSquare(name, a.Rows, a.Columns);
        return (Narrow(a.Rows), Narrow(a.LeadingDimension), Narrow(a.Count));
    }

    private static int* CheckPivots<T>(DeviceSpan<int> pivots, in DeviceMatrixArray<T> a)
        where T : unmanaged => pivots.Length == 0 ? null : (int*)Result(pivots, nameof(pivots), checked(a.Rows * a.Count));

    private static int CheckInverses<T>(in DeviceMatrixArray<T> a, in DeviceMatrixArray<T> inverses)
        where T : unmanaged
    {
        CheckAsItLies(nameof(inverses), inverses.Operation);
        CheckSizes(nameof(inverses), inverses.Form, a.Rows, a.Columns);
        CheckCounts(a.Count, inverses.Count, inverses.Count);
        return Narrow(inverses.LeadingDimension);
    }
}
