using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>cuBLAS on a stream: matrix products, put into <see cref="Stream"/>.</summary>
/// <remarks>
/// <para>Matrices are column-major, as in Fortran and BLAS: element (row, column) lies at column · leading dimension + row. A row-major
/// matrix is the transpose of a column-major one, so that a row-major C = A·B is the column-major Cᵀ = Bᵀ·Aᵀ.</para>
/// <para>A product is only put into the stream: nothing is allocated and nothing waited for. On a GPU, give the handle a workspace of its own
/// (<see cref="SetWorkspace"/>) where a step is captured as a graph.</para>
/// </remarks>
public sealed unsafe class CublasHandle : NativeOwner
{
    private cublasHandle_t _handle;

    /// <summary>Starts cuBLAS on <paramref name="stream"/>.</summary>
    /// <exception cref="CublasException">cuBLAS does not start.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public CublasHandle(CudaStream stream)
        : base(Existing(stream))
    {
        Stream = stream;
        try
        {
            stream.Context.EnsureCurrent();
            cublasHandle_t handle;
            Cublas.Check(Cublas.cublasCreate_v2(&handle));
            _handle = handle;
            Cublas.Check(Cublas.cublasSetStream_v2(handle, stream.KeptHandle));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The stream everything is put into.</summary>
    public CudaStream Stream { get; }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public cublasHandle_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>The version of the library: major · 10000 + minor · 100 + patch.</summary>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public int Version
    {
        get
        {
            int version;
            Cublas.Check(Cublas.cublasGetVersion_v2(Enter(), &version));
            return version;
        }
    }

    /// <summary>Which arithmetic may be used.</summary>
    /// <exception cref="CublasException">cuBLAS does not know the mode.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public MatrixMathMode MathMode
    {
        get
        {
            cublasMath_t mode;
            Cublas.Check(Cublas.cublasGetMathMode(Enter(), &mode));
            return (MatrixMathMode)mode;
        }
        set => Cublas.Check(Cublas.cublasSetMathMode(Enter(), (cublasMath_t)value));
    }

    /// <summary>Gives cuBLAS memory to work in; it must outlive the handle's work. An empty span returns to cuBLAS's own.</summary>
    /// <exception cref="ArgumentException">The address is not aligned to 256 bytes.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the memory.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void SetWorkspace(DeviceSpan<byte> workspace)
    {
        if (workspace.Address % 256 != 0)
        {
            throw new ArgumentException($"cuBLAS wants a workspace aligned to 256 bytes; 0x{workspace.Address:x} is not. Use an allocation's start.", nameof(workspace));
        }

        Cublas.Check(Cublas.cublasSetWorkspace_v2(Enter(), workspace.Pointer.Raw, (nuint)workspace.Length));
    }

    /// <summary>C = alpha · op(A) · op(B) + beta · C in single precision, op(A) being m x k, op(B) k x n and C m x n.</summary>
    /// <param name="operationA">How A is taken.</param>
    /// <param name="operationB">How B is taken.</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Columns of op(A), rows of op(B).</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="A">The first matrix, column-major.</param>
    /// <param name="lda">Its leading dimension in elements: from one column to the next.</param>
    /// <param name="B">The second matrix, column-major.</param>
    /// <param name="ldb">Its leading dimension.</param>
    /// <param name="beta">The factor of what C held before; 0: it is not read.</param>
    /// <param name="C">The result, column-major.</param>
    /// <param name="ldc">Its leading dimension.</param>
    /// <exception cref="ArgumentException">A size is negative, a leading dimension too small or a span too short.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Gemm(
        MatrixOperation operationA, MatrixOperation operationB, int m, int n, int k, float alpha, DeviceSpan<float> A, int lda, DeviceSpan<float> B, int ldb, float beta, DeviceSpan<float> C, int ldc)
    {
        cublasHandle_t handle = Enter();
        CheckMatrices(operationA, operationB, m, n, k, A.Length, lda, B.Length, ldb, C.Length, ldc, 1, 0, 0, 0);
        Cublas.Check(Cublas.cublasSgemm_v2(
            handle, (cublasOperation_t)operationA, (cublasOperation_t)operationB, m, n, k, &alpha, (float*)A.Address, lda, (float*)B.Address, ldb, &beta, (float*)C.Address, ldc));
    }

    /// <summary>C = alpha · op(A) · op(B) + beta · C in double precision.</summary>
    /// <inheritdoc cref="Gemm(MatrixOperation, MatrixOperation, int, int, int, float, DeviceSpan{float}, int, DeviceSpan{float}, int, float, DeviceSpan{float}, int)" path="/param|/exception"/>
    public void Gemm(
        MatrixOperation operationA, MatrixOperation operationB, int m, int n, int k, double alpha, DeviceSpan<double> A, int lda, DeviceSpan<double> B, int ldb, double beta, DeviceSpan<double> C, int ldc)
    {
        cublasHandle_t handle = Enter();
        CheckMatrices(operationA, operationB, m, n, k, A.Length, lda, B.Length, ldb, C.Length, ldc, 1, 0, 0, 0);
        Cublas.Check(Cublas.cublasDgemm_v2(
            handle, (cublasOperation_t)operationA, (cublasOperation_t)operationB, m, n, k, &alpha, (double*)A.Address, lda, (double*)B.Address, ldb, &beta, (double*)C.Address, ldc));
    }

    /// <summary>Many products of one size in single precision: matrix number i of each kind lies i strides after its first.</summary>
    /// <param name="operationA">How the A are taken.</param>
    /// <param name="operationB">How the B are taken.</param>
    /// <param name="m">Rows of a C.</param>
    /// <param name="n">Columns of a C.</param>
    /// <param name="k">Columns of an op(A), rows of an op(B).</param>
    /// <param name="alpha">The factor of the products.</param>
    /// <param name="A">The first matrices.</param>
    /// <param name="lda">Their leading dimension in elements.</param>
    /// <param name="strideA">Elements from one A to the next; 0 takes the same again.</param>
    /// <param name="B">The second matrices.</param>
    /// <param name="ldb">Their leading dimension in elements.</param>
    /// <param name="strideB">Elements from one B to the next; 0 takes the same again.</param>
    /// <param name="beta">The factor of what the C held before; 0: they are not read.</param>
    /// <param name="C">The results. They must not overlap.</param>
    /// <param name="ldc">Their leading dimension in elements.</param>
    /// <param name="strideC">Elements from one C to the next.</param>
    /// <param name="batch">The number of products.</param>
    /// <exception cref="ArgumentException">A size or stride is negative, a leading dimension too small or a span too short.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GemmStridedBatched(
        MatrixOperation operationA,
        MatrixOperation operationB,
        int m,
        int n,
        int k,
        float alpha,
        DeviceSpan<float> A,
        int lda,
        long strideA,
        DeviceSpan<float> B,
        int ldb,
        long strideB,
        float beta,
        DeviceSpan<float> C,
        int ldc,
        long strideC,
        int batch)
    {
        cublasHandle_t handle = Enter();
        CheckMatrices(operationA, operationB, m, n, k, A.Length, lda, B.Length, ldb, C.Length, ldc, batch, strideA, strideB, strideC);
        Cublas.Check(Cublas.cublasSgemmStridedBatched(
            handle, (cublasOperation_t)operationA, (cublasOperation_t)operationB, m, n, k, &alpha,
            (float*)A.Address, lda, strideA, (float*)B.Address, ldb, strideB, &beta, (float*)C.Address, ldc, strideC, batch));
    }

