using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Products whose types and arithmetic the caller chooses.</summary>
public sealed class GemmExTests
{
    private const int M = 6, N = 5, K = 9;

    private static IEnumerable<TestCaseData> Combinations()
    {
        yield return Of<Half, Half>(MatrixComputeType.Float32);
        yield return Of<Half, float>(MatrixComputeType.Float32);
        yield return Of<Half, Half>(MatrixComputeType.Float16, NumberOf.Precision<Half>());
        yield return Of<Half, float>(MatrixComputeType.Float32Pedantic);
        yield return Of<BFloat16, BFloat16>(MatrixComputeType.Float32);
        yield return Of<BFloat16, float>(MatrixComputeType.Float32);
        yield return Of<float, float>(MatrixComputeType.Float32);
        yield return Of<float, float>(MatrixComputeType.Float32Pedantic);
        yield return Of<float, float>(MatrixComputeType.Float32FastTensorFloat32, 2e-3);
        yield return Of<float, float>(MatrixComputeType.Float32FastFloat16, 2e-3);
        yield return Of<float, float>(MatrixComputeType.Float32FastBFloat16, 2e-2);
        yield return Of<float, float>(MatrixComputeType.Float32Emulated);
        yield return Of<ComplexSingle, ComplexSingle>(MatrixComputeType.Float32);
        yield return Of<double, double>(MatrixComputeType.Float64);
        yield return Of<double, double>(MatrixComputeType.Float64Pedantic);
        yield return Of<double, double>(MatrixComputeType.Float64Emulated);
        yield return Of<Complex, Complex>(MatrixComputeType.Float64);
        yield return Of<sbyte, int>(MatrixComputeType.Int32, 0);
        yield return Of<sbyte, int>(MatrixComputeType.Int32Pedantic, 0);
        yield return Of<sbyte, float>(MatrixComputeType.Float32);

        static TestCaseData Of<TInput, TOutput>(MatrixComputeType compute, double? precision = null)
            where TInput : unmanaged
            where TOutput : unmanaged => new TestCaseData((Action)(() => Check<TInput, TOutput>(compute, precision)))
            .SetArgDisplayNames($"{typeof(TInput).Name} in {compute} into {typeof(TOutput).Name}");
    }

    [TestCaseSource(nameof(Combinations))]
    public void GemmEx_computes_what_cuBLAS_does(Action check) => check();

    [Test]
    public void What_cuBLAS_does_not_compute_it_refuses_by_name()
    {
        using CublasRun run = new();
        DeviceMatrix<float> single = run.Matrix<float>(2, 2).Device;
        DeviceMatrix<Half> half = run.Matrix<Half>(2, 2).Device;
        DeviceMatrix<double> wide = run.Matrix<double>(2, 2).Device;
        using (Assert.EnterMultipleScope())
        {
            CublasException refused = Assert.Throws<CublasException>(() => run.Cublas.GemmEx(MatrixComputeType.Float32, 1, wide, wide, 0, single))!;
            Assert.That(refused.Code, Is.EqualTo(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED));
            Assert.That(refused.Function, Is.EqualTo("cublasGemmEx_64"));
            Assert.That(() => run.Cublas.GemmEx(MatrixComputeType.Float16, 1, half, half, 0, single), Throws.TypeOf<CublasException>());
            Assert.That(() => run.Cublas.GemmEx((MatrixComputeType)12345, 1, half, half, 0, single), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => run.Cublas.Gemm<int>(1, default, default, 0, default), Throws.ArgumentException.With.Message.Contains("cuBLAS has no Gemm of Int32. Use float, double"));
            Assert.That(() => run.Cublas.GemmEx<decimal, decimal>(MatrixComputeType.Float64, 1, default, default, 0, default), Throws.ArgumentException.With.Message.Contains("no elements of type Decimal"));
        }
    }

    [Test]
    public void A_factor_of_integers_must_be_one()
    {
        using CublasRun run = new();
        DeviceMatrix<sbyte> a = run.Matrix<sbyte>(4, 4).Device;
        DeviceMatrix<int> c = run.Matrix<int>(4, 4).Device;
        Assert.That(
            () => run.Cublas.GemmEx(MatrixComputeType.Int32, 0.5, a, a, 0, c),
            Throws.ArgumentException.With.Message.Contains("'alpha' is 0.5; the operation computes in 32-bit integers"));
    }

    [Test]
    public void Groups_have_their_own_sizes([Values(2, 70)] int repetitions)
    {
        using CublasRun run = new();
        GroupsOf<float, float>(run, repetitions, groups => (a, b, c) => run.Cublas.GemmGroupedBatched<float>(groups, a, b, c));
        GroupsOf<double, double>(run, repetitions, groups => (a, b, c) => run.Cublas.GemmGroupedBatched<double>(groups, a, b, c));
        GroupsOf<BFloat16, BFloat16>(run, repetitions, groups => (a, b, c) => run.Cublas.GemmGroupedBatched<BFloat16>(groups, a, b, c));
        GroupsOf<Half, float>(run, repetitions, groups => (a, b, c) => run.Cublas.GemmGroupedBatchedEx<Half, float>(MatrixComputeType.Float32, groups, a, b, c));
    }

