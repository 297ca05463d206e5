using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Managed, pitched, registered, stream-ordered and pooled memory, copies of rows and between contexts.</summary>
public sealed class MemoryKindsTests
{
    [Test]
    public void Host_and_device_see_the_same_managed_memory()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasManagedMemory, "managed memory");
        using ManagedMemory<int> memory = device.Context.AllocateManaged<int>(1000);
        memory.Host.Fill(3);
        DeviceMemory<int> copy = device.Own(device.Context.Allocate<int>(1000));
        device.Stream.Copy(memory.Device, copy.Span);
        device.Stream.Fill(memory.Device.Slice(500), 7);
        int[] before = device.Download(copy.Span);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.All.EqualTo(3));
            Assert.That(memory.Host[499], Is.EqualTo(3));
            Assert.That(memory.Host[500], Is.EqualTo(7));
            Assert.That(memory.Bytes, Is.EqualTo(4000));
        }
    }

    [Test]
    public void Managed_memory_can_be_moved_ahead_and_advised()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasConcurrentManagedAccess, "concurrent access to managed memory");
        using ManagedMemory<float> memory = device.Context.AllocateManaged<float>(4096);
        memory.Advise(CUmem_advise.CU_MEM_ADVISE_SET_PREFERRED_LOCATION);
        memory.PrefetchToDevice(device.Stream);
        device.Stream.Fill(memory.Device, 1.5f);
        memory.PrefetchToHost(device.Stream);
        device.Stream.Synchronize();
        Assert.That(memory.Host.ToArray(), Is.All.EqualTo(1.5f));
    }

    [Test]
    public void Managed_memory_tells_what_it_was_advised()
    {
        Requires.Implemented("cuMemRangeGetAttribute");
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasConcurrentManagedAccess, "concurrent access to managed memory");
        using ManagedMemory<float> memory = device.Context.AllocateManaged<float>(100_000);
        (bool, int?, int?) before = (memory.IsReadMostly, memory.PreferredPlace, memory.LastPrefetchPlace);
        memory.Advise(CUmem_advise.CU_MEM_ADVISE_SET_READ_MOSTLY);
        memory.Advise(CUmem_advise.CU_MEM_ADVISE_SET_PREFERRED_LOCATION);
        memory.PrefetchToHost(device.Stream);
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.EqualTo((false, (int?)null, (int?)null)));
            Assert.That(memory.IsReadMostly);
            Assert.That(memory.PreferredPlace, Is.EqualTo(device.Context.Device));
            Assert.That(memory.LastPrefetchPlace, Is.EqualTo(-1));
        }
    }

    [Test]
    public void Discarded_memory_can_be_written_again()
    {
        Requires.Implemented("cuMemDiscardBatchAsync");
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasConcurrentManagedAccess, "concurrent access to managed memory");
        using ManagedMemory<int> memory = device.Context.AllocateManaged<int>(5000);
        memory.Host.Fill(1);
        memory.Discard(device.Stream);
        device.Stream.Fill(memory.Device, 2);
        device.Stream.Synchronize();
        Assert.That(memory.Host.ToArray(), Is.All.EqualTo(2));
    }

    [Test]
    public void A_pools_own_device_always_has_access()
    {
        Requires.Implemented("cuMemPoolSetAccess", "cuMemPoolGetAccess");
        using TestDevice device = new();
        using MemoryPool pool = device.Context.CreateMemoryPool();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pool.CanBeAccessedFrom(device.Context));
            Assert.Throws<CudaException>(() => pool.SetAccess(device.Context, allowed: false));
            Assert.Throws<CudaException>(() => pool.Export());
        }
    }

    [Test]
    public void A_shared_pool_opens_by_its_descriptor()
    {
        Requires.Implemented("cuMemPoolExportToShareableHandle", "cuMemPoolImportPointer");
        using TestDevice device = new();
        using MemoryPool pool = device.Context.CreateMemoryPool(shareable: true);
        using StreamMemory<int> memory = pool.Allocate<int>(device.Stream, 1000);
        device.Stream.Fill(memory.Span, 11);
        device.Stream.Synchronize();
        PooledMemoryHandle handle = new(pool.GetHandle(memory).ToArray());
        using Microsoft.Win32.SafeHandles.SafeFileHandle descriptor = pool.Export();
        using MemoryPool imported = device.Context.ImportMemoryPool(descriptor);
        using StreamMemory<int> opened = imported.Open<int>(device.Stream, handle, 1000);
        device.Stream.Fill(opened.Span.Slice(500), 12);
        int[] values = device.Download(memory.Span);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(imported.IsImported);
            Assert.That(pool.IsImported, Is.False);
            Assert.That(values[..500], Is.All.EqualTo(11));
            Assert.That(values[500..], Is.All.EqualTo(12));
            Assert.Throws<CudaException>(() => imported.Allocate<int>(device.Stream, 1));
            Assert.Throws<CudaException>(() => pool.Open<int>(device.Stream, handle, 1000));
        }
    }

    [Test]
    public void Memory_that_is_freed_cannot_be_used()
    {
        using TestDevice device = new();
        ManagedMemory<int> managed = device.Context.AllocateManaged<int>(1);
        PitchedMemory<int> pitched = device.Context.AllocatePitched<int>(1, 1);
        StreamMemory<int> ordered = device.Stream.Allocate<int>(1);
        RegisteredMemory<int> registered = device.Context.Register<int>(new int[1]);
        IDisposable[] all = [managed, pitched, ordered, registered];
        foreach (IDisposable owner in all)
        {
            owner.Dispose();
            owner.Dispose();
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => _ = managed.Device);
            Assert.Throws<ObjectDisposedException>(() => _ = managed.Host.Length);
            Assert.Throws<ObjectDisposedException>(() => _ = pitched.Span);
            Assert.Throws<ObjectDisposedException>(() => _ = ordered.Span);
            Assert.Throws<ObjectDisposedException>(() => _ = registered.Span.Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => device.Context.AllocateManaged<int>(0));
            Assert.Throws<ArgumentOutOfRangeException>(() => device.Context.AllocatePitched<int>(1, 0));
            Assert.Throws<ArgumentOutOfRangeException>(() => device.Stream.Allocate<int>(0));
            Assert.Throws<ArgumentException>(() => device.Context.Register<int>(Array.Empty<int>()));
        }
    }

    [Test]
    public unsafe void Registered_memory_counts_as_pinned_until_it_is_let_go()
    {
        using TestDevice device = new();
        int[] values = [.. Enumerable.Range(0, 5000)];
        CUmemorytype type;
        nint address;
        using (RegisteredMemory<int> memory = device.Context.Register<int>(values))
        {
            fixed (int* first = memory.Span)
            {
                address = (nint)first;
            }

            Cuda.Check(Cuda.cuPointerGetAttribute(&type, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, (ulong)address));
            DeviceMemory<int> copy = device.Own(device.Context.Allocate<int>(5000));
            device.Stream.CopyToDevice<int>(memory.Span, copy.Span);
            Assert.That(device.Download(copy.Span), Is.EqualTo(values));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(type, Is.EqualTo(CUmemorytype.CU_MEMORYTYPE_HOST));
            CUmemorytype after;
            Assert.That(Cuda.cuPointerGetAttribute(&after, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, (ulong)address), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        }
    }

    [Test]
    public void Rows_go_to_the_device_within_it_and_back_without_touching_what_lies_between()
    {
        using TestDevice device = new();
        using PitchedMemory<short> first = device.Context.AllocatePitched<short>(5, 4);
        using PitchedMemory<short> second = device.Context.AllocatePitched<short>(50, 6);
        short[] host = [.. Enumerable.Range(0, 4 * 7).Select(i => (short)i)];
        device.Stream.CopyRowsToDevice<short>(host, 7, first.Span);
        device.Stream.FillRows(new PitchedSpan<ushort>(second.Span.Address, 50, 6, second.PitchBytes), 99);
        device.Stream.CopyRows(first.Span, second.Span.Slice(10, 2, 5, 4));
        short[] back = new short[6 * 51];
        back.AsSpan().Fill(-1);
        device.Stream.CopyRowsToHost(second.Span, back, 51);
        device.Stream.Synchronize();
        short[] expected = new short[6 * 51];
        for (int row = 0; row < 6; row++)
        {
            for (int column = 0; column < 51; column++)
            {
                bool inside = row is >= 2 and < 6 && column is >= 10 and < 15;
                expected[(row * 51) + column] = column == 50 ? (short)-1 : inside ? (short)(((row - 2) * 7) + column - 10) : (short)99;
            }
        }

        Assert.That(back, Is.EqualTo(expected));
    }

    [Test]
    public void Fills_of_rows_set_bytes_words_and_numbers()
    {
        using TestDevice device = new();
        DeviceMemory<byte> memory = device.Upload(new byte[64]);
        device.Stream.FillRows(new PitchedSpan<byte>(memory.Address, 3, 2, 16), 1);
        device.Stream.FillRows(new PitchedSpan<ushort>(memory.Address + 4, 2, 3, 16), 0x0202);
        device.Stream.FillRows(new PitchedSpan<uint>(memory.Address + 8, 1, 4, 16), 0x03030303u);
        device.Stream.FillRows(new PitchedSpan<float>(memory.Address + 12, 1, 1, 16), 1f);
        byte[] expected = new byte[64];
        for (int row = 0; row < 4; row++)
        {
            expected.AsSpan(row * 16, 3).Fill(row < 2 ? (byte)1 : (byte)0);
            expected.AsSpan((row * 16) + 4, 4).Fill(row < 3 ? (byte)2 : (byte)0);
            expected.AsSpan((row * 16) + 8, 4).Fill(3);
        }

        BitConverter.TryWriteBytes(expected.AsSpan(12), 1f);
        Assert.That(device.Download(memory.Span), Is.EqualTo(expected));
    }

    [Test]
    public void Rows_that_do_not_fit_are_refused_before_the_copy()
    {
        using TestDevice device = new();
        using PitchedMemory<int> rows = device.Context.AllocatePitched<int>(4, 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ArgumentException>(() => device.Stream.CopyRowsToDevice<int>(new int[11], 4, rows.Span));
            Assert.Throws<ArgumentException>(() => device.Stream.CopyRowsToDevice<int>(new int[12], 3, rows.Span));
            Assert.Throws<ArgumentException>(() => device.Stream.CopyRowsToHost(rows.Span, new int[13], 5));
            Assert.Throws<ArgumentException>(() => device.Stream.CopyRows(rows.Span, rows.Span.Slice(0, 0, 4, 2)));
            Assert.Throws<ArgumentOutOfRangeException>(() => rows.Span.Slice(2, 0, 3, 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => rows.Span.Row(3));
            Assert.Throws<ArgumentException>(() => _ = new PitchedSpan<int>(4096, 4, 3, 15));
            Assert.Throws<ArgumentException>(() => _ = new PitchedSpan<int>(0, 4, 3, 16));
            Assert.That(rows.PitchBytes, Is.GreaterThanOrEqualTo(16));
            Assert.That(rows.Span.Row(2).Address, Is.EqualTo(rows.Span.Address + (ulong)(2 * rows.PitchBytes)));
            Assert.That(rows.Span.Slice(1, 1, 0, 2).IsEmpty);
        }
    }

    [Test]
    public void Elements_go_from_one_context_to_another()
    {
        using TestDevice device = new();
        using CudaContext other = CudaContext.Create();
        using DeviceMemory<int> there = other.Allocate<int>(4);
        DeviceMemory<int> here = device.Upload(1, 2, 3);
        DeviceMemory<int> back = device.Upload(0, 0, 0, 9);
        device.Stream.CopyPeer(here.Span, device.Context, there.Span, other);
        device.Stream.CopyPeer(there.Slice(0, 3), other, back.Span, device.Context);
        Assert.That(device.Download(back.Span), Is.EqualTo(new[] { 1, 2, 3, 9 }));
        Assert.Throws<ArgumentException>(() => device.Stream.CopyPeer(there.Span, other, here.Span, device.Context));
    }

    [Test]
    public void Access_between_contexts_of_one_device_is_refused_with_both_named()
    {
        using CudaContext primary = CudaContext.Primary();
        using CudaContext own = CudaContext.Create();
        CudaException error = Assert.Throws<CudaException>(() => primary.EnablePeerAccess(own))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.Contain("Device 0 was to use memory of device 0 directly"));
            Assert.Throws<CudaException>(() => primary.DisablePeerAccess(own));
        }
    }

    [Test]
    public void Stream_ordered_memory_is_used_and_freed_in_the_order_of_the_stream()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasMemoryPools, "memory pools");
        DeviceMemory<int> kept = device.Own(device.Context.Allocate<int>(300));
        using (StreamMemory<int> memory = device.Stream.Allocate<int>(300))
        {
            device.Stream.Fill(memory.Span, 5);
            device.Stream.Copy(memory.Span, kept.Span);
            Assert.That(memory.Stream, Is.SameAs(device.Stream));
        }

        Assert.That(device.Download(kept.Span), Is.All.EqualTo(5));
    }

    [Test]
    public void Memory_of_one_stream_can_be_freed_in_another()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasMemoryPools, "memory pools");
        using CudaStream other = device.Context.CreateStream();
        using CudaEvent allocated = device.Context.CreateEvent();
        using MemoryPool pool = device.Context.CreateMemoryPool();
        StreamMemory<byte> memory = pool.Allocate<byte>(device.Stream, 1000);
        device.Stream.Record(allocated);
        other.Wait(allocated);
        memory.Free(other);
        other.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(memory.IsDisposed);
            Assert.That(pool.UsedBytes, Is.Zero);
            Assert.Throws<ObjectDisposedException>(() => memory.Free(other));
        }
    }

    [Test]
    public void A_pool_counts_what_it_holds_and_gives_out()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasMemoryPools, "memory pools");
        using MemoryPool pool = device.Context.CreateMemoryPool();
        pool.ReleaseThresholdBytes = long.MaxValue;
        StreamMemory<byte> memory = pool.Allocate<byte>(device.Stream, 1.MiB());
        device.Stream.Synchronize();
        long used = pool.UsedBytes;
        memory.Dispose();
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pool.ReleaseThresholdBytes, Is.EqualTo(long.MaxValue));
            Assert.That(used, Is.GreaterThanOrEqualTo(1.MiB()));
            Assert.That(pool.UsedBytes, Is.Zero);
            Assert.That(pool.PeakUsedBytes, Is.EqualTo(used));
            Assert.That(pool.ReservedBytes, Is.GreaterThanOrEqualTo(1.MiB()), "the threshold keeps it");
            Assert.That(pool.PeakReservedBytes, Is.GreaterThanOrEqualTo(pool.ReservedBytes));
        }

        pool.Trim();
        pool.ResetPeaks();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pool.ReservedBytes, Is.Zero);
            Assert.That(pool.PeakUsedBytes, Is.Zero);
        }
    }

    [Test]
    public void A_pools_switches_can_be_turned()
    {
        using CudaContext context = CudaContext.Primary();
        Requires.Device(context.Properties.HasMemoryPools, "memory pools");
        using MemoryPool pool = context.CreateMemoryPool();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((pool.ReusesAcrossEvents, pool.ReusesOpportunistically, pool.ReusesByWaiting), Is.EqualTo((true, true, true)));
        }

        pool.ReusesAcrossEvents = false;
        pool.ReusesOpportunistically = false;
        pool.ReusesByWaiting = false;
        Assert.That((pool.ReusesAcrossEvents, pool.ReusesOpportunistically, pool.ReusesByWaiting), Is.EqualTo((false, false, false)));
    }

    [Test]
    public void The_devices_pool_can_be_exchanged_and_is_the_default_one_at_first()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasMemoryPools, "memory pools");
        using MemoryPool original = device.Context.DefaultMemoryPool;
        using MemoryPool current = device.Context.CurrentMemoryPool;
        Assert.That(current.Handle, Is.EqualTo(original.Handle));
        using MemoryPool pool = device.Context.CreateMemoryPool();
        pool.MakeCurrent();
        try
        {
            using StreamMemory<byte> memory = device.Stream.Allocate<byte>(5000);
            Assert.That(pool.UsedBytes, Is.GreaterThanOrEqualTo(5000));
        }
        finally
        {
            original.MakeCurrent();
        }
    }

    [Test]
    public void Stream_ordered_work_on_memory_allocates_no_managed_memory_but_the_owner()
    {
        using TestDevice device = new();
        using PitchedMemory<float> rows = device.Context.AllocatePitched<float>(8, 8);
        using PitchedMemory<float> other = device.Context.AllocatePitched<float>(8, 8);
        using PinnedMemory<float> host = device.Context.AllocatePinned<float>(64);
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            device.Stream.CopyRowsToDevice(host.Span, 8, rows.Span);
            device.Stream.FillRows(rows.Span, 2f);
            device.Stream.CopyRows(rows.Span, other.Span);
            device.Stream.CopyRowsToHost(other.Span, host.Span, 8);
        });
        device.Stream.Synchronize();
        Assert.That(bytes, Is.Zero);
    }
}
