using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A multiplication of matrices: D = f(alpha · op(A) · op(B) + beta · C), where f is the <see cref="MatrixEpilogue"/>.</summary>
/// <remarks>
/// <para>op(A) is M x K, op(B) is K x N, C and D are M x N. In batches, every matrix of D comes of those of the same number.</para>
/// <para>Give it the memory its epilogue and its scales need (<see cref="SetBias"/>, <see cref="SetAuxiliary"/>, <see cref="SetScale"/>,
/// <see cref="SetGreatest"/>), choose an algorithm once (<see cref="Choose"/>), take a workspace of <see cref="MatrixAlgorithm.WorkspaceBytes"/>,
/// run as often as wanted.</para>
/// </remarks>
[SkipLocalsInit] // Factors have their room on the stack, which need not be cleared for every call.
public sealed unsafe partial class MatrixMultiplication : CublasLtOperation
{
    private readonly cublasLtMatrixLayout_t _a;
    private readonly cublasLtMatrixLayout_t _b;
    private readonly cublasLtMatrixLayout_t _c;
    private readonly cublasLtMatrixLayout_t _d;

    // The layouts, for checks of every run; fields, because they are read in place.
    private readonly MatrixLayout _layoutA;
    private readonly MatrixLayout _layoutB;
    private readonly MatrixLayout _layoutC;
    private readonly MatrixLayout _layoutD;
    private readonly cudaDataType _factor;
    private readonly FactorPlace _factors;
    private cublasLtMatmulDesc_t _descriptor;

    /// <summary>Prepares a multiplication whose C lies as D does.</summary>
    /// <param name="lt">The handle in whose stream it will run.</param>
    /// <param name="a">The first factor; M x K, or K x M where it is taken transposed.</param>
    /// <param name="b">The second factor; K x N, or N x K where it is taken transposed.</param>
    /// <param name="d">The result and what is added, M x N.</param>
    /// <param name="options">Arithmetic, transpositions, epilogue; null: single precision and nothing else.</param>
    /// <exception cref="ArgumentException">The layouts or options do not fit each other.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses a layout or an option.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public MatrixMultiplication(CublasLtHandle lt, MatrixLayout a, MatrixLayout b, MatrixLayout d, MatrixMultiplicationOptions? options = null)
        : this(lt, a, b, d, d, options)
    {
    }

