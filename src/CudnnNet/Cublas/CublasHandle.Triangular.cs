using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Triangular matrices times matrices, and systems of equations with them.
public sealed unsafe partial class CublasHandle
{
    /// <summary>C = alpha · A · B (left) or C = alpha · B · A (right), A being triangular.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="side">Whether A is the first factor or the second.</param>
    /// <param name="triangle">The triangle of A that is given; the other one is 0 and not looked at.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The triangular matrix: m x m on the left, n x n on the right.</param>
    /// <param name="b">The other factor, m x n; as C lies: both as they lie or both transposed.</param>
    /// <param name="c">The result, m x n; may be B.</param>
    /// <param name="unitDiagonal">Whether the diagonal of A is 1 and not looked at.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, an operand is taken in a way the operation cannot, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Trmm<T>(
        MatrixSide side, MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, in DeviceMatrix<T> c, bool unitDiagonal = false)
        where T : unmanaged
    {
        if (c.Operation != MatrixOperation.None)
        {
            // The transposes of both sides: Cᵀ = Bᵀ · Aᵀ.
            CheckTransposable(nameof(c), c.Operation, a.Operation, b.Operation);
            Trmm(Other(side), Other(triangle), alpha, a.Transposed, b.Transposed, c.Transposed, unitDiagonal);
            return;
        }

        CheckSidedProduct(side, a.Form, b.Form, c.Form);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        (cublasSideMode_t place, cublasFillMode_t stored) = ((cublasSideMode_t)side, Stored(triangle, a.Operation));
        (cublasOperation_t take, cublasDiagType_t diagonal) = (a.Form.Raw, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStrmm_v2_64(
                handle, place, stored, take, diagonal, c.Rows, c.Columns, factor.S, a.S, a.LeadingDimension, b.S, b.LeadingDimension, c.S, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtrmm_v2_64(
                handle, place, stored, take, diagonal, c.Rows, c.Columns, factor.D, a.D, a.LeadingDimension, b.D, b.LeadingDimension, c.D, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtrmm_v2_64(
                handle, place, stored, take, diagonal, c.Rows, c.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtrmm_v2_64(
                handle, place, stored, take, diagonal, c.Rows, c.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>Solves A · X = alpha · B (left) or X · A = alpha · B (right), A being triangular; X takes B's place. Whether A is singular is not looked at.</summary>
    /// <inheritdoc cref="Trmm" path="/typeparam|/exception"/>
    /// <param name="side">Whether A is the first factor or the second.</param>
    /// <param name="triangle">The triangle of A that is given; the other one is 0 and not looked at.</param>
    /// <param name="alpha">The factor of B.</param>
    /// <param name="a">The triangular matrix: m x m on the left, n x n on the right.</param>
    /// <param name="b">The right hand sides, m x n; becomes the solutions.</param>
    /// <param name="unitDiagonal">Whether the diagonal of A is 1 and not looked at.</param>
    public void Trsm<T>(MatrixSide side, MatrixTriangle triangle, Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, bool unitDiagonal = false)
        where T : unmanaged
    {
        if (b.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(b), b.Operation, a.Operation);
            Trsm(Other(side), Other(triangle), alpha, a.Transposed, b.Transposed, unitDiagonal);
            return;
        }

        CheckSidedProduct(side, a.Form, b.Form, b.Form);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        (cublasSideMode_t place, cublasFillMode_t stored) = ((cublasSideMode_t)side, Stored(triangle, a.Operation));
        (cublasOperation_t take, cublasDiagType_t diagonal) = (a.Form.Raw, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStrsm_v2_64(handle, place, stored, take, diagonal, b.Rows, b.Columns, factor.S, a.S, a.LeadingDimension, b.S, b.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtrsm_v2_64(handle, place, stored, take, diagonal, b.Rows, b.Columns, factor.D, a.D, a.LeadingDimension, b.D, b.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtrsm_v2_64(handle, place, stored, take, diagonal, b.Rows, b.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtrsm_v2_64(handle, place, stored, take, diagonal, b.Rows, b.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>As <see cref="Trsm"/>, for matrices found through pointers on the device.</summary>
    /// <inheritdoc cref="Trmm" path="/typeparam|/exception"/>
    /// <param name="side">Whether the A are the first factors or the second.</param>
    /// <param name="triangle">The triangle of the A that is given; the other one is 0 and not looked at.</param>
    /// <param name="alpha">The factor of the B.</param>
    /// <param name="a">The triangular matrices: m x m on the left, n x n on the right.</param>
    /// <param name="b">The right hand sides, m x n; become the solutions.</param>
    /// <param name="unitDiagonal">Whether the diagonal of the A is 1 and not looked at.</param>
    public void TrsmBatched<T>(MatrixSide side, MatrixTriangle triangle, Scalar alpha, in DeviceMatrixArray<T> a, in DeviceMatrixArray<T> b, bool unitDiagonal = false)
        where T : unmanaged
    {
        if (b.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(b), b.Operation, a.Operation);
            TrsmBatched(Other(side), Other(triangle), alpha, a.Transposed, b.Transposed, unitDiagonal);
            return;
        }

        CheckSidedProduct(side, a.Form, b.Form, b.Form);
        CheckCounts(a.Count, b.Count, b.Count);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        (cublasSideMode_t place, cublasFillMode_t stored) = ((cublasSideMode_t)side, Stored(triangle, a.Operation));
        (cublasOperation_t take, cublasDiagType_t diagonal) = (a.Form.Raw, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStrsmBatched_64(
                handle, place, stored, take, diagonal, b.Rows, b.Columns, factor.S, a.S, a.LeadingDimension, b.S, b.LeadingDimension, b.Count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtrsmBatched_64(
                handle, place, stored, take, diagonal, b.Rows, b.Columns, factor.D, a.D, a.LeadingDimension, b.D, b.LeadingDimension, b.Count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtrsmBatched_64(
                handle, place, stored, take, diagonal, b.Rows, b.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, b.Count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtrsmBatched_64(
                handle, place, stored, take, diagonal, b.Rows, b.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, b.Count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>Unpacks a triangle: A's triangle becomes what is packed; the other one is not touched.</summary>
    /// <inheritdoc cref="Trmm" path="/typeparam|/exception"/>
    /// <param name="packed">The packed triangle, of the order n, as it lies.</param>
    /// <param name="a">The matrix that receives it, n x n, as it lies.</param>
    public void Tpttr<T>(in DevicePackedMatrix<T> packed, in DeviceMatrix<T> a)
        where T : unmanaged
    {
        (int order, int leading) = CheckPacking(packed, a);
        cublasHandle_t handle = Enter();
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStpttr(handle, packed.Stored, order, packed.S, a.S, leading));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtpttr(handle, packed.Stored, order, packed.D, a.D, leading));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtpttr(handle, packed.Stored, order, packed.C, a.C, leading));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtpttr(handle, packed.Stored, order, packed.Z, a.Z, leading));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>Packs a triangle of A; the other one is not looked at.</summary>
    /// <inheritdoc cref="Trmm" path="/typeparam|/exception"/>
    /// <param name="a">The matrix, n x n, as it lies.</param>
    /// <param name="packed">The packed triangle, of the order n, as it lies.</param>
    public void Trttp<T>(in DeviceMatrix<T> a, in DevicePackedMatrix<T> packed)
        where T : unmanaged
    {
        (int order, int leading) = CheckPacking(packed, a);
        cublasHandle_t handle = Enter();
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStrttp(handle, packed.Stored, order, a.S, leading, packed.S));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtrttp(handle, packed.Stored, order, a.D, leading, packed.D));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtrttp(handle, packed.Stored, order, a.C, leading, packed.C));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtrttp(handle, packed.Stored, order, a.Z, leading, packed.Z));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    private static (int Order, int Leading) CheckPacking<T>(in DevicePackedMatrix<T> packed, in DeviceMatrix<T> a)
        where T : unmanaged
    {
        CheckAsItLies("packed", packed.Operation);
        CheckAsItLies("a", a.Operation);
        CheckSizes("a", a.Form, packed.Order, packed.Order);
        return (Narrow(packed.Order), Narrow(a.LeadingDimension));
    }
}
