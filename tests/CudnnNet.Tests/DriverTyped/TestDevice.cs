using Golden;

namespace CudnnNet.Tests;

/// <summary>A context with a stream and ways to bring numbers there and back; what most tests of the typed floor start with.</summary>
internal class TestDevice : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public TestDevice()
        : this(CudaContext.Primary())
    {
    }

    /// <summary>The device of another context, which goes with it.</summary>
    protected TestDevice(CudaContext context)
    {
        Context = context;
        Stream = Context.CreateStream();
    }

    public CudaContext Context { get; }

    public CudaStream Stream { get; }

    /// <summary>Makes <paramref name="owner"/> go with the device.</summary>
    public T Own<T>(T owner)
        where T : IDisposable
    {
        _owned.Add(owner);
        return owner;
    }

    public DeviceMemory<T> Upload<T>(params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        DeviceMemory<T> memory = Own(Context.Allocate<T>(values.Length));
        Stream.CopyToDevice(values, memory.Span);
        return memory;
    }

    public T[] Download<T>(DeviceSpan<T> span)
        where T : unmanaged
    {
        T[] values = new T[span.Length];
        Stream.CopyToHost(span, values.AsSpan());
        Stream.Synchronize();
        return values;
    }

    /// <summary>The matrices of a batch, found through pointers on the device.</summary>
    public DeviceMatrixArray<T> PointersTo<T>(DeviceMatrixBatch<T> batch)
        where T : unmanaged
    {
        DeviceMatrix<T> first = batch[0];
        (long rows, long columns) = batch.Operation == MatrixOperation.None ? (first.Rows, first.Columns) : (first.Columns, first.Rows);
        DeviceMatrixArray<T> array = new(Upload<DevicePointer>([.. Enumerable.Range(0, (int)batch.Count).Select(i => batch[i].Pointer)]), rows, columns, batch.LeadingDimension);
        return batch.Operation switch
        {
            MatrixOperation.None => array,
            MatrixOperation.Transpose => array.Transposed,
            _ => array.ConjugateTransposed,
        };
    }

    /// <summary>The managed bytes that the calling thread allocates for <paramref name="action"/>, once everything is warm.</summary>
    public static long AllocatedBytes(Action action)
    {
        for (int i = 0; i < 3; i++)
        {
            action();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            action();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public static byte[] TrainingModule() => File.ReadAllBytes(RepositoryFolder.Path("native", "kernels", "generated", "training.ptx")!);

    public void Dispose()
    {
        foreach (IDisposable owner in Enumerable.Reverse(_owned))
        {
            owner.Dispose();
        }

        Stream.Dispose();
        Context.Dispose();
    }
}