    [Test]
    public void Groups_that_do_not_fit_are_refused_before_the_call()
    {
        using CublasRun run = new();
        DeviceSpan<DevicePointer> two = run.Device.Upload<DevicePointer>(default, default).Span, three = run.Device.Upload<DevicePointer>(default, default, default).Span;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => run.Cublas.GemmGroupedBatched<float>([new(3, 1, 1, 1)], three, two, three), Throws.ArgumentException.With.Message.Contains("'b' takes 3 elements; the span has 2"));
            Assert.That(() => run.Cublas.GemmGroupedBatched<float>([new(-1, 1, 1, 1)], three, three, three), Throws.ArgumentException.With.Message.Contains("Group 0 has -1 products"));
            Assert.That(() => run.Cublas.GemmGroupedBatched<float>([new(1, 4, 1, 1) { LeadingDimensionA = 3 }], three, three, three), Throws.ArgumentException.With.Message.Contains("leading dimension 3"));
            Assert.That(() => run.Cublas.GemmGroupedBatched<ComplexSingle>([], three, three, three), Throws.ArgumentException.With.Message.Contains("cuBLAS has no GemmGroupedBatched of ComplexSingle"));
        }
    }

    [Test]
    public void Products_of_mixed_types_allocate_no_managed_memory()
    {
        using CublasRun run = new();
        DeviceMatrix<BFloat16> a = run.Matrix<BFloat16>(4, 4).Device;
        DeviceMatrix<float> c = run.Matrix<float>(4, 4).Device;
        DeviceSpan<DevicePointer> pointers = run.Device.Upload<DevicePointer>(a.Pointer, a.Pointer).Span, results = run.Device.Upload<DevicePointer>(c.Pointer, c.Pointer.Offset(8)).Span;
        GemmGroup[] groups = [new(1, 1, 1, 1), new(1, 1, 1, 1)];
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            run.Cublas.GemmEx(MatrixComputeType.Float32, 1, a, a, 0, c);
            run.Cublas.GemmGroupedBatchedEx<BFloat16, float>(MatrixComputeType.Float32, groups, pointers, pointers, results);
            run.Device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    private static void Check<TInput, TOutput>(MatrixComputeType compute, double? precision)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        using CublasRun run = new();
        bool whole = typeof(TInput) == typeof(sbyte);
        foreach (MatrixOperation a in Enum.GetValues<MatrixOperation>())
        {
            foreach (MatrixOperation b in Enum.GetValues<MatrixOperation>())
            {
                HostMatrix<TInput> A = run.Matrix<TInput>(M, K, a), B = run.Matrix<TInput>(K, N, b);
                HostMatrix<TOutput> C = run.Matrix<TOutput>(M, N), D = run.Matrix<TOutput>(M, N).Forget();
                if (whole)
                {
                    A.Fill((_, _) => 8 * run.Number<double>());
                    B.Fill((_, _) => 8 * run.Number<double>());
                    C.Fill((_, _) => 8 * run.Number<double>());
                }

                (double alpha, double beta) = whole ? (3, -2) : (1.5, -0.5);
                run.Cublas.GemmEx(compute, alpha, A.Device, B.Device, beta, C.Device);
                run.Cublas.GemmEx(compute, alpha, A.Device, B.Device, 0, D.Device);
                C.Expect((i, j) => (alpha * Number.Sum(K, l => A[i, l] * B[l, j])) + (beta * C[i, j]), $"{a} {b}", precision: precision);
                D.Expect((i, j) => alpha * Number.Sum(K, l => A[i, l] * B[l, j]), $"{a} {b}, not blended", precision: precision);
            }
        }
    }

    private delegate void Grouped(DeviceSpan<DevicePointer> a, DeviceSpan<DevicePointer> b, DeviceSpan<DevicePointer> c);

    private static void GroupsOf<TInput, TOutput>(CublasRun run, int repetitions, Func<GemmGroup[], Grouped> multiply)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        List<GemmGroup> groups = [];
        List<(HostMatrix<TInput> A, HostMatrix<TInput> B, HostMatrix<TOutput> C, double Alpha, double Beta)> products = [];
        for (int repetition = 0; repetition < repetitions; repetition++)
        {
            foreach ((int count, int m, int n, int k, MatrixOperation a, MatrixOperation b, double alpha, double beta) in
                ((int, int, int, int, MatrixOperation, MatrixOperation, double, double)[])
                [
                    (2, 3, 2, 5, MatrixOperation.None, MatrixOperation.Transpose, 0.5, 2),
                    (1, 1, 4, 2, MatrixOperation.Transpose, MatrixOperation.None, 1, 0),
                ])
            {
                for (int i = 0; i < count; i++)
                {
                    products.Add((run.Matrix<TInput>(m, k, a), run.Matrix<TInput>(k, n, b), run.Matrix<TOutput>(m, n), alpha, beta));
                }

                (HostMatrix<TInput> A, HostMatrix<TInput> B, HostMatrix<TOutput> C, _, _) = products[^1];
                groups.Add(new(count, m, n, k)
                {
                    OperationA = a,
                    OperationB = b,
                    LeadingDimensionA = A.Leading,
                    LeadingDimensionB = B.Leading,
                    LeadingDimensionC = C.Leading,
                    Alpha = alpha,
                    Beta = beta,
                });
            }
        }

        DeviceMemory<DevicePointer> pointersA = run.Device.Upload<DevicePointer>([.. products.Select(product => product.A.Device.Pointer)]);
        DeviceMemory<DevicePointer> pointersB = run.Device.Upload<DevicePointer>([.. products.Select(product => product.B.Device.Pointer)]);
        DeviceMemory<DevicePointer> pointersC = run.Device.Upload<DevicePointer>([.. products.Select(product => product.C.Device.Pointer)]);
        multiply([.. groups])(pointersA, pointersB, pointersC);
        foreach ((HostMatrix<TInput> A, HostMatrix<TInput> B, HostMatrix<TOutput> C, double alpha, double beta) in products)
        {
            C.Expect((i, j) => (alpha * Number.Sum(A.Columns, l => A[i, l] * B[l, j])) + (beta * C[i, j]), "a group");
        }
    }
}
