using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>Products against plain loops in double: orders, transpositions, batches, types and factors.</summary>
public sealed class MatrixMultiplicationTests
{
    private const int M = 6, N = 5, K = 9;

    [Test]
    [Combinatorial]
    public void Orders_and_transpositions_may_be_mixed(
        [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder orderA,
        [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder orderB,
        [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder orderC,
        [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder orderD,
        [Values(MatrixOperation.None, MatrixOperation.Transpose)] MatrixOperation operationA,
        [Values(MatrixOperation.None, MatrixOperation.Transpose)] MatrixOperation operationB)
    {
        using LtRun run = new();
        Product<float> product = new(run, operationA, operationB, batch: 2, orderA, orderB, orderC, orderD);
        product.Check(new() { OperationA = operationA, OperationB = operationB }, 1.5, -0.5);
    }

    private static IEnumerable<TestCaseData> Types()
    {
        yield return Of<float>(MatrixComputeType.Float32);
        yield return Of<float>(MatrixComputeType.Float32Pedantic);
        yield return Of<float>(MatrixComputeType.Float32FastTensorFloat32, 2e-3);
        yield return Of<double>(MatrixComputeType.Float64);
        yield return Of<Half>(MatrixComputeType.Float32);
        yield return Of<Half>(MatrixComputeType.Float16, 2e-3);
        yield return Of<BFloat16>(MatrixComputeType.Float32);
        yield return Of<ComplexSingle>(MatrixComputeType.Float32);
        yield return Of<Complex>(MatrixComputeType.Float64);

        static TestCaseData Of<T>(MatrixComputeType compute, double? precision = null)
            where T : unmanaged => new TestCaseData((Action)(() => CheckType<T>(compute, precision))).SetArgDisplayNames($"{typeof(T).Name} in {compute}");
    }

    [TestCaseSource(nameof(Types))]
    public void Every_type_is_multiplied(Action check) => check();

    [Test]
    public void Integers_become_integers()
    {
        using LtRun run = new();
        LtMatrix<sbyte> a = run.Matrix<sbyte>(M, K), b = run.Matrix<sbyte>(K, N);
        LtMatrix<int> d = run.Matrix<int>(M, N);
        using MatrixMultiplication wide = new(run.Lt, a.Layout, b.Layout, d.Layout, new() { Compute = MatrixComputeType.Int32 });
        Assert.That(wide.FactorType, Is.EqualTo(MatrixElementType.Int32));
        run.Run(wide, 3, a.Pointer, b.Pointer, -2, d.Pointer, d.Pointer);
        d.Expect((_, i, j) => (3 * Number.Sum(K, l => a[0, i, l] * b[0, l, j])) - (2 * d[0, i, j]), "32 bits", 0);

        LtMatrix<sbyte> narrow = run.Matrix<sbyte>(M, N);
        using MatrixMultiplication saturating = new(run.Lt, a.Layout, b.Layout, narrow.Layout, new() { Compute = MatrixComputeType.Int32 });
        Assert.That(saturating.FactorType, Is.EqualTo(MatrixElementType.Float32));
        run.Run(saturating, 0.25, a.Pointer, b.Pointer, 0, DevicePointer.Null, narrow.Pointer);
        narrow.Expect((_, i, j) => Math.Clamp(Math.Round(0.25 * Number.Sum(K, l => a[0, i, l] * b[0, l, j]).Real), -128, 127), "8 bits", 0);
    }

    [Test]
    public void The_type_may_change_on_the_way()
    {
        using LtRun run = new();
        LtMatrix<BFloat16> a = run.Matrix<BFloat16>(M, K), b = run.Matrix<BFloat16>(K, N);
        LtMatrix<float> d = run.Matrix<float>(M, N);
        using MatrixMultiplication operation = new(run.Lt, a.Layout, b.Layout, d.Layout);
        run.Run(operation, 1, a.Pointer, b.Pointer, 1, d.Pointer, d.Pointer);
        d.Expect((_, i, j) => Number.Sum(K, l => a[0, i, l] * b[0, l, j]) + d[0, i, j], "D");
    }

    [Test]
    public void A_stride_of_0_takes_one_matrix_for_all()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(M, K), b = run.Matrix<float>(K, N, batch: 3), d = run.Matrix<float>(M, N, batch: 3);
        MatrixLayout same = MatrixLayout.ColumnMajor<float>(M, K, a.Layout.LeadingDimension, batchCount: 3, batchStride: 0);
        using MatrixMultiplication operation = new(run.Lt, same, b.Layout, d.Layout);
        run.Run(operation, 1, a.Pointer, b.Pointer, 0, DevicePointer.Null, d.Pointer);
        d.Expect((index, i, j) => Number.Sum(K, l => a[0, i, l] * b[index, l, j]), "D");
    }

    [Test]
    public void A_batch_may_be_found_through_pointers()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(M, K, batch: 2), b = run.Matrix<float>(K, N, batch: 2), d = run.Matrix<float>(M, N, batch: 2);
        DeviceMatrixArray<float> pointersA = Pointers(run, a), pointersB = Pointers(run, b), pointersD = Pointers(run, d);
        using MatrixMultiplication operation = new(run.Lt, MatrixLayout.Of(pointersA), MatrixLayout.Of(pointersB), MatrixLayout.Of(pointersD));
        MatrixAlgorithm algorithm = operation.Choose(alignment: 4);
        operation.Run(algorithm, 1, pointersA.Pointers, pointersB.Pointers, 1, pointersD.Pointers, pointersD.Pointers);
        d.Expect((index, i, j) => Number.Sum(K, l => a[index, i, l] * b[index, l, j]) + d[index, i, j], "D");

        static DeviceMatrixArray<float> Pointers(LtRun run, LtMatrix<float> matrix) => run.Device.PointersTo(
            new DeviceMatrixBatch<float>(matrix.Device, matrix.Layout.Rows, matrix.Layout.Columns, 2, matrix.Layout.LeadingDimension, matrix.Layout.BatchStride));
    }

    [Test]
    public void Factors_may_be_numbers_or_vectors_on_the_device([Values] FactorPlace place)
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(M, K, batch: 2), b = run.Matrix<float>(K, N, batch: 2), c = run.Matrix<float>(M, N, batch: 2), d = run.Matrix<float>(M, N, batch: 2).Forget();
        float[] alpha = run.Numbers<float>(2 * (M + 1)), beta = run.Numbers<float>(2 * (M + 1));
        DeviceSpan<float> alphas = run.Device.Upload<float>(alpha).Span, betas = run.Device.Upload<float>(beta).Span;
        using MatrixMultiplication operation = new(run.Lt, a.Layout, b.Layout, c.Layout, d.Layout, new() { Factors = place, FactorStride = M + 1 });
        MatrixAlgorithm algorithm = operation.Choose();
        bool vectors = place is not (FactorPlace.Host or FactorPlace.Device);
        switch (place)
        {
            case FactorPlace.Host:
                operation.Run(algorithm, alpha[0], a.Pointer, b.Pointer, beta[0], c.Pointer, d.Pointer);
                break;
            case FactorPlace.Device:
                operation.Run(algorithm, Scalar.OnDevice(alphas), a.Pointer, b.Pointer, Scalar.OnDevice(betas), c.Pointer, d.Pointer);
                break;
            case FactorPlace.DeviceVectors:
                operation.Run(algorithm, alphas, a.Pointer, b.Pointer, betas, c.Pointer, d.Pointer);
                break;
            case FactorPlace.AlphaDeviceVectorBetaZero:
                operation.Run(algorithm, alphas, a.Pointer, b.Pointer, 0, DevicePointer.Null, d.Pointer);
                break;
            default:
                operation.Run(algorithm, alphas, a.Pointer, b.Pointer, beta[0], c.Pointer, d.Pointer);
                break;
        }

        d.Expect(
            (index, i, j) =>
            {
                double first = alpha[vectors ? (index * (M + 1)) + i : 0];
                double second = place switch
                {
                    FactorPlace.DeviceVectors => beta[(index * (M + 1)) + i],
                    FactorPlace.AlphaDeviceVectorBetaZero => 0,
                    _ => beta[0],
                };
                return (first * Number.Sum(K, l => a[index, i, l] * b[index, l, j])) + (second * c[index, i, j]);
            },
            "D");
    }

    [Test]
    public void Factors_that_are_not_where_the_options_say_are_refused()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(4, 4);
        DeviceSpan<float> three = run.Device.Upload(new float[3]).Span, four = run.Device.Upload(new float[4]).Span;
        DeviceSpan<double> wide = run.Device.Upload(new double[4]).Span;
        using MatrixMultiplication host = Of(FactorPlace.Host), device = Of(FactorPlace.Device), vectors = Of(FactorPlace.DeviceVectors), zero = Of(FactorPlace.AlphaDeviceVectorBetaZero);
        MatrixAlgorithm algorithm = host.Choose();
        DevicePointer p = a.Pointer;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => host.Run(algorithm, Scalar.OnDevice(four), p, p, Scalar.OnDevice(four), p, p), Refused("Host"));
            Assert.That(() => host.Run(algorithm, 1, p, p, Scalar.OnDevice(four), p, p), Refused("Host"));
            Assert.That(() => host.Run(algorithm, four, p, p, 1, p, p), Refused("Host"));
            Assert.That(() => host.Run(algorithm, four, p, p, four, p, p), Refused("Host"));
            Assert.That(() => device.Run(algorithm, 1, p, p, 0, p, p), Refused("Device"));
            Assert.That(() => vectors.Run(algorithm, 1, p, p, 0, p, p), Refused("DeviceVectors"));
            Assert.That(() => vectors.Run(algorithm, four, p, p, 0, p, p), Refused("DeviceVectors"));
            Assert.That(() => zero.Run(algorithm, four, p, p, 1, p, p), Refused("AlphaDeviceVectorBetaZero"));
            Assert.That(() => vectors.Run(algorithm, three, p, p, four, p, p), Throws.ArgumentException.With.Message.Contains("'alpha' takes 4 elements; the span has 3"));
            Assert.That(() => vectors.Run(algorithm, four, p, p, three, p, p), Throws.ArgumentException.With.Message.Contains("'beta' takes 4 elements; the span has 3"));
            Assert.That(() => vectors.Run(algorithm, wide, p, p, wide, p, p), Throws.ArgumentException.With.Message.Contains("'alpha' was to hold Float64; the operation takes Float32"));
            Assert.That(() => device.Run(algorithm, Scalar.OnDevice(wide), p, p, Scalar.OnDevice(wide), p, p), Throws.ArgumentException.With.Message.Contains("'alpha' lies on the device as double"));
        }

        MatrixMultiplication Of(FactorPlace place) => new(run.Lt, a.Layout, a.Layout, a.Layout, new() { Factors = place });

        static NUnit.Framework.Constraints.IResolveConstraint Refused(string place) => Throws.ArgumentException.With.Message.Contains($"factors are given as {place};");
    }

    [Test]
    public void A_beta_of_0_reads_nothing_and_an_alpha_of_0_neither()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(M, K).Forget(), b = run.Matrix<float>(K, N).Forget(), c = run.Matrix<float>(M, N), d = run.Matrix<float>(M, N).Forget();
        using MatrixMultiplication operation = new(run.Lt, a.Layout, b.Layout, d.Layout);
        run.Run(operation, 0, a.Pointer, b.Pointer, 0.5, c.Pointer, d.Pointer);
        d.Expect((_, i, j) => 0.5 * c[0, i, j], "without a product");
        LtMatrix<float> x = run.Matrix<float>(M, K), y = run.Matrix<float>(K, N);
        run.Run(operation, 1, x.Pointer, y.Pointer, 0, d.Pointer, d.Pointer);
        d.Expect((_, i, j) => Number.Sum(K, l => x[0, i, l] * y[0, l, j]), "over what was there");
    }

    [Test]
    public void Runs_allocate_no_managed_memory()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(M, M), b = run.Matrix<float>(M, M), d = run.Matrix<float>(M, M);
        DeviceSpan<float> vector = run.Device.Upload(new float[M]).Span;
        using MatrixMultiplication plain = new(run.Lt, a.Layout, b.Layout, d.Layout);
        using MatrixMultiplication full = new(run.Lt, a.Layout, b.Layout, d.Layout, new() { Epilogue = MatrixEpilogue.GeluAuxiliaryBias });
        using MatrixMultiplication vectors = new(run.Lt, a.Layout, b.Layout, d.Layout, new() { Factors = FactorPlace.DeviceVectors });
        using MatrixTransformation transformation = new(run.Lt, a.Layout, b.Layout, d.Layout);
        DeviceSpan<byte> kept = run.Device.Upload(new byte[full.AuxiliaryBytes]).Span;
        MatrixAlgorithm algorithm = plain.Choose(), second = full.Choose(), third = vectors.Choose();
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            plain.Run(algorithm, 1, a.Pointer, b.Pointer, 0.5, d.Pointer, d.Pointer);
            full.SetBias(vector);
            full.SetAuxiliary(kept);
            full.Run(second, 1, a.Pointer, b.Pointer, 0, default, d.Pointer);
            vectors.Run(third, vector, a.Pointer, b.Pointer, vector, d.Pointer, d.Pointer);
            transformation.Run(1, a.Pointer, 2, b.Pointer, d.Pointer);
            run.Device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    [Test]
    public void A_captured_multiplication_runs_with_its_graph()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(M, K), b = run.Matrix<float>(K, N), d = run.Matrix<float>(M, N);
        DevicePointer first = a.Pointer, second = b.Pointer, result = d.Pointer;
        using MatrixMultiplication operation = new(run.Lt, a.Layout, b.Layout, d.Layout);
        MatrixAlgorithm algorithm = operation.Choose(workspaceLimit: 0);
        using CudaGraph graph = run.Device.Stream.Capture(() => operation.Run(algorithm, 1, first, second, 1, result, result));
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(run.Device.Stream);
        executable.Launch(run.Device.Stream);
        d.Expect((_, i, j) => (2 * Number.Sum(K, l => a[0, i, l] * b[0, l, j])) + d[0, i, j], "added twice");
    }

    private static void CheckType<T>(MatrixComputeType compute, double? precision)
        where T : unmanaged
    {
        using LtRun run = new();
        foreach (MatrixOperation a in Enum.GetValues<MatrixOperation>())
        {
            foreach (MatrixOperation b in Enum.GetValues<MatrixOperation>())
            {
                MatrixMultiplicationOptions options = new() { Compute = compute, OperationA = a, OperationB = b };
                new Product<T>(run, a, b, 1).Check(options, 1.5, -0.5, precision);
                if (NumberOf.IsComplex<T>())
                {
                    new Product<T>(run, a, b, 1).Check(options, new Complex(0.5, -1), new Complex(2, 0.25), precision);
                }
            }
        }
    }

    private sealed class Product<T>(
        LtRun run,
        MatrixOperation operationA,
        MatrixOperation operationB,
        int batch,
        MatrixOrder orderA = MatrixOrder.ColumnMajor,
        MatrixOrder orderB = MatrixOrder.ColumnMajor,
        MatrixOrder orderC = MatrixOrder.ColumnMajor,
        MatrixOrder orderD = MatrixOrder.ColumnMajor)
        where T : unmanaged
    {
        private readonly LtMatrix<T> _a = operationA == MatrixOperation.None ? run.Matrix<T>(M, K, orderA, batch) : run.Matrix<T>(K, M, orderA, batch);
        private readonly LtMatrix<T> _b = operationB == MatrixOperation.None ? run.Matrix<T>(K, N, orderB, batch) : run.Matrix<T>(N, K, orderB, batch);
        private readonly LtMatrix<T> _c = run.Matrix<T>(M, N, orderC, batch);
        private readonly LtMatrix<T> _d = run.Matrix<T>(M, N, orderD, batch).Forget();

        public void Check(MatrixMultiplicationOptions options, Complex alpha, Complex beta, double? precision = null)
        {
            using MatrixMultiplication operation = new(run.Lt, _a.Layout, _b.Layout, _c.Layout, _d.Layout, options);
            run.Run(operation, alpha, _a.Pointer, _b.Pointer, beta, _c.Pointer, _d.Pointer);
            _d.Expect(
                (index, i, j) => (alpha * Number.Sum(K, l => _a.Taken(operationA, index, i, l) * _b.Taken(operationB, index, l, j))) + (beta * _c[index, i, j]),
                $"{operationA} {operationB}", precision);
        }
    }
}
