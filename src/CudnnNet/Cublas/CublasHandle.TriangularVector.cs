using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Triangular matrices times vectors, and systems of equations with them.
public sealed unsafe partial class CublasHandle
{
    /// <summary>x = A · x, A being triangular.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="triangle">The triangle of A that is given; the other one is 0 and not looked at.</param>
    /// <param name="a">The matrix, n x n.</param>
    /// <param name="x">The vector, of n elements; the product takes its place.</param>
    /// <param name="unitDiagonal">Whether the diagonal of A is 1 and not looked at.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: the increment is 0.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Trmv<T>(MatrixTriangle triangle, in DeviceMatrix<T> a, in DeviceVector<T> x, bool unitDiagonal = false)
        where T : unmanaged
    {
        CheckSizes(nameof(a), a.Form, x.Length, x.Length);
        cublasHandle_t handle = Enter();
        (cublasFillMode_t stored, cublasOperation_t take, cublasDiagType_t diagonal) = (Stored(triangle, a.Operation), a.Form.Raw, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStrmv_v2_64(handle, stored, take, diagonal, x.Length, a.S, a.LeadingDimension, x.S, x.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtrmv_v2_64(handle, stored, take, diagonal, x.Length, a.D, a.LeadingDimension, x.D, x.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtrmv_v2_64(handle, stored, take, diagonal, x.Length, a.C, a.LeadingDimension, x.C, x.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtrmv_v2_64(handle, stored, take, diagonal, x.Length, a.Z, a.LeadingDimension, x.Z, x.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>Solves A · x = b, A being triangular: b is given in x, the solution replaces it. Whether A is singular is not looked at.</summary>
    /// <inheritdoc cref="Trmv" path="/typeparam|/exception"/>
    /// <param name="triangle">The triangle of A that is given; the other one is 0 and not looked at.</param>
    /// <param name="a">The matrix, n x n.</param>
    /// <param name="x">The vector, of n elements; the solution takes its place.</param>
    /// <param name="unitDiagonal">Whether the diagonal of A is 1 and not looked at.</param>
    public void Trsv<T>(MatrixTriangle triangle, in DeviceMatrix<T> a, in DeviceVector<T> x, bool unitDiagonal = false)
        where T : unmanaged
    {
        CheckSizes(nameof(a), a.Form, x.Length, x.Length);
        cublasHandle_t handle = Enter();
        (cublasFillMode_t stored, cublasOperation_t take, cublasDiagType_t diagonal) = (Stored(triangle, a.Operation), a.Form.Raw, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStrsv_v2_64(handle, stored, take, diagonal, x.Length, a.S, a.LeadingDimension, x.S, x.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtrsv_v2_64(handle, stored, take, diagonal, x.Length, a.D, a.LeadingDimension, x.D, x.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtrsv_v2_64(handle, stored, take, diagonal, x.Length, a.C, a.LeadingDimension, x.C, x.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtrsv_v2_64(handle, stored, take, diagonal, x.Length, a.Z, a.LeadingDimension, x.Z, x.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>x = A · x, A being triangular and a band of it stored.</summary>
    /// <inheritdoc cref="Trmv" path="/typeparam|/exception"/>
    /// <param name="a">The matrix, n x n, with subdiagonals or superdiagonals only.</param>
    /// <param name="x">The vector, of n elements; the product takes its place.</param>
    /// <param name="unitDiagonal">Whether the diagonal of A is 1 and not looked at.</param>
    public void Tbmv<T>(in DeviceBandMatrix<T> a, in DeviceVector<T> x, bool unitDiagonal = false)
        where T : unmanaged
    {
        a.RequireTriangle();
        CheckSquare(nameof(a), a.Rows, x.Length);
        cublasHandle_t handle = Enter();
        (cublasOperation_t take, cublasDiagType_t diagonal) = ((cublasOperation_t)a.Operation, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStbmv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Diagonals, a.S, a.LeadingDimension, x.S, x.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtbmv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Diagonals, a.D, a.LeadingDimension, x.D, x.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtbmv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Diagonals, a.C, a.LeadingDimension, x.C, x.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtbmv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Diagonals, a.Z, a.LeadingDimension, x.Z, x.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>Solves A · x = b, A being triangular and a band of it stored: b is given in x, the solution replaces it. Whether A is singular is not looked at.</summary>
    /// <inheritdoc cref="Trmv" path="/typeparam|/exception"/>
    /// <param name="a">The matrix, n x n, with subdiagonals or superdiagonals only.</param>
    /// <param name="x">The vector, of n elements; the solution takes its place.</param>
    /// <param name="unitDiagonal">Whether the diagonal of A is 1 and not looked at.</param>
    public void Tbsv<T>(in DeviceBandMatrix<T> a, in DeviceVector<T> x, bool unitDiagonal = false)
        where T : unmanaged
    {
        a.RequireTriangle();
        CheckSquare(nameof(a), a.Rows, x.Length);
        cublasHandle_t handle = Enter();
        (cublasOperation_t take, cublasDiagType_t diagonal) = ((cublasOperation_t)a.Operation, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStbsv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Diagonals, a.S, a.LeadingDimension, x.S, x.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtbsv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Diagonals, a.D, a.LeadingDimension, x.D, x.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtbsv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Diagonals, a.C, a.LeadingDimension, x.C, x.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtbsv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Diagonals, a.Z, a.LeadingDimension, x.Z, x.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>x = A · x, A being triangular and packed.</summary>
    /// <inheritdoc cref="Trmv" path="/typeparam|/exception"/>
    /// <param name="a">The matrix, of the order n.</param>
    /// <param name="x">The vector, of n elements; the product takes its place.</param>
    /// <param name="unitDiagonal">Whether the diagonal of A is 1 and not looked at.</param>
    public void Tpmv<T>(in DevicePackedMatrix<T> a, in DeviceVector<T> x, bool unitDiagonal = false)
        where T : unmanaged
    {
        CheckSquare(nameof(a), a.Order, x.Length);
        cublasHandle_t handle = Enter();
        (cublasOperation_t take, cublasDiagType_t diagonal) = ((cublasOperation_t)a.Operation, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStpmv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.S, x.S, x.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtpmv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.D, x.D, x.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtpmv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.C, x.C, x.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtpmv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Z, x.Z, x.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>Solves A · x = b, A being triangular and packed: b is given in x, the solution replaces it. Whether A is singular is not looked at.</summary>
    /// <inheritdoc cref="Trmv" path="/typeparam|/exception"/>
    /// <param name="a">The matrix, of the order n.</param>
    /// <param name="x">The vector, of n elements; the solution takes its place.</param>
    /// <param name="unitDiagonal">Whether the diagonal of A is 1 and not looked at.</param>
    public void Tpsv<T>(in DevicePackedMatrix<T> a, in DeviceVector<T> x, bool unitDiagonal = false)
        where T : unmanaged
    {
        CheckSquare(nameof(a), a.Order, x.Length);
        cublasHandle_t handle = Enter();
        (cublasOperation_t take, cublasDiagType_t diagonal) = ((cublasOperation_t)a.Operation, Diagonal(unitDiagonal));
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasStpsv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.S, x.S, x.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDtpsv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.D, x.D, x.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCtpsv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.C, x.C, x.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZtpsv_v2_64(handle, a.Stored, take, diagonal, x.Length, a.Z, x.Z, x.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }
}
