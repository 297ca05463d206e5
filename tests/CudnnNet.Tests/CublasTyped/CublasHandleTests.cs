using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The handle: its settings, its streams, its life; batches of matrix-vector products; capture; the logger.</summary>
public sealed class CublasHandleTests
{
    [Test]
    public void Settings_are_the_handles()
    {
        using CublasRun run = new();
        CublasHandle cublas = run.Cublas;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cublas.MathMode, Is.EqualTo(MatrixMathMode.Default));
            Assert.That(cublas.AtomicsAllowed, Is.False);
            Assert.That(cublas.SmCountTarget, Is.Zero);
            Assert.That(cublas.Version, Is.GreaterThanOrEqualTo(120000));
            Assert.That(cublas.Stream, Is.SameAs(run.Device.Stream));
            Assert.That(cublas.Handle.Value, Is.Not.Zero);
        }

        cublas.MathMode = MatrixMathMode.TensorFloat32 | MatrixMathMode.DisallowReducedPrecisionReduction;
        cublas.AtomicsAllowed = true;
        cublas.SmCountTarget = 1;
        cublas.SetWorkspace(run.Device.Own(run.Device.Context.Allocate<byte>(4.MiB())));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cublas.MathMode, Is.EqualTo(MatrixMathMode.TensorFloat32 | MatrixMathMode.DisallowReducedPrecisionReduction));
            Assert.That(cublas.AtomicsAllowed, Is.True);
            Assert.That(cublas.SmCountTarget, Is.EqualTo(1));
            Assert.That(() => cublas.SmCountTarget = -1, Throws.TypeOf<CublasException>());
            Assert.That(() => cublas.MathMode = (MatrixMathMode)7, Throws.TypeOf<CublasException>().With.Message.Contains("cublasSetMathMode answered CUBLAS_STATUS_INVALID_VALUE (7)"));
            Assert.That(() => cublas.SetWorkspace(new(4100, 8)), Throws.ArgumentException.With.Message.Contains("aligned to 256 bytes"));
        }

        cublas.SetWorkspace(default);
    }

    [Test]
    public void The_emulation_strategy_is_the_handles()
    {
        using CublasRun run = new();
        if (run.Cublas.Version < 130100)
        {
            Assert.Throws<MissingFunctionException>(() => _ = run.Cublas.EmulationStrategy);
            return;
        }

        Assert.That(run.Cublas.EmulationStrategy, Is.EqualTo(EmulationStrategy.Default));
        run.Cublas.EmulationStrategy = EmulationStrategy.Eager;
        Assert.That(run.Cublas.EmulationStrategy, Is.EqualTo(EmulationStrategy.Eager));
    }

    [Test]
    public void Factors_on_the_device_are_read_when_the_operation_runs()
    {
        using CublasRun run = new();
        HostVector<float> x = run.Vector<float>(8), y = run.Vector<float>(8);
        DeviceMemory<float> alpha = run.Device.Upload(0f);
        DeviceVector<float> source = x.Device, target = y.Device;
        // The dot product becomes the factor of what is queued behind it.
        run.Cublas.Dot(source, source, alpha);
        run.Cublas.Axpy(Scalar.OnDevice(alpha.Span), source, target);
        run.Cublas.Scal(2, target);
        double factor = Number.Sum(8, i => x[i] * x[i]).Real;
        y.Expect(i => 2 * ((factor * x[i]) + y[i]), "axpy with a computed factor");
    }

    [Test]
    public void The_raw_handle_may_change_the_pointer_mode()
    {
        using CublasRun run = new();
        HostVector<float> x = run.Vector<float>(8);
        DeviceVector<float> vector = x.Device;
        run.Cublas.Scal(2, vector);
        Cublas.Check(Cublas.cublasSetPointerMode_v2(run.Cublas.Handle, cublasPointerMode_t.CUBLAS_POINTER_MODE_DEVICE));
        run.Cublas.Scal(2, vector);
        x.Expect(i => 4 * x[i], "scal");
    }

    [Test]
    public void Another_stream_gets_what_comes_afterwards()
    {
        using CublasRun run = new();
        HostVector<float> x = run.Vector<float>(8);
        DeviceVector<float> vector = x.Device;
        run.Device.Stream.Synchronize();
        using CudaStream other = run.Device.Context.CreateStream();
        using CudaEvent gate = run.Device.Context.CreateEvent(), done = run.Device.Context.CreateEvent();
        run.Cublas.Scal(2, vector);
        run.Device.Stream.Record(gate);
        run.Cublas.SetStream(other);
        Assert.That(run.Cublas.Stream, Is.SameAs(other));
        other.Wait(gate);
        run.Cublas.Scal(3, vector);
        other.Record(done);
        run.Device.Stream.Wait(done);
        other.Dispose();
        x.Expect(i => 6 * x[i], "scal on two streams");
        using CudaContext own = CudaContext.Create();
        using CudaStream foreign = own.CreateStream();
        Assert.That(() => run.Cublas.SetStream(foreign), Throws.ArgumentException.With.Message.Contains("another context"));
        Assert.That(() => run.Cublas.SetStream(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void Operations_are_captured_and_replayed()
    {
        using CublasRun run = new();
        HostMatrix<float> a = run.Matrix<float>(4, 4), b = run.Matrix<float>(4, 4), c = run.Matrix<float>(4, 4);
        HostVector<float> x = run.Vector<float>(4);
        DeviceMatrix<float> A = a.Device, B = b.Device, C = c.Device;
        DeviceMemory<float> product = run.Device.Upload(0f);
        DeviceVector<float> X = x.Device;
        run.Device.Stream.Synchronize();
        using CudaGraph graph = run.Device.Stream.Capture(() =>
        {
            run.Cublas.Gemm(1, A, B, 1, C);
            run.Cublas.Dot(X, X, product);
        });
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(run.Device.Stream);
        executable.Launch(run.Device.Stream);
        c.Expect((i, j) => c[i, j] + (2 * Number.Sum(4, l => a[i, l] * b[l, j])), "gemm, twice");
        Assert.That(run.Device.Download(product.Span)[0], Is.EqualTo(Number.Sum(4, i => x[i] * x[i]).Real).Within(1e-5));
    }

    [Test]
    public void A_number_that_would_be_waited_for_cannot_be_captured()
    {
        using CublasRun run = new();
        DeviceVector<float> x = run.Vector<float>(4).Device;
        run.Device.Stream.Synchronize();
        Assert.That(() => run.Device.Stream.Capture(() => run.Cublas.Dot(x, x)), Throws.TypeOf<CublasException>());
        Assert.That(() => run.Cublas.Dot(x, x), Throws.Nothing);
    }

    [Test]
    public void Batches_of_matrix_vector_products_are_products_one_by_one([Values] MatrixOperation operation)
    {
        using CublasRun run = new();
        Check<float, float>();
        Check<double, double>();
        Check<ComplexSingle, ComplexSingle>();
        Check<Complex, Complex>();
        Check<Half, Half>();
        Check<Half, float>();
        Check<BFloat16, BFloat16>();
        Check<BFloat16, float>();
        Assert.That(
            () => run.Cublas.GemvStridedBatched<float, double>(1, default, default, 0, default),
            Throws.ArgumentException.With.Message.Contains("cuBLAS has no GemvStridedBatched from Single to Double"));

        void Check<TInput, TOutput>()
            where TInput : unmanaged
            where TOutput : unmanaged
        {
            const int M = 4, N = 3, Batch = 3;
            HostMatrix<TInput>[] a = [.. Enumerable.Range(0, Batch).Select(_ => run.Matrix<TInput>(M, N, operation))];
            HostVector<TInput>[] x = [.. Enumerable.Range(0, Batch).Select(_ => run.Vector<TInput>(N, -2))];
            HostVector<TOutput>[] y = [.. Enumerable.Range(0, Batch).Select(_ => run.Vector<TOutput>(M, 2))];
            DeviceMatrixArray<TInput> array = new(Pointers(a.Select(matrix => matrix.Device.Pointer)), a[0].RowsInMemory, a[0].ColumnsInMemory, a[0].Leading);
            array = operation switch { MatrixOperation.None => array, MatrixOperation.Transpose => array.Transposed, _ => array.ConjugateTransposed };
            run.Cublas.GemvBatched<TInput, TOutput>(0.5, array, new(Pointers(x.Select(vector => vector.Device.Pointer)), N, -2), -1, new(Pointers(y.Select(vector => vector.Device.Pointer)), M, 2));
            for (int index = 0; index < Batch; index++)
            {
                y[index].Expect(i => (0.5 * Number.Sum(N, j => a[index][i, j] * x[index][j])) - y[index][i], $"{typeof(TInput).Name}: vector {index}");
            }

            // The same matrix every time; the vectors are the columns of a matrix, backwards, and the results rows of another.
            HostMatrix<TInput> columns = run.Matrix<TInput>(N, Batch);
            HostMatrix<TOutput> rows = run.Matrix<TOutput>(Batch, M);
            DeviceMatrix<TInput> only = a[0].Device;
            DeviceMatrixBatch<TInput> repeated = new(
                new DeviceSpan<TInput>(only.Pointer.Address, a[0].Leading * a[0].ColumnsInMemory), a[0].RowsInMemory, a[0].ColumnsInMemory, Batch, a[0].Leading, 0);
            repeated = operation switch { MatrixOperation.None => repeated, MatrixOperation.Transpose => repeated.Transposed, _ => repeated.ConjugateTransposed };
            run.Cublas.GemvStridedBatched<TInput, TOutput>(
                2, repeated, new(new DeviceSpan<TInput>(columns.Device.Pointer.Address, columns.Leading * Batch), N, Batch, -1, columns.Leading), 0,
                new(new DeviceSpan<TOutput>(rows.Device.Pointer.Address, rows.Leading * M), M, Batch, rows.Leading, 1));
            rows.Expect((index, i) => 2 * Number.Sum(N, j => a[0][i, j] * columns[N - 1 - j, index]), $"{typeof(TInput).Name}, strided");
        }

        DeviceMemory<DevicePointer> Pointers(IEnumerable<DevicePointer> pointers) => run.Device.Upload<DevicePointer>([.. pointers]);
    }

    [Test]
    public void A_matrix_of_sixteen_bits_times_a_vector_is_summed_in_single_precision([Values] MatrixOperation operation)
    {
        using CublasRun run = new();
        Check<Half>();
        Check<BFloat16>();

        void Check<T>()
            where T : unmanaged
        {
            HostMatrix<T> a = run.Matrix<T>(5, 4, operation);
            HostVector<T> x = run.Vector<T>(4, 2), y = run.Vector<T>(5, -1);
            run.Cublas.Gemv(0.5, a.Device, x.Device, 2, y.Device);
            y.Expect(i => (0.5 * Number.Sum(4, j => a[i, j] * x[j])) + (2 * y[i]), typeof(T).Name);
        }
    }

    [Test]
    public void A_matrix_larger_than_its_memory_is_found_by_the_device()
    {
        Requires.TheCpuDevice("a GPU may let small overruns pass");
        using TestDevice device = new();
        using CudaContext own = CudaContext.Create();
        using CudaStream stream = own.CreateStream();
        using CublasHandle cublas = new(stream);
        using DeviceMemory<float> memory = own.Allocate<float>(16);
        using DeviceMemory<DevicePointer> pointers = own.Allocate<DevicePointer>(1);
        stream.CopyToDevice([new DevicePointer(memory.Address)], pointers.Span);
        DeviceMatrixArray<float> large = new(pointers, 1000, 1000);
        cublas.GemmBatched(1, large, large, 0, large);
        Assert.That(stream.Synchronize, Throws.TypeOf<CudaException>().With.Property("Code").EqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS));
    }

    [Test]
    public void A_disposed_handle_computes_nothing_any_more()
    {
        using TestDevice device = new();
        CublasHandle cublas = new(device.Stream);
        DeviceMemory<float> x = device.Upload<float>(1);
        DeviceMatrix<float> matrix = new(x, 1, 1);
        cublas.Dispose();
        cublas.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => cublas.Gemm(1, matrix, matrix, 0, matrix));
            Assert.Throws<ObjectDisposedException>(() => cublas.Axpy<float>(1, x, x));
            Assert.Throws<ObjectDisposedException>(() => _ = cublas.Handle);
            Assert.Throws<ObjectDisposedException>(() => _ = cublas.Version);
            Assert.Throws<ObjectDisposedException>(() => cublas.MathMode = MatrixMathMode.Default);
            Assert.Throws<ObjectDisposedException>(() => cublas.SetWorkspace(default));
            Assert.Throws<ObjectDisposedException>(() => cublas.SetStream(device.Stream));
            Assert.Throws<ArgumentNullException>(() => _ = new CublasHandle(null!));
        }
    }

    [Test]
    public void The_logger_tells_a_listener_and_a_file()
    {
        using CublasRun run = new();
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, "cublas.log");
        List<string> messages = [];
        CublasLogger.Listen(message =>
        {
            messages.Add(message);
            throw new InvalidOperationException("a listener that fails");
        });
        CublasLogger.Write(file: file);
        try
        {
            run.Cublas.Axpy(1, run.Vector<float>(3).Device, run.Vector<float>(3).Device);
        }
        finally
        {
            CublasLogger.Write();
            CublasLogger.Listen(null);
        }

        int count = messages.Count;
        run.Cublas.Axpy(1, run.Vector<float>(3).Device, run.Vector<float>(3).Device);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(messages, Has.Some.Contains("cublasSaxpy"));
            Assert.That(File.ReadAllText(file), Does.Contain("cublasSaxpy"));
            Assert.That(messages, Has.Count.EqualTo(count), "nobody listens any more");
            Assert.That(CublasLogger.Failure?.Message, Is.EqualTo("a listener that fails"));
            Assert.That(() => CublasLogger.Write(file: "/nowhere/at/all"), Throws.TypeOf<CublasException>());
        }
    }
}
