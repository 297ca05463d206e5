using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// C = alpha · op(A) · op(B) + beta · C with the types' own arithmetic.
public sealed unsafe partial class CublasHandle
{
    /// <summary>C = alpha · A · B + beta · C, A being m x k, B k x n and C m x n, each as it lies or transposed.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/>, <see cref="Complex"/>, or
    /// <see cref="Half"/> or <see cref="BFloat16"/>, whose products are summed in single precision. For all else there is <see cref="GemmEx"/>.</typeparam>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The first matrix.</param>
    /// <param name="b">The second matrix.</param>
    /// <param name="beta">The factor of what C held before; 0: it is not read.</param>
    /// <param name="c">The result.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or cuBLAS has no product of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Gemm<T>(Scalar alpha, in DeviceMatrix<T> a, in DeviceMatrix<T> b, Scalar beta, in DeviceMatrix<T> c)
        where T : unmanaged
    {
        if (MatrixTypes.IsNarrow<T>())
        {
            GemmEx(MatrixComputeType.Float32, alpha, a, b, beta, c);
            return;
        }

        if (c.Operation != MatrixOperation.None)
        {
            // The transposes of both sides: Cᵀ = Bᵀ · Aᵀ.
            CheckTransposable(nameof(c), c.Operation, a.Operation, b.Operation);
            Gemm(alpha, b.Transposed, a.Transposed, beta, c.Transposed);
            return;
        }

        CheckProduct(a.Form, b.Form, c.Form);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        (cublasOperation_t takeA, cublasOperation_t takeB) = (a.Form.Raw, b.Form.Raw);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgemm_v2_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.S, a.S, a.LeadingDimension, b.S, b.LeadingDimension, keep.S, c.S, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgemm_v2_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.D, a.D, a.LeadingDimension, b.D, b.LeadingDimension, keep.D, c.D, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgemm_v2_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, keep.C, c.C, c.LeadingDimension));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgemm_v2_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, keep.Z, c.Z, c.LeadingDimension));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Products);
        }
    }

    /// <summary>Many products of one size, of matrices that lie the same distance apart: C = alpha · A · B + beta · C for each.</summary>
    /// <typeparam name="T">As for <see cref="Gemm"/>.</typeparam>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="a">The first matrices.</param>
    /// <param name="b">The second matrices.</param>
    /// <param name="beta">The factor of what the C held before; 0: they are not read.</param>
    /// <param name="c">The results; they must not overlap.</param>
    /// <exception cref="ArgumentException">The sizes or numbers do not fit, or cuBLAS has no product of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GemmStridedBatched<T>(Scalar alpha, in DeviceMatrixBatch<T> a, in DeviceMatrixBatch<T> b, Scalar beta, in DeviceMatrixBatch<T> c)
        where T : unmanaged
    {
        if (MatrixTypes.IsNarrow<T>())
        {
            GemmStridedBatchedEx(MatrixComputeType.Float32, alpha, a, b, beta, c);
            return;
        }

        if (c.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(c), c.Operation, a.Operation, b.Operation);
            GemmStridedBatched(alpha, b.Transposed, a.Transposed, beta, c.Transposed);
            return;
        }

        CheckProduct(a.Form, b.Form, c.Form);
        CheckCounts(a.Count, b.Count, c.Count);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        (cublasOperation_t takeA, cublasOperation_t takeB) = (a.Form.Raw, b.Form.Raw);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgemmStridedBatched_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.S, a.S, a.LeadingDimension, a.Stride, b.S, b.LeadingDimension, b.Stride, keep.S, c.S,
                c.LeadingDimension, c.Stride, c.Count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgemmStridedBatched_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.D, a.D, a.LeadingDimension, a.Stride, b.D, b.LeadingDimension, b.Stride, keep.D, c.D,
                c.LeadingDimension, c.Stride, c.Count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgemmStridedBatched_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.C, a.C, a.LeadingDimension, a.Stride, b.C, b.LeadingDimension, b.Stride, keep.C, c.C,
                c.LeadingDimension, c.Stride, c.Count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgemmStridedBatched_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.Z, a.Z, a.LeadingDimension, a.Stride, b.Z, b.LeadingDimension, b.Stride, keep.Z, c.Z,
                c.LeadingDimension, c.Stride, c.Count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Products);
        }
    }

    /// <summary>Many products of one size, of matrices found through pointers on the device: C = alpha · A · B + beta · C for each.</summary>
    /// <typeparam name="T">As for <see cref="Gemm"/>.</typeparam>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="a">The first matrices.</param>
    /// <param name="b">The second matrices.</param>
    /// <param name="beta">The factor of what the C held before; 0: they are not read.</param>
    /// <param name="c">The results; they must not overlap.</param>
    /// <exception cref="ArgumentException">The sizes or numbers do not fit, or cuBLAS has no product of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GemmBatched<T>(Scalar alpha, in DeviceMatrixArray<T> a, in DeviceMatrixArray<T> b, Scalar beta, in DeviceMatrixArray<T> c)
        where T : unmanaged
    {
        if (MatrixTypes.IsNarrow<T>())
        {
            GemmBatchedEx(MatrixComputeType.Float32, alpha, a, b, beta, c);
            return;
        }

        if (c.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(c), c.Operation, a.Operation, b.Operation);
            GemmBatched(alpha, b.Transposed, a.Transposed, beta, c.Transposed);
            return;
        }

        CheckProduct(a.Form, b.Form, c.Form);
        CheckCounts(a.Count, b.Count, c.Count);
        cublasHandle_t handle = Enter(alpha, beta);
        alpha.As(MatrixTypes.Of<T>(), nameof(alpha), out ScalarMemory factor);
        beta.As(MatrixTypes.Of<T>(), nameof(beta), out ScalarMemory keep);
        (cublasOperation_t takeA, cublasOperation_t takeB) = (a.Form.Raw, b.Form.Raw);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSgemmBatched_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.S, a.S, a.LeadingDimension, b.S, b.LeadingDimension, keep.S, c.S, c.LeadingDimension, c.Count));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDgemmBatched_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.D, a.D, a.LeadingDimension, b.D, b.LeadingDimension, keep.D, c.D, c.LeadingDimension, c.Count));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCgemmBatched_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.C, a.C, a.LeadingDimension, b.C, b.LeadingDimension, keep.C, c.C, c.LeadingDimension, c.Count));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZgemmBatched_64(
                handle, takeA, takeB, c.Rows, c.Columns, a.Columns, factor.Z, a.Z, a.LeadingDimension, b.Z, b.LeadingDimension, keep.Z, c.Z, c.LeadingDimension, c.Count));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Products);
        }
    }
}
