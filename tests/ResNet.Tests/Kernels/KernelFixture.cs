using CudnnNet;

namespace ResNet.Tests.Kernels;

/// <summary>What tests of our kernels start with: a context, a stream, the kernels, and ways to bring numbers there and back.</summary>
public abstract class KernelFixture(Precision precision = Precision.Float32)
{
    private TrainingKernels? _kernels;

    private protected Precision Precision { get; } = precision;

    /// <summary>The context.</summary>
    protected CudaContext Context { get; private set; } = null!;

    /// <summary>The stream everything goes into.</summary>
    protected CudaStream Stream { get; private set; } = null!;

    private protected TrainingKernels Kernels => _kernels!;

    /// <summary>Opens the device.</summary>
    [OneTimeSetUp]
    public void Open()
    {
        Context = CudaContext.Primary();
        Stream = Context.CreateStream();
        _kernels = new TrainingKernels(Context, Precision);
    }

    /// <summary>Closes it.</summary>
    [OneTimeTearDown]
    public void Close()
    {
        _kernels?.Dispose();
        Stream.Dispose();
        Context.Dispose();
    }

    /// <summary>The numbers in device memory.</summary>
    protected DeviceMemory<T> Upload<T>(T[] values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        DeviceMemory<T> memory = Context.Allocate<T>(values.Length);
        Stream.CopyToDevice<T>(values, memory.Span);
        return memory;
    }

    /// <summary>Waits, and returns the numbers of a memory.</summary>
    protected T[] Download<T>(DeviceMemory<T> memory)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(memory);
        T[] values = new T[memory.Length];
        Stream.CopyToHost(memory.Span, values.AsSpan());
        Stream.Synchronize();
        return values;
    }
}
