using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// General matrices times vectors, and outer products of vectors.
public sealed unsafe partial class CublasHandle
{
    /// <summary>y = alpha · A · x + beta · y, A being m x n.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/>, <see cref="Complex"/>, or
    /// <see cref="Half"/> or <see cref="BFloat16"/>, whose products are summed in single precision.</typeparam>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The matrix.</param>
    /// <param name="x">The vector, of n elements.</param>
    /// <param name="beta">The factor of what y held before; 0: it is not read.</param>
    /// <param name="y">The result, of m elements.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: an increment is 0.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Gemv<T>(Scalar alpha, in DeviceMatrix<T> a, in DeviceVector<T> x, Scalar beta, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckLength(nameof(x), x.Length, a.Columns);
        CheckLength(nameof(y), y.Length, a.Rows);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.FactorOf<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.FactorOf<T>(), nameof(beta), out ScalarMemory keep);
        (cublasOperation_t take, long m, long n) = (a.Form.Raw, a.Form.RowsInMemory, a.Form.ColumnsInMemory);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgemv_v2_64(handle, take, m, n, factor.S, a.S, a.LeadingDimension, x.S, x.Increment, keep.S, y.S, y.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgemv_v2_64(handle, take, m, n, factor.D, a.D, a.LeadingDimension, x.D, x.Increment, keep.D, y.D, y.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgemv_v2_64(handle, take, m, n, factor.C, a.C, a.LeadingDimension, x.C, x.Increment, keep.C, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgemv_v2_64(handle, take, m, n, factor.Z, a.Z, a.LeadingDimension, x.Z, x.Increment, keep.Z, y.Z, y.Increment));
        }
        else if (typeof(T) == typeof(Half))
        {
            Cublas.Check(Cublas.cublasHSHgemvStridedBatched_64(
                handle, take, m, n, factor.S, (Half*)a.Raw, a.LeadingDimension, 0, (Half*)x.Raw, x.Increment, 0, keep.S, (Half*)y.Raw, y.Increment, 0, 1));
        }
        else if (typeof(T) == typeof(BFloat16))
        {
            Cublas.Check(Cublas.cublasTSTgemvStridedBatched_64(
                handle, take, m, n, factor.S, (ushort*)a.Raw, a.LeadingDimension, 0, (ushort*)x.Raw, x.Increment, 0, keep.S, (ushort*)y.Raw, y.Increment, 0, 1));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    /// <summary>Many products of one size, of matrices and vectors that lie the same distance apart: y = alpha · A · x + beta · y for each.</summary>
    /// <typeparam name="TInput">The type of A and x, as of <see cref="Gemv"/>.</typeparam>
    /// <typeparam name="TOutput">The type of y: that of A and x, or <see cref="float"/> where that has 16 bits.</typeparam>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="a">The matrices, each m x n.</param>
    /// <param name="x">The vectors, each of n elements.</param>
    /// <param name="beta">The factor of what the y held before; 0: they are not read.</param>
    /// <param name="y">The results, each of m elements; they must not overlap.</param>
    /// <exception cref="ArgumentException">The sizes or numbers do not fit, or cuBLAS has no such function of the types.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: an increment is 0.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GemvStridedBatched<TInput, TOutput>(
        Scalar alpha, in DeviceMatrixBatch<TInput> a, in DeviceVectorBatch<TInput> x, Scalar beta, in DeviceVectorBatch<TOutput> y)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        CheckLength(nameof(x), x.Length, a.Columns);
        CheckLength(nameof(y), y.Length, a.Rows);
        CheckCounts(a.Count, x.Count, y.Count);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.FactorOf<TInput>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.FactorOf<TInput>(), nameof(beta), out ScalarMemory keep);
        (cublasOperation_t take, long m, long n) = (a.Form.Raw, a.Form.RowsInMemory, a.Form.ColumnsInMemory);
        if (typeof(TInput) == typeof(float) && typeof(TOutput) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgemvStridedBatched_64(
                handle, take, m, n, factor.S, a.S, a.LeadingDimension, a.Stride, x.S, x.Increment, x.Stride, keep.S, y.S, y.Increment, y.Stride, y.Count));
        }
        else if (typeof(TInput) == typeof(double) && typeof(TOutput) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgemvStridedBatched_64(
                handle, take, m, n, factor.D, a.D, a.LeadingDimension, a.Stride, x.D, x.Increment, x.Stride, keep.D, y.D, y.Increment, y.Stride, y.Count));
        }
        else if (typeof(TInput) == typeof(ComplexSingle) && typeof(TOutput) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgemvStridedBatched_64(
                handle, take, m, n, factor.C, a.C, a.LeadingDimension, a.Stride, x.C, x.Increment, x.Stride, keep.C, y.C, y.Increment, y.Stride, y.Count));
        }
        else if (typeof(TInput) == typeof(Complex) && typeof(TOutput) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgemvStridedBatched_64(
                handle, take, m, n, factor.Z, a.Z, a.LeadingDimension, a.Stride, x.Z, x.Increment, x.Stride, keep.Z, y.Z, y.Increment, y.Stride, y.Count));
        }
        else if (typeof(TInput) == typeof(Half) && typeof(TOutput) == typeof(Half))
        {
            Cublas.Check(Cublas.cublasHSHgemvStridedBatched_64(
                handle, take, m, n, factor.S, (Half*)a.Raw, a.LeadingDimension, a.Stride, (Half*)x.Raw, x.Increment, x.Stride, keep.S, (Half*)y.Raw, y.Increment, y.Stride,
                y.Count));
        }
        else if (typeof(TInput) == typeof(Half) && typeof(TOutput) == typeof(float))
        {
            Cublas.Check(Cublas.cublasHSSgemvStridedBatched_64(
                handle, take, m, n, factor.S, (Half*)a.Raw, a.LeadingDimension, a.Stride, (Half*)x.Raw, x.Increment, x.Stride, keep.S, (float*)y.Raw, y.Increment,
                y.Stride, y.Count));
        }
        else if (typeof(TInput) == typeof(BFloat16) && typeof(TOutput) == typeof(BFloat16))
        {
            Cublas.Check(Cublas.cublasTSTgemvStridedBatched_64(
                handle, take, m, n, factor.S, (ushort*)a.Raw, a.LeadingDimension, a.Stride, (ushort*)x.Raw, x.Increment, x.Stride, keep.S, (ushort*)y.Raw, y.Increment,
                y.Stride, y.Count));
        }
        else if (typeof(TInput) == typeof(BFloat16) && typeof(TOutput) == typeof(float))
        {
            Cublas.Check(Cublas.cublasTSSgemvStridedBatched_64(
                handle, take, m, n, factor.S, (ushort*)a.Raw, a.LeadingDimension, a.Stride, (ushort*)x.Raw, x.Increment, x.Stride, keep.S, (float*)y.Raw, y.Increment,
                y.Stride, y.Count));
        }
        else
        {
            ThrowNoPair<TInput, TOutput>(nameof(GemvStridedBatched));
        }
    }

    /// <summary>Many products of one size, of matrices and vectors found through pointers on the device: y = alpha · A · x + beta · y for each.</summary>
    /// <inheritdoc cref="GemvStridedBatched" path="/typeparam|/param|/exception"/>
    public void GemvBatched<TInput, TOutput>(
        Scalar alpha, in DeviceMatrixArray<TInput> a, in DeviceVectorArray<TInput> x, Scalar beta, in DeviceVectorArray<TOutput> y)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        CheckLength(nameof(x), x.Length, a.Columns);
        CheckLength(nameof(y), y.Length, a.Rows);
        CheckCounts(a.Count, x.Count, y.Count);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.FactorOf<TInput>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.FactorOf<TInput>(), nameof(beta), out ScalarMemory keep);
        (cublasOperation_t take, long m, long n) = (a.Form.Raw, a.Form.RowsInMemory, a.Form.ColumnsInMemory);
        if (typeof(TInput) == typeof(float) && typeof(TOutput) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgemvBatched_64(handle, take, m, n, factor.S, a.S, a.LeadingDimension, x.S, x.Increment, keep.S, y.S, y.Increment, y.Count));
        }
        else if (typeof(TInput) == typeof(double) && typeof(TOutput) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgemvBatched_64(handle, take, m, n, factor.D, a.D, a.LeadingDimension, x.D, x.Increment, keep.D, y.D, y.Increment, y.Count));
        }
        else if (typeof(TInput) == typeof(ComplexSingle) && typeof(TOutput) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgemvBatched_64(handle, take, m, n, factor.C, a.C, a.LeadingDimension, x.C, x.Increment, keep.C, y.C, y.Increment, y.Count));
        }
        else if (typeof(TInput) == typeof(Complex) && typeof(TOutput) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgemvBatched_64(handle, take, m, n, factor.Z, a.Z, a.LeadingDimension, x.Z, x.Increment, keep.Z, y.Z, y.Increment, y.Count));
        }
        else if (typeof(TInput) == typeof(Half) && typeof(TOutput) == typeof(Half))
        {
            Cublas.Check(Cublas.cublasHSHgemvBatched_64(
                handle, take, m, n, factor.S, (Half**)a.Raw, a.LeadingDimension, (Half**)x.Raw, x.Increment, keep.S, (Half**)y.Raw, y.Increment, y.Count));
        }
        else if (typeof(TInput) == typeof(Half) && typeof(TOutput) == typeof(float))
        {
            Cublas.Check(Cublas.cublasHSSgemvBatched_64(
                handle, take, m, n, factor.S, (Half**)a.Raw, a.LeadingDimension, (Half**)x.Raw, x.Increment, keep.S, (float**)y.Raw, y.Increment, y.Count));
        }
        else if (typeof(TInput) == typeof(BFloat16) && typeof(TOutput) == typeof(BFloat16))
        {
            Cublas.Check(Cublas.cublasTSTgemvBatched_64(
                handle, take, m, n, factor.S, (ushort**)a.Raw, a.LeadingDimension, (ushort**)x.Raw, x.Increment, keep.S, (ushort**)y.Raw, y.Increment, y.Count));
        }
        else if (typeof(TInput) == typeof(BFloat16) && typeof(TOutput) == typeof(float))
        {
            Cublas.Check(Cublas.cublasTSSgemvBatched_64(
                handle, take, m, n, factor.S, (ushort**)a.Raw, a.LeadingDimension, (ushort**)x.Raw, x.Increment, keep.S, (float**)y.Raw, y.Increment, y.Count));
        }
        else
        {
            ThrowNoPair<TInput, TOutput>(nameof(GemvBatched));
        }
    }

    /// <summary>y = alpha · A · x + beta · y, of A a band around the diagonal being stored.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <inheritdoc cref="Gemv" path="/param|/exception"/>
    public void Gbmv<T>(Scalar alpha, in DeviceBandMatrix<T> a, in DeviceVector<T> x, Scalar beta, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckLength(nameof(x), x.Length, a.Columns);
        CheckLength(nameof(y), y.Length, a.Rows);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        cublasOperation_t take = (cublasOperation_t)a.Operation;
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgbmv_v2_64(
                handle, take, a.RowsInMemory, a.ColumnsInMemory, a.SubdiagonalsInMemory, a.SuperdiagonalsInMemory, factor.S, a.S, a.LeadingDimension, x.S, x.Increment,
                keep.S, y.S, y.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgbmv_v2_64(
                handle, take, a.RowsInMemory, a.ColumnsInMemory, a.SubdiagonalsInMemory, a.SuperdiagonalsInMemory, factor.D, a.D, a.LeadingDimension, x.D, x.Increment,
                keep.D, y.D, y.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgbmv_v2_64(
                handle, take, a.RowsInMemory, a.ColumnsInMemory, a.SubdiagonalsInMemory, a.SuperdiagonalsInMemory, factor.C, a.C, a.LeadingDimension, x.C, x.Increment,
                keep.C, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgbmv_v2_64(
                handle, take, a.RowsInMemory, a.ColumnsInMemory, a.SubdiagonalsInMemory, a.SuperdiagonalsInMemory, factor.Z, a.Z, a.LeadingDimension, x.Z, x.Increment,
                keep.Z, y.Z, y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>A = alpha · x · yᵀ + A: an update of rank 1.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="x">A vector, as long as A has rows.</param>
    /// <param name="y">A vector, as long as A has columns.</param>
    /// <param name="a">The matrix that is updated; as it lies or transposed.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: an increment is 0.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Ger<T>(Scalar alpha, in DeviceVector<T> x, in DeviceVector<T> y, in DeviceMatrix<T> a)
        where T : unmanaged
    {
        if (a.Operation != MatrixOperation.None)
        {
            CheckNotConjugated(nameof(a), a.Operation);
            Ger(alpha, y, x, a.Transposed);
            return;
        }

        CheckSizes(nameof(a), a.Form, x.Length, y.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSger_v2_64(handle, a.Rows, a.Columns, factor.S, x.S, x.Increment, y.S, y.Increment, a.S, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDger_v2_64(handle, a.Rows, a.Columns, factor.D, x.D, x.Increment, y.D, y.Increment, a.D, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgeru_v2_64(handle, a.Rows, a.Columns, factor.C, x.C, x.Increment, y.C, y.Increment, a.C, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgeru_v2_64(handle, a.Rows, a.Columns, factor.Z, x.Z, x.Increment, y.Z, y.Increment, a.Z, a.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>A = alpha · x · yᴴ + A: an update of rank 1 with the conjugate of y. Of real numbers the same as <see cref="Ger"/>.</summary>
    /// <inheritdoc cref="Ger" path="/typeparam|/exception"/>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="x">A vector, as long as A has rows.</param>
    /// <param name="y">A vector, as long as A has columns; its conjugate is taken.</param>
    /// <param name="a">The matrix that is updated, as it lies.</param>
    public void GerConjugated<T>(Scalar alpha, in DeviceVector<T> x, in DeviceVector<T> y, in DeviceMatrix<T> a)
        where T : unmanaged
    {
        if (!MatrixTypes.IsComplex<T>())
        {
            Ger(alpha, x, y, a);
            return;
        }

        CheckAsItLies(nameof(a), a.Operation);
        CheckSizes(nameof(a), a.Form, x.Length, y.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgerc_v2_64(handle, a.Rows, a.Columns, factor.C, x.C, x.Increment, y.C, y.Increment, a.C, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgerc_v2_64(handle, a.Rows, a.Columns, factor.Z, x.Z, x.Increment, y.Z, y.Increment, a.Z, a.LeadingDimension));
        }
    }

    [DoesNotReturn]
    private static void ThrowNoPair<TInput, TOutput>(string function) => throw new ArgumentException(
        $"cuBLAS has no {function} from {typeof(TInput).Name} to {typeof(TOutput).Name}. Use {MatrixTypes.Lettered} to itself, or Half or BFloat16 to itself or to float.");
}
