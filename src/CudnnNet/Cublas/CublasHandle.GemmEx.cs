using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// C = alpha · op(A) · op(B) + beta · C with types and arithmetic of the caller's choice.
public sealed unsafe partial class CublasHandle
{
    /// <summary>C = alpha · A · B + beta · C with operands and result of different types, in the arithmetic of the caller's choice.</summary>
    /// <typeparam name="TInput">The type of A and B.</typeparam>
    /// <typeparam name="TOutput">The type of C.</typeparam>
    /// <param name="compute">In which arithmetic products are formed and summed; alpha and beta have its type.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">The first matrix, m x k.</param>
    /// <param name="b">The second matrix, k x n.</param>
    /// <param name="beta">The factor of what C held before; 0: it is not read.</param>
    /// <param name="c">The result, m x n.</param>
    /// <param name="algorithm">Which kernel multiplies.</param>
    /// <remarks>
    /// cuBLAS computes: <see cref="Half"/> and <see cref="BFloat16"/> in Float32, into themselves or <see cref="float"/>; <see cref="Half"/> in Float16;
    /// <see cref="float"/> and <see cref="ComplexSingle"/> in the kinds of Float32; <see cref="double"/> and <see cref="Complex"/> in those of Float64;
    /// <see cref="sbyte"/> in Int32 into <see cref="int"/>, or in Float32 into <see cref="float"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">The sizes do not fit, or a factor does not fit the arithmetic.</exception>
    /// <exception cref="CublasException">cuBLAS does not compute this combination of types, or refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GemmEx<TInput, TOutput>(
        MatrixComputeType compute,
        Scalar alpha,
        in DeviceMatrix<TInput> a,
        in DeviceMatrix<TInput> b,
        Scalar beta,
        in DeviceMatrix<TOutput> c,
        GemmAlgorithm algorithm = GemmAlgorithm.Default)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        if (c.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(c), c.Operation, a.Operation, b.Operation);
            GemmEx(compute, alpha, b.Transposed, a.Transposed, beta, c.Transposed, algorithm);
            return;
        }

        CheckProduct(a.Form, b.Form, c.Form);
        cublasHandle_t handle = Enter(alpha, beta);
        cudaDataType scale = MatrixTypes.FactorOf(compute, MatrixTypes.IsComplex<TOutput>());
        alpha.As(scale, nameof(alpha), out ScalarMemory factor);
        beta.As(scale, nameof(beta), out ScalarMemory keep);
        Cublas.Check(Cublas.cublasGemmEx_64(
            handle, a.Form.Raw, b.Form.Raw, c.Rows, c.Columns, a.Columns, factor.Raw, a.Raw, MatrixTypes.Of<TInput>(), a.LeadingDimension,
            b.Raw, MatrixTypes.Of<TInput>(), b.LeadingDimension, keep.Raw, c.Raw, MatrixTypes.Of<TOutput>(), c.LeadingDimension,
            (cublasComputeType_t)compute, (cublasGemmAlgo_t)algorithm));
    }

    /// <summary>As <see cref="GemmEx"/>, for matrices that lie the same distance apart.</summary>
    /// <inheritdoc cref="GemmEx" path="/typeparam|/remarks|/exception"/>
    /// <param name="compute">In which arithmetic products are formed and summed; alpha and beta have its type.</param>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="a">The first matrices, each m x k.</param>
    /// <param name="b">The second matrices, each k x n.</param>
    /// <param name="beta">The factor of what the C held before; 0: they are not read.</param>
    /// <param name="c">The results, each m x n; they must not overlap.</param>
    /// <param name="algorithm">Which kernel multiplies.</param>
    public void GemmStridedBatchedEx<TInput, TOutput>(
        MatrixComputeType compute,
        Scalar alpha,
        in DeviceMatrixBatch<TInput> a,
        in DeviceMatrixBatch<TInput> b,
        Scalar beta,
        in DeviceMatrixBatch<TOutput> c,
        GemmAlgorithm algorithm = GemmAlgorithm.Default)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        if (c.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(c), c.Operation, a.Operation, b.Operation);
            GemmStridedBatchedEx(compute, alpha, b.Transposed, a.Transposed, beta, c.Transposed, algorithm);
            return;
        }

        CheckProduct(a.Form, b.Form, c.Form);
        CheckCounts(a.Count, b.Count, c.Count);
        cublasHandle_t handle = Enter(alpha, beta);
        cudaDataType scale = MatrixTypes.FactorOf(compute, MatrixTypes.IsComplex<TOutput>());
        alpha.As(scale, nameof(alpha), out ScalarMemory factor);
        beta.As(scale, nameof(beta), out ScalarMemory keep);
        Cublas.Check(Cublas.cublasGemmStridedBatchedEx_64(
            handle, a.Form.Raw, b.Form.Raw, c.Rows, c.Columns, a.Columns, factor.Raw, a.Raw, MatrixTypes.Of<TInput>(), a.LeadingDimension, a.Stride,
            b.Raw, MatrixTypes.Of<TInput>(), b.LeadingDimension, b.Stride, keep.Raw, c.Raw, MatrixTypes.Of<TOutput>(), c.LeadingDimension, c.Stride,
            c.Count, (cublasComputeType_t)compute, (cublasGemmAlgo_t)algorithm));
    }

    /// <summary>As <see cref="GemmEx"/>, for matrices found through pointers on the device.</summary>
    /// <inheritdoc cref="GemmEx" path="/typeparam|/remarks|/exception"/>
    /// <param name="compute">In which arithmetic products are formed and summed; alpha and beta have its type.</param>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="a">The first matrices, each m x k.</param>
    /// <param name="b">The second matrices, each k x n.</param>
    /// <param name="beta">The factor of what the C held before; 0: they are not read.</param>
    /// <param name="c">The results, each m x n; they must not overlap.</param>
    /// <param name="algorithm">Which kernel multiplies.</param>
    public void GemmBatchedEx<TInput, TOutput>(
        MatrixComputeType compute,
        Scalar alpha,
        in DeviceMatrixArray<TInput> a,
        in DeviceMatrixArray<TInput> b,
        Scalar beta,
        in DeviceMatrixArray<TOutput> c,
        GemmAlgorithm algorithm = GemmAlgorithm.Default)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        if (c.Operation != MatrixOperation.None)
        {
            CheckTransposable(nameof(c), c.Operation, a.Operation, b.Operation);
            GemmBatchedEx(compute, alpha, b.Transposed, a.Transposed, beta, c.Transposed, algorithm);
            return;
        }

        CheckProduct(a.Form, b.Form, c.Form);
        CheckCounts(a.Count, b.Count, c.Count);
        cublasHandle_t handle = Enter(alpha, beta);
        cudaDataType scale = MatrixTypes.FactorOf(compute, MatrixTypes.IsComplex<TOutput>());
        alpha.As(scale, nameof(alpha), out ScalarMemory factor);
        beta.As(scale, nameof(beta), out ScalarMemory keep);
        Cublas.Check(Cublas.cublasGemmBatchedEx_64(
            handle, a.Form.Raw, b.Form.Raw, c.Rows, c.Columns, a.Columns, factor.Raw, a.Raw, MatrixTypes.Of<TInput>(), a.LeadingDimension,
            b.Raw, MatrixTypes.Of<TInput>(), b.LeadingDimension, keep.Raw, c.Raw, MatrixTypes.Of<TOutput>(), c.LeadingDimension,
            c.Count, (cublasComputeType_t)compute, (cublasGemmAlgo_t)algorithm));
    }
}