    /// <summary>Many products of one size in double precision: matrix number i of each kind lies i strides after its first.</summary>
    /// <inheritdoc cref="GemmStridedBatched(MatrixOperation, MatrixOperation, int, int, int, float, DeviceSpan{float}, int, long, DeviceSpan{float}, int, long, float, DeviceSpan{float}, int, long, int)" path="/param|/exception"/>
    public void GemmStridedBatched(
        MatrixOperation operationA,
        MatrixOperation operationB,
        int m,
        int n,
        int k,
        double alpha,
        DeviceSpan<double> A,
        int lda,
        long strideA,
        DeviceSpan<double> B,
        int ldb,
        long strideB,
        double beta,
        DeviceSpan<double> C,
        int ldc,
        long strideC,
        int batch)
    {
        cublasHandle_t handle = Enter();
        CheckMatrices(operationA, operationB, m, n, k, A.Length, lda, B.Length, ldb, C.Length, ldc, batch, strideA, strideB, strideC);
        Cublas.Check(Cublas.cublasDgemmStridedBatched(
            handle, (cublasOperation_t)operationA, (cublasOperation_t)operationB, m, n, k, &alpha,
            (double*)A.Address, lda, strideA, (double*)B.Address, ldb, strideB, &beta, (double*)C.Address, ldc, strideC, batch));
    }

    private protected override void Release()
    {
        if (_handle != default && Stream.Context.TryEnsureCurrent())
        {
            _ = Cublas.cublasDestroy_v2(_handle);
        }

        _handle = default;
    }

    private static CudaStream Existing(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private cublasHandle_t Enter()
    {
        ThrowIfDisposed();
        Stream.Context.EnsureCurrent();
        return _handle;
    }

    private static void CheckMatrices(
        MatrixOperation operationA,
        MatrixOperation operationB,
        int m,
        int n,
        int k,
        long lengthA,
        int lda,
        long lengthB,
        int ldb,
        long lengthC,
        int ldc,
        int batch,
        long strideA,
        long strideB,
        long strideC)
    {
        if ((m | n | k | batch) < 0 || (strideA | strideB | strideC) < 0)
        {
            throw new ArgumentException($"The product is {m} x {k} times {k} x {n}, {batch} times with strides {strideA}, {strideB} and {strideC}; none of these may be negative.");
        }

        CheckMatrix('A', operationA == MatrixOperation.None ? m : k, operationA == MatrixOperation.None ? k : m, lda, lengthA, batch, strideA);
        CheckMatrix('B', operationB == MatrixOperation.None ? k : n, operationB == MatrixOperation.None ? n : k, ldb, lengthB, batch, strideB);
        CheckMatrix('C', m, n, ldc, lengthC, batch, strideC);
    }

    private static void CheckMatrix(char name, int rows, int columns, int leading, long length, int batch, long stride)
    {
        if (leading < Math.Max(1, rows))
        {
            ThrowLeading(name, rows, columns, leading);
        }

        if (rows == 0 || columns == 0 || batch == 0)
        {
            return;
        }

        long needed = ((batch - 1) * stride) + ((columns - 1L) * leading) + rows;
        if (length < needed)
        {
            ThrowTooShort(name, rows, columns, leading, length, batch, needed);
        }
    }

    [DoesNotReturn]
    private static void ThrowLeading(char name, int rows, int columns, int leading) => throw new ArgumentException(
        $"Matrix {name} lies as {rows} x {columns} in memory with the leading dimension {leading}; column-major, that must be at least max(1, {rows}).");

    [DoesNotReturn]
    private static void ThrowTooShort(char name, int rows, int columns, int leading, long length, int batch, long needed) => throw new ArgumentException(
        $"Matrix {name} ({rows} x {columns}, leading dimension {leading}, {batch} of them) takes {needed} elements; the span has {length}.");
}
