using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Copies, fills, order and waiting.</summary>
public sealed class CudaStreamTests
{
    [Test]
    public void What_goes_to_the_device_comes_back()
    {
        using TestDevice device = new();
        float[] values = [.. Enumerable.Range(0, 10_000).Select(i => i * 0.5f)];
        DeviceMemory<float> first = device.Upload<float>(values);
        DeviceMemory<float> second = device.Own(device.Context.Allocate<float>(values.Length));
        device.Stream.Copy(first.Span, second.Span);
        Assert.That(device.Download(second.Span), Is.EqualTo(values));
    }

    [Test]
    public void The_source_may_be_reused_as_soon_as_the_copy_to_the_device_returns()
    {
        using TestDevice device = new();
        DeviceMemory<int> memory = device.Own(device.Context.Allocate<int>(1 << 16));
        int[] values = new int[1 << 16];
        Array.Fill(values, 1);
        device.Stream.CopyToDevice<int>(values, memory);
        Array.Fill(values, 2);
        Assert.That(device.Download(memory.Span), Is.All.EqualTo(1));
    }

    [Test]
    public void Pinned_memory_goes_both_ways()
    {
        using TestDevice device = new();
        PinnedMemory<int> source = device.Own(device.Context.AllocatePinned<int>(100));
        PinnedMemory<int> destination = device.Own(device.Context.AllocatePinned<int>(200));
        DeviceMemory<int> memory = device.Own(device.Context.Allocate<int>(150));
        for (int i = 0; i < 100; i++)
        {
            source.Span[i] = i;
        }

        destination.Span.Fill(-1);
        device.Stream.CopyToDevice(source, memory.Span);
        device.Stream.CopyToHost(memory.Slice(0, 100), destination);
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(destination.Span[..100].ToArray(), Is.EqualTo(Enumerable.Range(0, 100)));
            Assert.That(destination.Span[100..].ToArray(), Is.All.EqualTo(-1));
        }
    }

    [Test]
    public void A_destination_that_is_too_short_is_refused_before_anything_is_copied()
    {
        using TestDevice device = new();
        DeviceMemory<int> memory = device.Upload(1, 2, 3);
        PinnedMemory<int> pinned = device.Own(device.Context.AllocatePinned<int>(2));
        using (Assert.EnterMultipleScope())
        {
            ArgumentException error = Assert.Throws<ArgumentException>(() => device.Stream.CopyToDevice<int>([1, 2, 3, 4], memory))!;
            Assert.That(error.Message, Does.StartWith("4 elements were to be copied to a destination of 3. Slice the source or pass a longer destination."));
            Assert.Throws<ArgumentException>(() => device.Stream.CopyToHost(memory.Span, new int[2].AsSpan()));
            Assert.Throws<ArgumentException>(() => device.Stream.CopyToHost(memory.Span, pinned));
            Assert.Throws<ArgumentException>(() => device.Stream.CopyToDevice(pinned, memory.Slice(0, 1)));
            Assert.Throws<ArgumentException>(() => device.Stream.Copy(memory.Span, memory.Slice(0, 2)));
            Assert.That(device.Download(memory.Span), Is.EqualTo(new[] { 1, 2, 3 }));
        }
    }

    [Test]
    public void Copies_and_fills_of_nothing_do_nothing()
    {
        using TestDevice device = new();
        device.Stream.CopyToDevice(ReadOnlySpan<int>.Empty, default);
        device.Stream.CopyToHost<int>(default, Span<int>.Empty);
        device.Stream.Copy<int>(default, default);
        device.Stream.Fill(default(DeviceSpan<float>), 1f);
        device.Stream.Clear(default(DeviceSpan<double>));
        Assert.DoesNotThrow(() => device.Stream.Synchronize());
    }

    [Test]
    public void Fills_set_every_element_and_no_more()
    {
        using TestDevice device = new();
        DeviceMemory<byte> bytes = device.Upload<byte>(9, 9, 9, 9, 9, 9, 9);
        DeviceMemory<ushort> words = device.Upload<ushort>(9, 9, 9);
        DeviceMemory<uint> unsigned = device.Upload<uint>(9, 9, 9);
        DeviceMemory<int> signed = device.Upload(9, 9, 9);
        DeviceMemory<float> singles = device.Upload<float>(9, 9, 9);
        DeviceMemory<double> doubles = device.Upload<double>(9, 9, 9);
        device.Stream.Fill(bytes.Slice(1, 5), 200);
        device.Stream.Fill(words.Slice(0, 2), 60_000);
        device.Stream.Fill(unsigned.Slice(1, 2), 4_000_000_000);
        device.Stream.Fill(signed.Slice(1, 1), -5);
        device.Stream.Fill(singles.Slice(1, 2), -0.25f);
        device.Stream.Clear(doubles.Slice(0, 2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.Download(bytes.Span), Is.EqualTo(new byte[] { 9, 200, 200, 200, 200, 200, 9 }));
            Assert.That(device.Download(words.Span), Is.EqualTo(new ushort[] { 60_000, 60_000, 9 }));
            Assert.That(device.Download(unsigned.Span), Is.EqualTo(new uint[] { 9, 4_000_000_000, 4_000_000_000 }));
            Assert.That(device.Download(signed.Span), Is.EqualTo(new[] { 9, -5, 9 }));
            Assert.That(device.Download(singles.Span), Is.EqualTo(new[] { 9f, -0.25f, -0.25f }));
            Assert.That(device.Download(doubles.Span), Is.EqualTo(new[] { 0.0, 0.0, 9.0 }));
        }
    }

    [Test]
    public void Work_in_a_stream_is_done_in_order_and_not_on_the_calling_thread()
    {
        using TestDevice device = new();
        List<int> order = [];
        int caller = Environment.CurrentManagedThreadId;
        bool elsewhere = true;
        for (int i = 0; i < 20; i++)
        {
            int number = i;
            device.Stream.Invoke(() =>
            {
                order.Add(number);
                elsewhere &= Environment.CurrentManagedThreadId != caller;
            });
        }

        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(order, Is.EqualTo(Enumerable.Range(0, 20)));
            Assert.That(elsewhere);
        }
    }

    [Test]
    public void A_stream_is_complete_only_when_its_work_is_done()
    {
        using TestDevice device = new();
        using ManualResetEventSlim gate = new();
        device.Stream.Invoke(gate.Wait);
        using CudaEvent mark = device.Context.CreateEvent();
        device.Stream.Record(mark);
        bool before = device.Stream.IsComplete;
        bool markBefore = mark.IsComplete;
        gate.Set();
        mark.Synchronize();
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.False);
            Assert.That(markBefore, Is.False);
            Assert.That(device.Stream.IsComplete);
            Assert.That(mark.IsComplete);
        }
    }

    [Test]
    public void A_stream_waits_for_an_event_of_another_one()
    {
        using TestDevice device = new();
        using CudaStream other = device.Context.CreateStream();
        using CudaEvent mark = device.Context.CreateEvent();
        using ManualResetEventSlim gate = new();
        DeviceMemory<int> memory = device.Upload(0);
        // Allocated before the gate closes: a driver may wait for the device to do it.
        PinnedMemory<int> seen = device.Own(device.Context.AllocatePinned<int>(1));
        device.Stream.Synchronize();

        device.Stream.Invoke(gate.Wait);
        device.Stream.Fill(memory.Span, 5);
        device.Stream.Record(mark);
        other.Wait(mark);
        other.CopyToHost(memory.Span, seen);
        Assert.That(other.IsComplete, Is.False);
        gate.Set();
        other.Synchronize();
        Assert.That(seen.Span[0], Is.EqualTo(5));
    }

    [Test]
    public void Timed_events_measure_what_lies_between_them()
    {
        using TestDevice device = new();
        using CudaEvent start = device.Context.CreateEvent(timing: true);
        using CudaEvent end = device.Context.CreateEvent(timing: true);
        device.Stream.Record(start);
        device.Stream.Invoke(() => Thread.Sleep(30));
        device.Stream.Record(end);
        end.Synchronize();
        Assert.That(CudaEvent.ElapsedMilliseconds(start, end), Is.InRange(25f, 5000f));
    }

    [Test]
    public void An_event_without_timing_has_no_time()
    {
        using TestDevice device = new();
        using CudaEvent start = device.Context.CreateEvent(timing: true);
        using CudaEvent end = device.Context.CreateEvent();
        device.Stream.Record(start);
        device.Stream.Record(end);
        device.Stream.Synchronize();
        ArgumentException error = Assert.Throws<ArgumentException>(() => CudaEvent.ElapsedMilliseconds(start, end))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.ParamName, Is.EqualTo("end"));
            Assert.That(error.Message, Does.Contain("Make both with CreateEvent(timing: true)."));
        }
    }

    [Test]
    public void An_event_that_was_never_recorded_is_complete()
    {
        using TestDevice device = new();
        using CudaEvent mark = device.Context.CreateEvent();
        Assert.That(mark.IsComplete);
        mark.Synchronize();
        device.Stream.Wait(mark);
        device.Stream.Synchronize();
    }

    [Test]
    public void Memory_may_be_disposed_while_work_on_it_is_queued()
    {
        using TestDevice device = new();
        int[] values = new int[1 << 20];
        for (int i = 0; i < 5; i++)
        {
            DeviceMemory<int> memory = device.Context.Allocate<int>(values.Length);
            device.Stream.Invoke(() => Thread.Sleep(5));
            device.Stream.Fill(memory.Span, i);
            memory.Dispose();
        }

        Assert.DoesNotThrow(device.Stream.Synchronize);
    }

    [Test]
    public void Work_given_to_a_stream_is_done_although_the_stream_is_disposed()
    {
        using TestDevice device = new();
        bool done = false;
        CudaStream stream = device.Context.CreateStream();
        stream.Invoke(() =>
        {
            Thread.Sleep(20);
            Volatile.Write(ref done, true);
        });
        stream.Dispose();
        device.Context.Synchronize();
        Assert.That(() => Volatile.Read(ref done), Is.True.After(2000, 5));
    }

    [Test]
    public void A_priority_inside_the_range_is_kept()
    {
        using CudaContext context = CudaContext.Primary();
        (int least, int greatest) = context.StreamPriorityRange;
        using CudaStream urgent = context.CreateStream(greatest);
        using CudaStream idle = context.CreateStream(least);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(greatest, Is.LessThanOrEqualTo(least));
            Assert.That(urgent.Priority, Is.EqualTo(greatest));
            Assert.That(idle.Priority, Is.EqualTo(least));
        }
    }

    [Test]
    public void Somebody_elses_stream_can_be_used_and_is_left_alone()
    {
        using TestDevice device = new();
        CudaStream wrapped = device.Context.WrapStream(device.Stream.Handle);
        DeviceMemory<int> memory = device.Own(device.Context.Allocate<int>(1));
        wrapped.Fill(memory.Span, 3);
        wrapped.Dispose();
        Assert.That(device.Download(memory.Span), Is.EqualTo(new[] { 3 }));

        using CudaStream theNullStream = device.Context.WrapStream(default);
        theNullStream.Fill(memory.Span, 4);
        theNullStream.Synchronize();
        Assert.That(device.Download(memory.Span), Is.EqualTo(new[] { 4 }));
    }

    [Test]
    public void A_disposed_stream_takes_nothing_any_more()
    {
        using TestDevice device = new();
        DeviceMemory<byte> memory = device.Own(device.Context.Allocate<byte>(1));
        using CudaEvent mark = device.Context.CreateEvent();
        CudaStream stream = device.Context.CreateStream();
        stream.Dispose();
        stream.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => stream.Synchronize());
            Assert.Throws<ObjectDisposedException>(() => _ = stream.IsComplete);
            Assert.Throws<ObjectDisposedException>(() => _ = stream.Handle);
            Assert.Throws<ObjectDisposedException>(() => stream.Record(mark));
            Assert.Throws<ObjectDisposedException>(() => stream.Wait(mark));
            Assert.Throws<ObjectDisposedException>(() => stream.Fill(memory.Span, 1));
            Assert.Throws<ObjectDisposedException>(() => stream.Copy<byte>(memory, memory));
            Assert.Throws<ObjectDisposedException>(() => stream.CopyToDevice<byte>([1], memory));
            Assert.Throws<ObjectDisposedException>(() => stream.CopyToHost(memory, new byte[1].AsSpan()));
            Assert.Throws<ObjectDisposedException>(() => stream.Invoke(() => { }));
        }

        mark.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => device.Stream.Record(mark));
            Assert.Throws<ObjectDisposedException>(() => device.Stream.Wait(mark));
            Assert.Throws<ObjectDisposedException>(() => _ = mark.IsComplete);
            Assert.Throws<ObjectDisposedException>(() => mark.Synchronize());
        }
    }

    [Test]
    public void Enqueueing_allocates_no_managed_memory()
    {
        using TestDevice device = new();
        using CudaEvent mark = device.Context.CreateEvent();
        DeviceMemory<float> first = device.Own(device.Context.Allocate<float>(64));
        DeviceMemory<float> second = device.Own(device.Context.Allocate<float>(64));
        PinnedMemory<float> pinned = device.Own(device.Context.AllocatePinned<float>(64));
        float[] pageable = new float[64];
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            device.Stream.CopyToDevice<float>(pageable, first);
            device.Stream.CopyToDevice(pinned, first.Span);
            device.Stream.Copy<float>(first, second);
            device.Stream.Fill(second.Span, 1f);
            device.Stream.Clear(second.Span);
            device.Stream.CopyToHost(second.Span, pinned);
            device.Stream.CopyToHost(second.Span, pageable.AsSpan());
            device.Stream.Record(mark);
            device.Stream.Wait(mark);
            _ = mark.IsComplete;
            _ = device.Stream.IsComplete;
            device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    [Test]
    public void An_error_of_the_driver_names_function_and_code()
    {
        using TestDevice device = new();
        CudaException error = Assert.Throws<CudaException>(() =>
            device.Stream.CopyToHost(new DeviceSpan<byte>(1, 16), new byte[16].AsSpan()))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Function, Is.EqualTo("cuMemcpyDtoHAsync_v2"));
            Assert.That(error.Code, Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(error.Message, Does.StartWith("cuMemcpyDtoHAsync_v2 answered CUDA_ERROR_INVALID_VALUE (1)"));
        }
    }
}
