using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Symmetric and Hermitian matrices times matrices; one triangle is given and read, the other is not looked at.
public sealed unsafe partial class CublasHandle
{
    /// <summary>C = alpha · A · B + beta · C (left) or C = alpha · B · A + beta · C (right), A being symmetric.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="side">Whether A is the first factor or the second.</param>
    /// <param name="triangle">The triangle of A that is given.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The symmetric matrix: m x m on the left, n x n on the right.</param>
    /// <param name="b">The other factor, m x n; as C lies: both as they lie or both transposed.</param>
    /// <param name="beta">The factor of what C held before; 0: it is not read.</param>
    /// <param name="c">The result, m x n.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, an operand is taken in a way the operation cannot, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Symm<T>(MatrixSide side, MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        CheckNotConjugated(nameof(a), a.Operation);
        if (c.Operation != MatrixOperation.None)
        {
            // The transposes of both sides: Cᵀ = Bᵀ · A.
            CheckTransposable(nameof(c), c.Operation, b.Operation);
            Symm(Other(side), triangle, alpha, a, b.Transposed, beta, c.Transposed);
            return;
        }

        CheckSidedProduct(side, a.Form, b.Form, c.Form);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        (cublasSideMode_t place, cublasFillMode_t stored) = ((cublasSideMode_t)side, Stored(triangle, a.Operation));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSsymm_v2_64(
                handle, place, stored, c.Rows, c.Columns, factor.S, a.S, a.LeadingDimension, b.S, b.LeadingDimension, keep.S, c.S, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDsymm_v2_64(
                handle, place, stored, c.Rows, c.Columns, factor.D, a.D, a.LeadingDimension, b.D, b.LeadingDimension, keep.D, c.D, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCsymm_v2_64(
                handle, place, stored, c.Rows, c.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, keep.C, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZsymm_v2_64(
                handle, place, stored, c.Rows, c.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, keep.Z, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>
    /// C = alpha · A · B + beta · C (left) or C = alpha · B · A + beta · C (right), A being Hermitian; the imaginary parts of its diagonal are not read.
    /// </summary>
    /// <typeparam name="T"><see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="side">Whether A is the first factor or the second.</param>
    /// <param name="triangle">The triangle of A that is given.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The Hermitian matrix: m x m on the left, n x n on the right.</param>
    /// <param name="b">The other factor, m x n, as it lies.</param>
    /// <param name="beta">The factor of what C held before; 0: it is not read.</param>
    /// <param name="c">The result, m x n, as it lies.</param>
    /// <inheritdoc cref="Symm" path="/exception"/>
    public void Hemm<T>(MatrixSide side, MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        CheckHermitian(nameof(a), a.Operation);
        CheckAsItLies(nameof(c), c.Operation);
        CheckSidedProduct(side, a.Form, b.Form, c.Form);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        (cublasSideMode_t place, cublasFillMode_t stored) = ((cublasSideMode_t)side, Stored(triangle, a.Operation));
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasChemm_v2_64(
                handle, place, stored, c.Rows, c.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, keep.C, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZhemm_v2_64(
                handle, place, stored, c.Rows, c.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, keep.Z, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredComplex);
        }
    }

    /// <exception cref="ArgumentException">The sizes of A · B or B · A and C do not fit, or B is a transposed view.</exception>
    private static void CheckSidedProduct(MatrixSide side, in MatrixForm a, in MatrixForm b, in MatrixForm c)
    {
        CheckAsItLies("b", b.Operation);
        CheckSizes("b", b, c.Rows, c.Columns);
        long order = side == MatrixSide.Left ? c.Rows : c.Columns;
        CheckSizes("a", a, order, order);
    }
}
