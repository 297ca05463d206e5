using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Symmetric and Hermitian matrices times vectors; one triangle is given and read, the other is not looked at.
public sealed unsafe partial class CublasHandle
{
    /// <summary>y = alpha · A · x + beta · y, A being symmetric.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of A that is given.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The matrix, n x n.</param>
    /// <param name="x">The vector, of n elements.</param>
    /// <param name="beta">The factor of what y held before; 0: it is not read.</param>
    /// <param name="y">The result, of n elements.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, A is taken in a way the operation cannot, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: an increment is 0.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Symv<T>(MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceVector<T> x, Scalar beta, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckNotConjugated(nameof(a), a.Operation);
        CheckSymmetricProduct(a.Rows, a.Columns, x.Length, y.Length);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        cublasFillMode_t stored = Stored(triangle, a.Operation);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSsymv_v2_64(handle, stored, y.Length, factor.S, a.S, a.LeadingDimension, x.S, x.Increment, keep.S, y.S, y.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDsymv_v2_64(handle, stored, y.Length, factor.D, a.D, a.LeadingDimension, x.D, x.Increment, keep.D, y.D, y.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCsymv_v2_64(handle, stored, y.Length, factor.C, a.C, a.LeadingDimension, x.C, x.Increment, keep.C, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZsymv_v2_64(handle, stored, y.Length, factor.Z, a.Z, a.LeadingDimension, x.Z, x.Increment, keep.Z, y.Z, y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>y = alpha · A · x + beta · y, A being Hermitian; the imaginary parts of its diagonal are not read.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <inheritdoc cref="Symv" path="/param|/exception"/>
    public void Hemv<T>(MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceVector<T> x, Scalar beta, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckHermitian(nameof(a), a.Operation);
        CheckSymmetricProduct(a.Rows, a.Columns, x.Length, y.Length);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        cublasFillMode_t stored = Stored(triangle, a.Operation);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasChemv_v2_64(handle, stored, y.Length, factor.C, a.C, a.LeadingDimension, x.C, x.Increment, keep.C, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZhemv_v2_64(handle, stored, y.Length, factor.Z, a.Z, a.LeadingDimension, x.Z, x.Increment, keep.Z, y.Z, y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <summary>y = alpha · A · x + beta · y, A being symmetric and one half of its band stored.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The matrix, n x n, with subdiagonals or superdiagonals only.</param>
    /// <param name="x">The vector, of n elements.</param>
    /// <param name="beta">The factor of what y held before; 0: it is not read.</param>
    /// <param name="y">The result, of n elements.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, A is taken in a way the operation cannot, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: an increment is 0.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Sbmv<T>(Scalar alpha, in DeviceBandMatrix<T> a, in DeviceVector<T> x, Scalar beta, in DeviceVector<T> y)
        where T : unmanaged
    {
        a.RequireTriangle();
        CheckNotConjugated(nameof(a), a.Operation);
        CheckSymmetricProduct(a.Rows, a.Columns, x.Length, y.Length);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSsbmv_v2_64(handle, a.Stored, y.Length, a.Diagonals, factor.S, a.S, a.LeadingDimension, x.S, x.Increment, keep.S, y.S, y.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDsbmv_v2_64(handle, a.Stored, y.Length, a.Diagonals, factor.D, a.D, a.LeadingDimension, x.D, x.Increment, keep.D, y.D, y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredReal);
        }
    }

    /// <summary>y = alpha · A · x + beta · y, A being Hermitian and one half of its band stored; the imaginary parts of its diagonal are not read.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <inheritdoc cref="Sbmv" path="/param|/exception"/>
    public void Hbmv<T>(Scalar alpha, in DeviceBandMatrix<T> a, in DeviceVector<T> x, Scalar beta, in DeviceVector<T> y)
        where T : unmanaged
    {
        a.RequireTriangle();
        CheckHermitian(nameof(a), a.Operation);
        CheckSymmetricProduct(a.Rows, a.Columns, x.Length, y.Length);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasChbmv_v2_64(handle, a.Stored, y.Length, a.Diagonals, factor.C, a.C, a.LeadingDimension, x.C, x.Increment, keep.C, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZhbmv_v2_64(handle, a.Stored, y.Length, a.Diagonals, factor.Z, a.Z, a.LeadingDimension, x.Z, x.Increment, keep.Z, y.Z, y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <summary>y = alpha · A · x + beta · y, A being symmetric and one of its triangles packed.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The matrix, of the order n.</param>
    /// <param name="x">The vector, of n elements.</param>
    /// <param name="beta">The factor of what y held before; 0: it is not read.</param>
    /// <param name="y">The result, of n elements.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, A is taken in a way the operation cannot, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: an increment is 0.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Spmv<T>(Scalar alpha, in DevicePackedMatrix<T> a, in DeviceVector<T> x, Scalar beta, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckNotConjugated(nameof(a), a.Operation);
        CheckSymmetricProduct(a.Order, a.Order, x.Length, y.Length);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSspmv_v2_64(handle, a.Stored, y.Length, factor.S, a.S, x.S, x.Increment, keep.S, y.S, y.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDspmv_v2_64(handle, a.Stored, y.Length, factor.D, a.D, x.D, x.Increment, keep.D, y.D, y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredReal);
        }
    }

    /// <summary>y = alpha · A · x + beta · y, A being Hermitian and one of its triangles packed; the imaginary parts of its diagonal are not read.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <inheritdoc cref="Spmv" path="/param|/exception"/>
    public void Hpmv<T>(Scalar alpha, in DevicePackedMatrix<T> a, in DeviceVector<T> x, Scalar beta, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckHermitian(nameof(a), a.Operation);
        CheckSymmetricProduct(a.Order, a.Order, x.Length, y.Length);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasChpmv_v2_64(handle, a.Stored, y.Length, factor.C, a.C, x.C, x.Increment, keep.C, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZhpmv_v2_64(handle, a.Stored, y.Length, factor.Z, a.Z, x.Z, x.Increment, keep.Z, y.Z, y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    private static void CheckSymmetricProduct(long rows, long columns, long x, long y)
    {
        CheckSquare("a", rows, columns);
        CheckLength("x", x, rows);
        CheckLength("y", y, rows);
    }
}
