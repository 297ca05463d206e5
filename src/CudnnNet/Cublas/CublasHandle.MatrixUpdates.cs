using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Symmetric and Hermitian matrices updated by products of matrices; one triangle is read and written, the other is not touched.
public sealed unsafe partial class CublasHandle
{
    /// <summary>C = alpha · A · Aᵀ + beta · C, C being symmetric.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of C that is written; the other one is not touched.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The first matrix, n x k, as it lies or transposed.</param>
    /// <param name="beta">The factor of what C held before; 0: it is not read.</param>
    /// <param name="c">The result, n x n.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, an operand is taken in a way the operation cannot, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Syrk<T>(MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        CheckNotConjugated(nameof(a), a.Operation);
        CheckNotConjugated(nameof(c), c.Operation);
        CheckSizes(nameof(c), c.Form, a.Rows, a.Rows);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        (cublasFillMode_t stored, cublasOperation_t take) = (Stored(triangle, c.Operation), a.Form.Raw);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSsyrk_v2_64(handle, stored, take, a.Rows, a.Columns, factor.S, a.S, a.LeadingDimension, keep.S, c.S, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDsyrk_v2_64(handle, stored, take, a.Rows, a.Columns, factor.D, a.D, a.LeadingDimension, keep.D, c.D, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCsyrk_v2_64(handle, stored, take, a.Rows, a.Columns, factor.C, a.C, a.LeadingDimension, keep.C, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZsyrk_v2_64(handle, stored, take, a.Rows, a.Columns, factor.Z, a.Z, a.LeadingDimension, keep.Z, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>C = alpha · A · Aᴴ + beta · C, C being Hermitian; the imaginary parts of its diagonal become 0.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of C that is written; the other one is not touched.</param>
    /// <param name="alpha">The factor of the product: real.</param>
    /// <param name="a">The first matrix, n x k, as it lies or conjugate-transposed.</param>
    /// <param name="beta">The factor of what C held before: real; 0: it is not read.</param>
    /// <param name="c">The result, n x n, as it lies.</param>
    /// <inheritdoc cref="Syrk" path="/exception"/>
    public void Herk<T>(MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        CheckHermitian(nameof(a), a.Operation);
        CheckAsItLies(nameof(c), c.Operation);
        CheckSizes(nameof(c), c.Form, a.Rows, a.Rows);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.RealOf<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.RealOf<T>(), nameof(beta), out ScalarMemory keep);
        (cublasFillMode_t stored, cublasOperation_t take) = (Stored(triangle, c.Operation), a.Form.Raw);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCherk_v2_64(handle, stored, take, a.Rows, a.Columns, factor.S, a.C, a.LeadingDimension, keep.S, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZherk_v2_64(handle, stored, take, a.Rows, a.Columns, factor.D, a.Z, a.LeadingDimension, keep.D, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <summary>C = alpha · A · Bᵀ + alpha · B · Aᵀ + beta · C, C being symmetric.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of C that is written; the other one is not touched.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The first matrix, n x k, as it lies or transposed.</param>
    /// <param name="b">The second matrix, n x k, taken as A is.</param>
    /// <param name="beta">The factor of what C held before; 0: it is not read.</param>
    /// <param name="c">The result, n x n.</param>
    /// <inheritdoc cref="Syrk" path="/exception"/>
    public void Syr2k<T>(MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        CheckNotConjugated(nameof(a), a.Operation);
        CheckNotConjugated(nameof(c), c.Operation);
        CheckSizes(nameof(c), c.Form, a.Rows, a.Rows);
        CheckSizes(nameof(b), b.Form, a.Rows, a.Columns);
        CheckTakenAlike(a.Operation, b.Operation);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        (cublasFillMode_t stored, cublasOperation_t take) = (Stored(triangle, c.Operation), a.Form.Raw);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSsyr2k_v2_64(
                handle, stored, take, a.Rows, a.Columns, factor.S, a.S, a.LeadingDimension, b.S, b.LeadingDimension, keep.S, c.S, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDsyr2k_v2_64(
                handle, stored, take, a.Rows, a.Columns, factor.D, a.D, a.LeadingDimension, b.D, b.LeadingDimension, keep.D, c.D, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCsyr2k_v2_64(
                handle, stored, take, a.Rows, a.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, keep.C, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZsyr2k_v2_64(
                handle, stored, take, a.Rows, a.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, keep.Z, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>C = alpha · A · Bᴴ + conj(alpha) · B · Aᴴ + beta · C, C being Hermitian; the imaginary parts of its diagonal become 0.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of C that is written; the other one is not touched.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The first matrix, n x k, as it lies or conjugate-transposed.</param>
    /// <param name="b">The second matrix, n x k, taken as A is.</param>
    /// <param name="beta">The factor of what C held before: real; 0: it is not read.</param>
    /// <param name="c">The result, n x n, as it lies.</param>
    /// <inheritdoc cref="Syrk" path="/exception"/>
    public void Her2k<T>(MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        CheckHermitian(nameof(a), a.Operation);
        CheckAsItLies(nameof(c), c.Operation);
        CheckSizes(nameof(c), c.Form, a.Rows, a.Rows);
        CheckSizes(nameof(b), b.Form, a.Rows, a.Columns);
        CheckTakenAlike(a.Operation, b.Operation);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.RealOf<T>(), nameof(beta), out ScalarMemory keep);
        (cublasFillMode_t stored, cublasOperation_t take) = (Stored(triangle, c.Operation), a.Form.Raw);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCher2k_v2_64(
                handle, stored, take, a.Rows, a.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, keep.S, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZher2k_v2_64(
                handle, stored, take, a.Rows, a.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, keep.D, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <summary>C = alpha · A · Bᵀ + beta · C, for A and B whose product the caller knows to be symmetric.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of C that is written; the other one is not touched.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The first matrix, n x k, as it lies or transposed.</param>
    /// <param name="b">The second matrix, n x k, taken as A is.</param>
    /// <param name="beta">The factor of what C held before; 0: it is not read.</param>
    /// <param name="c">The result, n x n.</param>
    /// <inheritdoc cref="Syrk" path="/exception"/>
    public void Syrkx<T>(MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        CheckNotConjugated(nameof(a), a.Operation);
        CheckNotConjugated(nameof(c), c.Operation);
        CheckSizes(nameof(c), c.Form, a.Rows, a.Rows);
        CheckSizes(nameof(b), b.Form, a.Rows, a.Columns);
        CheckTakenAlike(a.Operation, b.Operation);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        (cublasFillMode_t stored, cublasOperation_t take) = (Stored(triangle, c.Operation), a.Form.Raw);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSsyrkx_64(
                handle, stored, take, a.Rows, a.Columns, factor.S, a.S, a.LeadingDimension, b.S, b.LeadingDimension, keep.S, c.S, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDsyrkx_64(
                handle, stored, take, a.Rows, a.Columns, factor.D, a.D, a.LeadingDimension, b.D, b.LeadingDimension, keep.D, c.D, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCsyrkx_64(
                handle, stored, take, a.Rows, a.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, keep.C, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZsyrkx_64(
                handle, stored, take, a.Rows, a.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, keep.Z, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>C = alpha · A · Bᴴ + beta · C, for A and B whose product the caller knows to be Hermitian; the imaginary parts of its diagonal become 0.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of C that is written; the other one is not touched.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The first matrix, n x k, as it lies or conjugate-transposed.</param>
    /// <param name="b">The second matrix, n x k, taken as A is.</param>
    /// <param name="beta">The factor of what C held before: real; 0: it is not read.</param>
    /// <param name="c">The result, n x n, as it lies.</param>
    /// <inheritdoc cref="Syrk" path="/exception"/>
    public void Herkx<T>(MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        CheckHermitian(nameof(a), a.Operation);
        CheckAsItLies(nameof(c), c.Operation);
        CheckSizes(nameof(c), c.Form, a.Rows, a.Rows);
        CheckSizes(nameof(b), b.Form, a.Rows, a.Columns);
        CheckTakenAlike(a.Operation, b.Operation);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.RealOf<T>(), nameof(beta), out ScalarMemory keep);
        (cublasFillMode_t stored, cublasOperation_t take) = (Stored(triangle, c.Operation), a.Form.Raw);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCherkx_64(
                handle, stored, take, a.Rows, a.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, keep.S, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZherkx_64(
                handle, stored, take, a.Rows, a.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, keep.D, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <exception cref="ArgumentException">The one is transposed and the other is not.</exception>
    private static void CheckTakenAlike(MatrixOperation a, MatrixOperation b)
    {
        if (a != b)
        {
            throw new ArgumentException($"A and B must be taken alike; they are {a} and {b}.", nameof(b));
        }
    }
}
