using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>What the heuristics answer, and what is refused before anything is asked.</summary>
public sealed unsafe class MatrixHeuristicsTests
{
    private static readonly MatrixLayout s_square = MatrixLayout.ColumnMajor<float>(4, 4);

    [Test]
    public void The_heuristics_propose_algorithms_that_can_be_run()
    {
        using LtRun run = new();
        using MatrixMultiplication operation = new(run.Lt, s_square, s_square, s_square);
        IReadOnlyList<MatrixAlgorithm> proposals = operation.GetHeuristics(workspaceLimit: 1 << 20, count: 5);
        MatrixAlgorithm chosen = operation.Choose(workspaceLimit: 1 << 20);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(proposals, Has.Count.InRange(1, 5));
            Assert.That(proposals.Select(proposal => proposal.Status), Is.All.EqualTo(cublasStatus_t.CUBLAS_STATUS_SUCCESS));
            Assert.That(proposals.Select(proposal => proposal.WorkspaceBytes), Is.All.InRange(0, 1 << 20));
            Assert.That(chosen.Succeeded);
            Assert.That(chosen.Alignment, Is.EqualTo(256));
        }
    }

    private static IEnumerable<TestCaseData> Impossible()
    {
        yield return new TestCaseData(MatrixLayout.ColumnMajor<float>(4, 4), MatrixLayout.ColumnMajor<double>(4, 4), MatrixLayout.ColumnMajor<float>(4, 4), new MatrixMultiplicationOptions())
            .SetArgDisplayNames("a product of singles and doubles");
        yield return new TestCaseData(s_square, s_square, MatrixLayout.ColumnMajor<Half>(4, 4), new MatrixMultiplicationOptions { Compute = MatrixComputeType.Float64 })
            .SetArgDisplayNames("singles in double precision into halves");
        yield return new TestCaseData(
            new MatrixLayout(MatrixElementType.Float32, 4, 4, MatrixOrder.Column32), s_square, s_square, new MatrixMultiplicationOptions())
            .SetArgDisplayNames("singles in the order of the integer units");
        yield return new TestCaseData(s_square, s_square, s_square, new MatrixMultiplicationOptions { Epilogue = (MatrixEpilogue)3 }).SetArgDisplayNames("an epilogue that does not exist");
        yield return new TestCaseData(
            MatrixLayout.ColumnMajor<ComplexSingle>(4, 4), MatrixLayout.ColumnMajor<ComplexSingle>(4, 4), MatrixLayout.ColumnMajor<ComplexSingle>(4, 4),
            new MatrixMultiplicationOptions { Epilogue = MatrixEpilogue.Relu }).SetArgDisplayNames("ReLU of complex numbers");
    }

    [TestCaseSource(nameof(Impossible))]
    public void For_impossible_layouts_the_heuristics_name_no_algorithm(MatrixLayout a, MatrixLayout b, MatrixLayout d, MatrixMultiplicationOptions options)
    {
        using LtRun run = new();
        using MatrixMultiplication operation = new(run.Lt, a, b, d, options);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(operation.GetHeuristics(), Is.Empty);
            Assert.That(() => operation.Choose(), Throws.InvalidOperationException.With.Message.Contains("cuBLASLt offers none").And.Message.Contains(operation.ToString()));
        }
    }

    [Test]
    [CpuDeviceOnly("the words are the CPU device's")]
    public void What_is_refused_is_named_with_the_library_s_own_words()
    {
        using LtRun run = new();
        using MatrixMultiplication operation = new(run.Lt, new(MatrixElementType.Float32, 4, 4, MatrixOrder.Column32), s_square, s_square);
        Assert.That(
            () => operation.Choose(workspaceLimit: 100),
            Throws.InvalidOperationException.With.Message.StartsWith("An algorithm with at most 100 bytes of workspace").And.Message.Contains("cublasLtMatmulAlgoGetHeuristic").And.Message.Contains("has the order 2"));
    }

    [Test]
    public void A_contradiction_is_the_library_s_own_exception()
    {
        using LtRun run = new();
        using MatrixMultiplication operation = new(run.Lt, s_square, s_square, s_square, new() { Factors = (FactorPlace)9 });
        CublasLtException refused = Assert.Throws<CublasLtException>(() => operation.GetHeuristics())!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Code, Is.EqualTo(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE));
            Assert.That(refused.Function, Is.EqualTo("cublasLtMatmulAlgoGetHeuristic"));
        }
    }

    [Test]
    public void The_library_is_told_what_the_options_say()
    {
        using LtRun run = new();
        using MatrixMultiplication operation = new(run.Lt, s_square, s_square, s_square, new()
        {
            Compute = MatrixComputeType.Float32FastTensorFloat32,
            OperationA = MatrixOperation.Transpose,
            OperationB = MatrixOperation.ConjugateTranspose,
            Factors = FactorPlace.AlphaDeviceVectorBetaHost,
            FactorStride = 8,
            Epilogue = MatrixEpilogue.GeluAuxiliaryBias,
            BiasType = MatrixElementType.BFloat16,
            BiasStride = 16,
            AuxiliaryType = MatrixElementType.Float16,
            AuxiliaryLeadingDimension = 24,
            AuxiliaryStride = 200,
            ScaleModeA = MatrixScaleMode.OuterVector,
            ScaleModeB = MatrixScaleMode.OuterVector,
            FastAccumulation = true,
            SmCountTarget = 7,
        });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_COMPUTE_TYPE), Is.EqualTo((int)cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_SCALE_TYPE), Is.EqualTo((int)cudaDataType.CUDA_R_32F));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSA), Is.EqualTo((int)cublasOperation_t.CUBLAS_OP_T));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSB), Is.EqualTo((int)cublasOperation_t.CUBLAS_OP_C));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_POINTER_MODE), Is.EqualTo((int)cublasLtPointerMode_t.CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_HOST));
            Assert.That(Get<long>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_ALPHA_VECTOR_BATCH_STRIDE), Is.EqualTo(8));
            Assert.That(Get<uint>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE), Is.EqualTo((uint)cublasLtEpilogue_t.CUBLASLT_EPILOGUE_GELU_AUX_BIAS));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE), Is.EqualTo((int)cudaDataType.CUDA_R_16BF));
            Assert.That(Get<long>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE), Is.EqualTo(16));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE), Is.EqualTo((int)cudaDataType.CUDA_R_16F));
            Assert.That(Get<long>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD), Is.EqualTo(24));
            Assert.That(Get<long>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE), Is.EqualTo(200));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_A_SCALE_MODE), Is.EqualTo((int)cublasLtMatmulMatrixScale_t.CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_B_SCALE_MODE), Is.EqualTo((int)cublasLtMatmulMatrixScale_t.CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F));
            Assert.That(Get<sbyte>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_FAST_ACCUM), Is.EqualTo(1));
            Assert.That(Get<int>(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET), Is.EqualTo(7));
        }

        T Get<T>(cublasLtMatmulDescAttributes_t attribute)
            where T : unmanaged
        {
            T value;
            nuint written;
            CublasLt.Check(CublasLt.cublasLtMatmulDescGetAttribute(operation.Descriptor, attribute, &value, (nuint)sizeof(T), &written));
            return value;
        }
    }

    [Test]
    public void Layouts_that_do_not_fit_are_refused_before_the_call()
    {
        using LtRun run = new();
        MatrixLayout a = MatrixLayout.ColumnMajor<float>(3, 5), b = MatrixLayout.RowMajor<float>(5, 2), d = MatrixLayout.ColumnMajor<float>(3, 2);
        MatrixLayout two = MatrixLayout.ColumnMajor<float>(3, 5, batchCount: 2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Make(a, b, d), Throws.Nothing);
            Assert.That(() => Make(a, b, d, new() { OperationA = MatrixOperation.Transpose }), Refused("A product of op(A), 5 x 3, and op(B), 5 x 2, was to become D, 3 x 2"));
            Assert.That(() => Make(a, a, d), Refused("op(A), 3 x 5, and op(B), 3 x 5"));
            Assert.That(() => Make(a, b, MatrixLayout.ColumnMajor<float>(2, 3)), Refused("was to become D, 2 x 3"));
            Assert.That(() => new MatrixMultiplication(run.Lt, a, b, MatrixLayout.ColumnMajor<float>(2, 3), d).Dispose(), Refused("C is 2 x 3 and was to be added to a product of 3 x 2"));
            Assert.That(() => Make(two, b, d), Refused("'a' is a batch of 2 and 'd' one of 1"));
            Assert.That(
                () => Make(two, MatrixLayout.RowMajor<float>(5, 2, batchCount: 2, batchStride: 0), MatrixLayout.ColumnMajor<float>(3, 2, batchCount: 2, batchStride: 0)),
                Refused("'d' is a batch of 2 results with a stride of 0"));
            Assert.That(() => Make(a, b, default), Refused("was to become D, 0 x 0"));
            Assert.That(() => Make(default, default, default), Refused("A layout is the default value"));
            Assert.That(() => Make(a, b, d, new() { Compute = (MatrixComputeType)5 }), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new MatrixMultiplication(null!, a, b, d).Dispose(), Throws.ArgumentNullException);
        }

        void Make(MatrixLayout first, MatrixLayout second, MatrixLayout result, MatrixMultiplicationOptions? options = null) => new MatrixMultiplication(run.Lt, first, second, result, options).Dispose();

        static NUnit.Framework.Constraints.IResolveConstraint Refused(string words) => Throws.ArgumentException.With.Message.Contains(words);
    }

    [Test]
    public void Addresses_and_workspaces_that_do_not_fit_are_refused_before_the_call()
    {
        using LtRun run = new();
        DeviceMemory<float> memory = run.Device.Upload(new float[64]);
        using MatrixMultiplication operation = new(run.Lt, s_square, s_square, MatrixLayout.RowMajor<float>(4, 4), s_square);
        MatrixAlgorithm algorithm = operation.Choose(), needy = algorithm with { WorkspaceBytes = 64 }, careless = operation.Choose(alignment: 4);
        DevicePointer start = memory.Span, odd = memory.Span.Slice(1);
        DeviceSpan<byte> bytes = memory.Span.Cast<byte>();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => operation.Run(algorithm, 1, default, start, 0, default, start), Throws.ArgumentNullException.With.Message.Contains("'a' is null"));
            Assert.That(() => operation.Run(algorithm, 1, start, default, 0, default, start), Throws.ArgumentNullException.With.Message.Contains("'b' is null"));
            Assert.That(() => operation.Run(algorithm, 1, start, start, 1, default, start), Throws.ArgumentNullException.With.Message.Contains("'c' is null"));
            Assert.That(() => operation.Run(algorithm, 1, start, start, 0, default, default), Throws.ArgumentNullException.With.Message.Contains("'d' is null"));
            Assert.That(() => operation.Run(algorithm, 1, start, start, 1, start, start), Throws.ArgumentException.With.Message.Contains("'c' is the memory of the result, but lies as Float32 4 x 4 RowMajor"));
            Assert.That(() => operation.Run(algorithm, 1, odd, start, 0, default, start), Throws.ArgumentException.With.Message.Contains("'a' is").And.Message.Contains("aligned to 256 bytes"));
            Assert.That(() => operation.Run(careless, 1, odd, start, 0, default, memory.Span.Slice(32)), Throws.Nothing);
            Assert.That(() => operation.Run(default, 1, start, start, 0, default, start), Throws.ArgumentException.With.Message.Contains("The algorithm is the default value"));
            Assert.That(() => operation.Run(needy, 1, start, start, 0, default, start), Throws.ArgumentException.With.Message.Contains("'workspace' must have at least 64 bytes, aligned to 256"));
            Assert.That(() => operation.Run(needy, 1, start, start, 0, default, start, bytes.Slice(4, 100)), Throws.ArgumentException.With.Message.Contains("'workspace' must have"));
            Assert.That(() => operation.GetHeuristics(count: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => operation.GetHeuristics(workspaceLimit: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => operation.Choose(alignment: 24), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("give a power of 2"));
        }

        run.Device.Stream.Synchronize();
    }

    [Test]
    public void Without_rows_columns_or_an_inner_dimension_there_is_nothing_to_read()
    {
        using LtRun run = new();
        LtMatrix<float> d = run.Matrix<float>(4, 4);
        using MatrixMultiplication operation = new(run.Lt, MatrixLayout.ColumnMajor<float>(4, 0), MatrixLayout.ColumnMajor<float>(0, 4), d.Layout);
        DevicePointer result = d.Pointer;
        operation.Run(operation.Choose(), 1, default, default, 0.5, result, result);
        d.Expect((_, i, j) => 0.5 * d[0, i, j], "D");
    }
}