    /// <summary>Prepares a multiplication.</summary>
    /// <param name="lt">The handle in whose stream it will run.</param>
    /// <param name="a">The first factor; M x K, or K x M where it is taken transposed.</param>
    /// <param name="b">The second factor; K x N, or N x K where it is taken transposed.</param>
    /// <param name="c">What is added, M x N.</param>
    /// <param name="d">The result, M x N.</param>
    /// <param name="options">Arithmetic, transpositions, epilogue; null: single precision and nothing else.</param>
    /// <exception cref="ArgumentException">The layouts or options do not fit each other.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses a layout or an option.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public MatrixMultiplication(CublasLtHandle lt, MatrixLayout a, MatrixLayout b, MatrixLayout c, MatrixLayout d, MatrixMultiplicationOptions? options = null)
        : base(lt)
    {
        try
        {
            Options = options ?? new MatrixMultiplicationOptions();
            (_layoutA, _layoutB, _layoutC, _layoutD, _factors) = (a, b, c, d, Options.Factors);
            CheckSizes();
            FactorType = Options.FactorType ?? DefaultFactorType(Options.Compute, d.Type);
            _factor = (cudaDataType)FactorType;
            BiasType = Options.BiasType ?? (d.Type == MatrixElementType.Int8 ? FactorType : d.Type.IsFloat8() ? c.Type : d.Type);
            SizeAuxiliary();
            _a = Own(a);
            _b = Own(b);
            _c = Own(c);
            _d = Own(d);
            cublasLtMatmulDesc_t descriptor;
            CublasLt.Check(CublasLt.cublasLtMatmulDescCreate(&descriptor, (cublasComputeType_t)Options.Compute, _factor));
            _descriptor = descriptor;
            Describe();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How the first factor lies.</summary>
    public MatrixLayout A => _layoutA;

    /// <summary>How the second factor lies.</summary>
    public MatrixLayout B => _layoutB;

    /// <summary>How what is added lies.</summary>
    public MatrixLayout C => _layoutC;

    /// <summary>How the result lies.</summary>
    public MatrixLayout D => _layoutD;

    /// <summary>Arithmetic, transpositions, epilogue.</summary>
    public MatrixMultiplicationOptions Options { get; }

    /// <summary>The type of alpha and beta.</summary>
    public MatrixElementType FactorType { get; }

    /// <summary>The library's descriptor of the multiplication, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public cublasLtMatmulDesc_t Descriptor
    {
        get
        {
            ThrowIfDisposed();
            return _descriptor;
        }
    }

    /// <summary>The layouts, the arithmetic and what follows.</summary>
    public override string ToString() =>
        $"{Taken(A, Options.OperationA)} times {Taken(B, Options.OperationB)} into {D}{(C == D ? "" : $" with C {C}")}; {Options.Compute}, factors {FactorType} ({Options.Factors}), epilogue {Options.Epilogue}";

    private protected override void Release()
    {
        if (_descriptor != default)
        {
            _ = CublasLt.cublasLtMatmulDescDestroy(_descriptor);
            _descriptor = default;
        }

        base.Release();
    }

    private static string Taken(MatrixLayout layout, MatrixOperation operation) => operation == MatrixOperation.None ? $"{layout}" : $"{layout} ({operation})";

    private static MatrixElementType DefaultFactorType(MatrixComputeType compute, MatrixElementType result) =>
        compute is MatrixComputeType.Int32 or MatrixComputeType.Int32Pedantic && result == MatrixElementType.Int8
            ? MatrixElementType.Float32
            : (MatrixElementType)MatrixTypes.FactorOf(compute, result.IsComplex());

    private void CheckSizes()
    {
        (long m, long k) = Sizes(A, Options.OperationA);
        (long innerB, long n) = Sizes(B, Options.OperationB);
        if (k != innerB || D.Rows != m || D.Columns != n)
        {
            throw new ArgumentException(
                $"A product of op(A), {m} x {k}, and op(B), {innerB} x {n}, was to become D, {D.Rows} x {D.Columns}. The columns of the first must be the rows of the second, and the result has the rows of the one and the columns of the other.");
        }

        if (C.Rows != m || C.Columns != n)
        {
            throw new ArgumentException($"C is {C.Rows} x {C.Columns} and was to be added to a product of {m} x {n}; both must have the same sizes.");
        }

        CheckBatch("a", A, "d", D);
        CheckBatch("b", B, "d", D);
        CheckBatch("c", C, "d", D);
        CheckResult("d", D);
    }

    // What has its default is left alone: older libraries lack some attributes.
    private void Describe()
    {
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSA, (int)Options.OperationA, 0);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSB, (int)Options.OperationB, 0);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_POINTER_MODE, (int)Options.Factors, 0);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_ALPHA_VECTOR_BATCH_STRIDE, Options.FactorStride, 0);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE, (int)Options.Epilogue, (int)MatrixEpilogue.None);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, Options.BiasStride, 0);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, (int)(Options.BiasType ?? (MatrixElementType)(-1)), -1);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_A_SCALE_MODE, (int)Options.ScaleModeA, 0);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_B_SCALE_MODE, (int)Options.ScaleModeB, 0);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_FAST_ACCUM, (sbyte)(Options.FastAccumulation ? 1 : 0), (sbyte)0);
        SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET, Options.SmCountTarget, 0);
        if (Options.Epilogue.HasAuxiliary())
        {
            Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, AuxiliaryLeadingDimension);
            Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, AuxiliaryStride);
            SetUnless(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE, (int)(Options.AuxiliaryType ?? (MatrixElementType)(-1)), -1);
        }
    }

    private void SetUnless<T>(cublasLtMatmulDescAttributes_t attribute, T value, T usual)
        where T : unmanaged, IEquatable<T>
    {
        if (!value.Equals(usual))
        {
            Set(attribute, value);
        }
    }

    private void Set<T>(cublasLtMatmulDescAttributes_t attribute, T value)
        where T : unmanaged => CublasLt.Check(CublasLt.cublasLtMatmulDescSetAttribute(_descriptor, attribute, &value, (nuint)sizeof(T)));
}
