using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Sums and transposes of matrices, and products with diagonal ones.
public sealed unsafe partial class CublasHandle
{
    /// <summary>C = alpha · A + beta · B, each as it lies or transposed: a sum, a transpose (beta = 0), a copy between leading dimensions.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="alpha">The factor of A; 0: A is not read.</param>
    /// <param name="a">The first matrix, m x n.</param>
    /// <param name="beta">The factor of B; 0: B is not read, and may be <c>default</c>.</param>
    /// <param name="b">The second matrix, m x n.</param>
    /// <param name="c">The result, m x n. May be A or B, where that is taken as C is.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: C is an operand that is transposed.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Geam<T>(Scalar alpha, in DeviceMatrix<T> a, Scalar beta, in DeviceMatrix<T> b, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        if (b.Pointer.IsNull && b.Rows == 0 && b.Columns == 0)
        {
            // cuBLAS wants a leading dimension of B even where it reads nothing of it.
            Geam(alpha, a, beta, c, c);
            return;
        }

        if (c.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(c), c.Operation, a.Operation, b.Operation);
            Geam(alpha, a.Transposed, beta, b.Transposed, c.Transposed);
            return;
        }

        CheckSizes(nameof(a), a.Form, c.Rows, c.Columns);
        CheckSizes(nameof(b), b.Form, c.Rows, c.Columns);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory first);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory second);
        (cublasOperation_t takeA, cublasOperation_t takeB) = (a.Form.Raw, b.Form.Raw);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgeam_64(
                handle, takeA, takeB, c.Rows, c.Columns, first.S, a.S, a.LeadingDimension, second.S, b.S, b.LeadingDimension, c.S, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgeam_64(
                handle, takeA, takeB, c.Rows, c.Columns, first.D, a.D, a.LeadingDimension, second.D, b.D, b.LeadingDimension, c.D, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgeam_64(
                handle, takeA, takeB, c.Rows, c.Columns, first.C, a.C, a.LeadingDimension, second.C, b.C, b.LeadingDimension, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgeam_64(
                handle, takeA, takeB, c.Rows, c.Columns, first.Z, a.Z, a.LeadingDimension, second.Z, b.Z, b.LeadingDimension, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    /// <summary>C = diag(x) · A (left): row i times x[i]; or C = A · diag(x) (right): column j times x[j].</summary>
    /// <inheritdoc cref="Geam" path="/typeparam"/>
    /// <param name="side">Whether the diagonal matrix is the first factor or the second.</param>
    /// <param name="a">The matrix, m x n; as C lies: both as they lie or both transposed.</param>
    /// <param name="x">The diagonal, of m elements on the left, of n on the right.</param>
    /// <param name="c">The result, m x n; may be A.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, an operand is taken in a way the operation cannot, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Dgmm<T>(MatrixSide side, in DeviceMatrix<T> a, in DeviceVector<T> x, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        if (c.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(c), c.Operation, a.Operation);
            Dgmm(Other(side), a.Transposed, x, c.Transposed);
            return;
        }

        CheckAsItLies(nameof(a), a.Operation);
        CheckSizes(nameof(a), a.Form, c.Rows, c.Columns);
        CheckLength(nameof(x), x.Length, side == MatrixSide.Left ? c.Rows : c.Columns);
        cublasHandle_t handle = Enter();
        cublasSideMode_t place = (cublasSideMode_t)side;
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSdgmm_64(handle, place, c.Rows, c.Columns, a.S, a.LeadingDimension, x.S, x.Increment, c.S, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDdgmm_64(handle, place, c.Rows, c.Columns, a.D, a.LeadingDimension, x.D, x.Increment, c.D, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCdgmm_64(handle, place, c.Rows, c.Columns, a.C, a.LeadingDimension, x.C, x.Increment, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZdgmm_64(handle, place, c.Rows, c.Columns, a.Z, a.LeadingDimension, x.Z, x.Increment, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }
}
