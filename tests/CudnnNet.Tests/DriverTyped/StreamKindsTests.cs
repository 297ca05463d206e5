using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The null stream, blocking streams, blocking events.</summary>
public sealed class StreamKindsTests
{
    [Test]
    public unsafe void A_blocking_stream_is_not_marked_as_free_of_the_null_stream()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream free = context.CreateStream();
        using CudaStream blocking = context.CreateBlockingStream();
        using CudaStream urgent = context.CreateBlockingStream(context.StreamPriorityRange.Greatest);
        uint freeFlags;
        uint blockingFlags;
        Cuda.Check(Cuda.cuStreamGetFlags(free.Handle, &freeFlags));
        Cuda.Check(Cuda.cuStreamGetFlags(blocking.Handle, &blockingFlags));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(freeFlags, Is.EqualTo((uint)CUstream_flags.CU_STREAM_NON_BLOCKING));
            Assert.That(blockingFlags, Is.EqualTo((uint)CUstream_flags.CU_STREAM_DEFAULT));
            Assert.That(urgent.Priority, Is.EqualTo(context.StreamPriorityRange.Greatest));
        }
    }

    [Test]
    public void The_null_stream_waits_for_blocking_streams()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream blocking = context.CreateBlockingStream();
        using CudaStream none = context.NullStream();
        using DeviceMemory<int> memory = context.Allocate<int>(1);
        using ManualResetEventSlim gate = new();
        blocking.Invoke(gate.Wait);
        blocking.Fill(memory.Span, 1);
        none.Fill(memory.Span, 2);
        bool early = none.IsComplete;
        gate.Set();
        int[] value = new int[1];
        none.CopyToHost(memory.Span, value.AsSpan());
        none.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(early, Is.False);
            Assert.That(value[0], Is.EqualTo(2));
        }
    }

    [Test]
    public void A_threads_own_default_stream_works_and_is_left_alone()
    {
        using CudaContext context = CudaContext.Primary();
        using DeviceMemory<int> memory = context.Allocate<int>(2);
        using (CudaStream stream = context.PerThreadStream())
        {
            stream.Fill(memory.Span, 4);
            stream.Synchronize();
        }

        using CudaStream again = context.PerThreadStream();
        int[] values = new int[2];
        again.CopyToHost(memory.Span, values.AsSpan());
        again.Synchronize();
        Assert.That(values, Is.All.EqualTo(4));
    }

    [Test]
    public void A_blocking_event_waits_like_any_other()
    {
        using TestDevice device = new();
        using CudaEvent sleeping = device.Context.CreateBlockingEvent();
        using CudaEvent start = device.Context.CreateBlockingEvent(timing: true);
        device.Stream.Record(start);
        DeviceMemory<int> memory = device.Upload(1, 2, 3);
        device.Stream.Fill(memory.Span, 4);
        device.Stream.Record(sleeping);
        sleeping.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sleeping.IsComplete);
            Assert.That(sleeping.HasTiming, Is.False);
            Assert.That(start.HasTiming);
        }
    }
}
