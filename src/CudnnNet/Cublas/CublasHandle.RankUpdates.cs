using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Symmetric and Hermitian matrices updated by products of vectors; one triangle is read and written, the other is not touched.
public sealed unsafe partial class CublasHandle
{
    /// <summary>A = alpha · x · xᵀ + A, A being symmetric.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of A that is updated.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="x">The vector, of n elements.</param>
    /// <param name="a">The matrix, n x n.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, A is taken in a way the operation cannot, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: an increment is 0.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Syr<T>(MatrixTriangle triangle, Scalar alpha, in DeviceVector<T> x, in DeviceMatrix<T> a)
        where T : unmanaged
    {
        CheckNotConjugated(nameof(a), a.Operation);
        CheckSizes(nameof(a), a.Form, x.Length, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        cublasFillMode_t stored = Stored(triangle, a.Operation);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSsyr_v2_64(handle, stored, x.Length, factor.S, x.S, x.Increment, a.S, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDsyr_v2_64(handle, stored, x.Length, factor.D, x.D, x.Increment, a.D, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCsyr_v2_64(handle, stored, x.Length, factor.C, x.C, x.Increment, a.C, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZsyr_v2_64(handle, stored, x.Length, factor.Z, x.Z, x.Increment, a.Z, a.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>A = alpha · x · xᴴ + A, A being Hermitian and alpha real; the imaginary parts of its diagonal become 0.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of A that is updated.</param>
    /// <param name="alpha">The factor of the product: real.</param>
    /// <param name="x">The vector, of n elements.</param>
    /// <param name="a">The matrix, n x n, as it lies.</param>
    /// <inheritdoc cref="Syr" path="/exception"/>
    public void Her<T>(MatrixTriangle triangle, Scalar alpha, in DeviceVector<T> x, in DeviceMatrix<T> a)
        where T : unmanaged
    {
        CheckAsItLies(nameof(a), a.Operation);
        CheckSizes(nameof(a), a.Form, x.Length, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.RealOf<T>(), nameof(alpha), out ScalarMemory factor);
        cublasFillMode_t stored = Stored(triangle, a.Operation);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCher_v2_64(handle, stored, x.Length, factor.S, x.C, x.Increment, a.C, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZher_v2_64(handle, stored, x.Length, factor.D, x.Z, x.Increment, a.Z, a.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <summary>A = alpha · x · xᵀ + A, A being symmetric and one of its triangles packed.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="x">The vector, of n elements.</param>
    /// <param name="a">The matrix, of the order n.</param>
    /// <inheritdoc cref="Syr" path="/exception"/>
    public void Spr<T>(Scalar alpha, in DeviceVector<T> x, in DevicePackedMatrix<T> a)
        where T : unmanaged
    {
        CheckSquare(nameof(a), a.Order, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSspr_v2_64(handle, a.Stored, x.Length, factor.S, x.S, x.Increment, a.S));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDspr_v2_64(handle, a.Stored, x.Length, factor.D, x.D, x.Increment, a.D));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredReal);
        }
    }

    /// <summary>A = alpha · x · xᴴ + A, A being Hermitian and one of its triangles packed, alpha real; the imaginary parts of its diagonal become 0.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="alpha">The factor of the product: real.</param>
    /// <param name="x">The vector, of n elements.</param>
    /// <param name="a">The matrix, of the order n, as it lies.</param>
    /// <inheritdoc cref="Syr" path="/exception"/>
    public void Hpr<T>(Scalar alpha, in DeviceVector<T> x, in DevicePackedMatrix<T> a)
        where T : unmanaged
    {
        CheckAsItLies(nameof(a), a.Operation);
        CheckSquare(nameof(a), a.Order, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.RealOf<T>(), nameof(alpha), out ScalarMemory factor);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasChpr_v2_64(handle, a.Stored, x.Length, factor.S, x.C, x.Increment, a.C));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZhpr_v2_64(handle, a.Stored, x.Length, factor.D, x.Z, x.Increment, a.Z));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <summary>A = alpha · x · yᵀ + alpha · y · xᵀ + A, A being symmetric.</summary>
    /// <inheritdoc cref="Syr" path="/typeparam|/exception"/>
    /// <param name="triangle">The triangle of A that is updated.</param>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="x">A vector, of n elements.</param>
    /// <param name="y">A vector, of n elements.</param>
    /// <param name="a">The matrix, n x n.</param>
    public void Syr2<T>(MatrixTriangle triangle, Scalar alpha, in DeviceVector<T> x, in DeviceVector<T> y, in DeviceMatrix<T> a)
        where T : unmanaged
    {
        CheckNotConjugated(nameof(a), a.Operation);
        CheckSizes(nameof(a), a.Form, x.Length, x.Length);
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        cublasFillMode_t stored = Stored(triangle, a.Operation);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSsyr2_v2_64(handle, stored, x.Length, factor.S, x.S, x.Increment, y.S, y.Increment, a.S, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDsyr2_v2_64(handle, stored, x.Length, factor.D, x.D, x.Increment, y.D, y.Increment, a.D, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCsyr2_v2_64(handle, stored, x.Length, factor.C, x.C, x.Increment, y.C, y.Increment, a.C, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZsyr2_v2_64(handle, stored, x.Length, factor.Z, x.Z, x.Increment, y.Z, y.Increment, a.Z, a.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>A = alpha · x · yᴴ + conj(alpha) · y · xᴴ + A, A being Hermitian; the imaginary parts of its diagonal become 0.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of A that is updated.</param>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="x">A vector, of n elements.</param>
    /// <param name="y">A vector, of n elements.</param>
    /// <param name="a">The matrix, n x n, as it lies.</param>
    /// <inheritdoc cref="Syr" path="/exception"/>
    public void Her2<T>(MatrixTriangle triangle, Scalar alpha, in DeviceVector<T> x, in DeviceVector<T> y, in DeviceMatrix<T> a)
        where T : unmanaged
    {
        CheckAsItLies(nameof(a), a.Operation);
        CheckSizes(nameof(a), a.Form, x.Length, x.Length);
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        cublasFillMode_t stored = Stored(triangle, a.Operation);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCher2_v2_64(handle, stored, x.Length, factor.C, x.C, x.Increment, y.C, y.Increment, a.C, a.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZher2_v2_64(handle, stored, x.Length, factor.Z, x.Z, x.Increment, y.Z, y.Increment, a.Z, a.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <summary>A = alpha · x · yᵀ + alpha · y · xᵀ + A, A being symmetric and one of its triangles packed.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="x">A vector, of n elements.</param>
    /// <param name="y">A vector, of n elements.</param>
    /// <param name="a">The matrix, of the order n.</param>
    /// <inheritdoc cref="Syr" path="/exception"/>
    public void Spr2<T>(Scalar alpha, in DeviceVector<T> x, in DeviceVector<T> y, in DevicePackedMatrix<T> a)
        where T : unmanaged
    {
        CheckSquare(nameof(a), a.Order, x.Length);
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSspr2_v2_64(handle, a.Stored, x.Length, factor.S, x.S, x.Increment, y.S, y.Increment, a.S));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDspr2_v2_64(handle, a.Stored, x.Length, factor.D, x.D, x.Increment, y.D, y.Increment, a.D));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredReal);
        }
    }

    /// <summary>A = alpha · x · yᴴ + conj(alpha) · y · xᴴ + A, A being Hermitian and one of its triangles packed; the imaginary parts of its diagonal become 0.</summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="x">A vector, of n elements.</param>
    /// <param name="y">A vector, of n elements.</param>
    /// <param name="a">The matrix, of the order n, as it lies.</param>
    /// <inheritdoc cref="Syr" path="/exception"/>
    public void Hpr2<T>(Scalar alpha, in DeviceVector<T> x, in DeviceVector<T> y, in DevicePackedMatrix<T> a)
        where T : unmanaged
    {
        CheckAsItLies(nameof(a), a.Operation);
        CheckSquare(nameof(a), a.Order, x.Length);
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasChpr2_v2_64(handle, a.Stored, x.Length, factor.C, x.C, x.Increment, y.C, y.Increment, a.C));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZhpr2_v2_64(handle, a.Stored, x.Length, factor.Z, x.Z, x.Increment, y.Z, y.Increment, a.Z));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }
}
