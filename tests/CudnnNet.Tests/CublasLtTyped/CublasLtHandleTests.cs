namespace CudnnNet.Tests;

/// <summary>The handle's life and its stream.</summary>
public sealed class CublasLtHandleTests
{
    private static readonly MatrixLayout s_one = MatrixLayout.ColumnMajor<float>(1, 1);

    [Test]
    public void Every_order_of_disposal_is_right()
    {
        CudaContext context = CudaContext.Primary();
        CudaStream stream = context.CreateStream();
        CublasLtHandle lt = new(stream);
        MatrixMultiplication operation = new(lt, s_one, s_one, s_one);
        MatrixTransformation transformation = new(lt, s_one, s_one);
        MatrixAlgorithm algorithm = operation.Choose();
        using DeviceMemory<float> memory = context.Allocate<float>(1), product = context.Allocate<float>(1);
        stream.Fill(memory.Span, 3f);
        context.Dispose();
        lt.Dispose();
        float[] found = [0];
        operation.Run(algorithm, 1, memory, memory, 0, default, product);
        transformation.Run(2, product, product);
        stream.CopyToHost(product.Span, found.AsSpan());
        stream.Synchronize();
        stream.Dispose();
        operation.Dispose();
        operation.Dispose();
        transformation.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found[0], Is.EqualTo(18f));
            Assert.That(() => lt.Handle, Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => operation.Descriptor, Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => operation.Run(algorithm, 1, memory, memory, 0, default, product), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => operation.GetHeuristics(), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => transformation.Run(2, memory, memory), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => new MatrixMultiplication(lt, s_one, s_one, s_one), Throws.TypeOf<ObjectDisposedException>());
        }
    }

    [Test]
    public void Work_goes_into_the_stream_that_is_set()
    {
        using LtRun run = new();
        using CudaStream other = run.Device.Context.CreateStream();
        using MatrixTransformation operation = new(run.Lt, s_one, s_one);
        DeviceMemory<float> memory = run.Device.Upload(2f);
        run.Device.Stream.Synchronize();
        run.Lt.SetStream(other);
        Assert.That(run.Lt.Stream, Is.SameAs(other));
        using CudaGraph graph = other.Capture(() => operation.Run(4, memory, memory));
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(other);
        other.Synchronize();
        Assert.That(run.Device.Download(memory.Span)[0], Is.EqualTo(8f), "it was captured from that stream");
        run.Lt.SetStream(run.Device.Stream);
        other.Dispose();
        Assert.That(() => run.Lt.SetStream(other), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void The_library_tells_its_version_and_how_much_it_remembers()
    {
        long capacity = CublasLtHandle.HeuristicsCacheCapacity;
        CublasLtHandle.HeuristicsCacheCapacity = 77;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(CublasLtHandle.Version, Is.GreaterThanOrEqualTo(120000));
            Assert.That(CublasLtHandle.HeuristicsCacheCapacity, Is.EqualTo(77));
            Assert.That(() => CublasLtHandle.HeuristicsCacheCapacity = -1, Throws.TypeOf<ArgumentOutOfRangeException>());
        }

        CublasLtHandle.HeuristicsCacheCapacity = capacity;
    }
}
