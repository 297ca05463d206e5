using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>When operations run: later, on another thread, in the order that streams, events and the default stream give.</summary>
public sealed unsafe class DriverOrderTests
{
    [Test]
    public void Nothing_runs_on_the_callers_thread()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream stream = device.Stream();
        gate.Close(stream);
        gate.Open();
        Cuda.Check(Cuda.cuStreamSynchronize(stream));
        Assert.That(gate.WorkerThread, Is.Not.Zero.And.Not.EqualTo(Environment.CurrentManagedThreadId));
    }

    [Test]
    public void A_missing_synchronisation_shows()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream stream = device.Stream();
        ulong memory = device.Upload(1, 1, 1, 1);
        int* result;
        Cuda.Check(Cuda.cuMemHostAlloc((void**)&result, 16, 0));
        *result = 0;
        gate.Close(stream);
        Cuda.Check(Cuda.cuMemsetD32Async(memory, 7, 4, stream));
        Cuda.Check(Cuda.cuMemcpyDtoHAsync_v2(result, memory, 16, stream));
        Assert.That(Cuda.cuStreamQuery(stream), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
        Assert.That(*result, Is.Zero);
        gate.Open();
        Cuda.Check(Cuda.cuStreamSynchronize(stream));
        Assert.That(Cuda.cuStreamQuery(stream), Is.EqualTo(CUresult.CUDA_SUCCESS));
        Assert.That(*result, Is.EqualTo(7));
        Cuda.Check(Cuda.cuMemFreeHost(result));
    }

    [Test]
    public void Pinned_memory_is_read_when_the_copys_turn_comes()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream stream = device.Stream();
        ulong memory = device.Allocate(4);
        int* source;
        Cuda.Check(Cuda.cuMemHostAlloc((void**)&source, 4, 0));
        *source = 1;
        gate.Close(stream);
        Cuda.Check(Cuda.cuMemcpyHtoDAsync_v2(memory, source, 4, stream));
        *source = 2;
        gate.Open();
        Cuda.Check(Cuda.cuStreamSynchronize(stream));
        Assert.That(RawDevice.Download<int>(memory, 1), Is.EqualTo(new[] { 2 }));
        Cuda.Check(Cuda.cuMemFreeHost(source));
    }

    [Test]
    public void Pageable_memory_is_read_before_the_call_returns_though_the_stream_is_held_up()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream stream = device.Stream();
        ulong memory = device.Allocate(4096);
        byte[] source = new byte[4096];
        Array.Fill(source, (byte)1);
        gate.Close(stream);
        fixed (byte* bytes = source)
        {
            Cuda.Check(Cuda.cuMemcpyHtoDAsync_v2(memory, bytes, 4096, stream));
        }

        Array.Fill(source, (byte)2);
        gate.Open();
        Cuda.Check(Cuda.cuStreamSynchronize(stream));
        Assert.That(RawDevice.Download<byte>(memory, 4096), Is.All.EqualTo(1));
    }

    [Test]
    public void Streams_do_not_wait_for_each_other()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream held = device.Stream();
        CUstream free = device.Stream();
        ulong memory = device.Allocate(16);
        gate.Close(held);
        Cuda.Check(Cuda.cuMemsetD32Async(memory, 1, 4, free));
        Cuda.Check(Cuda.cuStreamSynchronize(free));
        Assert.That(Cuda.cuStreamQuery(held), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
    }

    [Test]
    public void An_event_orders_two_streams()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream first = device.Stream();
        CUstream second = device.Stream();
        CUevent done = device.Event();
        ulong memory = device.Upload(0);
        gate.Close(first);
        Cuda.Check(Cuda.cuMemsetD32Async(memory, 1, 1, first));
        Cuda.Check(Cuda.cuEventRecord(done, first));
        Cuda.Check(Cuda.cuStreamWaitEvent(second, done, 0));
        Cuda.Check(Cuda.cuMemsetD32Async(memory, 2, 1, second));
        Assert.That(Cuda.cuEventQuery(done), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
        Assert.That(Cuda.cuStreamQuery(second), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
        gate.Open();
        Cuda.Check(Cuda.cuStreamSynchronize(second));
        Assert.That(Cuda.cuEventQuery(done), Is.EqualTo(CUresult.CUDA_SUCCESS));
        Assert.That(RawDevice.Download<int>(memory, 1), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void Waiting_is_for_what_the_event_was_recorded_as_before_not_for_what_comes_later()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream first = device.Stream();
        CUstream second = device.Stream();
        CUevent recorded = device.Event();
        Cuda.Check(Cuda.cuEventRecord(recorded, first));
        Cuda.Check(Cuda.cuStreamWaitEvent(second, recorded, 0));
        gate.Close(first);
        Cuda.Check(Cuda.cuEventRecord(recorded, first));
        Cuda.Check(Cuda.cuStreamSynchronize(second));
        Assert.That(Cuda.cuEventQuery(recorded), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
    }

    [Test]
    public void An_event_that_was_never_recorded_holds_nobody_up()
    {
        using RawDevice device = new();
        CUevent untouched = device.Event(0);
        CUstream stream = device.Stream();
        float milliseconds;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuEventQuery(untouched), Is.EqualTo(CUresult.CUDA_SUCCESS));
            Assert.That(Cuda.cuEventSynchronize(untouched), Is.EqualTo(CUresult.CUDA_SUCCESS));
            Assert.That(Cuda.cuStreamWaitEvent(stream, untouched, 0), Is.EqualTo(CUresult.CUDA_SUCCESS));
            Assert.That(Cuda.cuStreamSynchronize(stream), Is.EqualTo(CUresult.CUDA_SUCCESS));
            Assert.That(Cuda.cuEventElapsedTime(&milliseconds, untouched, untouched), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
        }
    }

    [Test]
    public void Events_measure_the_time_between_them_and_only_with_timing()
    {
        using RawDevice device = new();
        CUstream stream = device.Stream();
        CUevent start = device.Event(0);
        CUevent end = device.Event(0);
        CUevent untimed = device.Event();
        using Gate gate = new();
        Cuda.Check(Cuda.cuEventRecord(start, stream));
        gate.Close(stream);
        Cuda.Check(Cuda.cuEventRecord(end, stream));
        Cuda.Check(Cuda.cuEventRecord(untimed, stream));
        float milliseconds = -1;
        Assert.That(Cuda.cuEventElapsedTime(&milliseconds, start, end), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
        Thread.Sleep(20);
        gate.Open();
        Cuda.Check(Cuda.cuEventSynchronize(end));
        Cuda.Check(Cuda.cuEventElapsedTime(&milliseconds, start, end));
        Assert.That(milliseconds, Is.InRange(15f, 60_000f));
        Assert.That(Cuda.cuEventElapsedTime(&milliseconds, start, untimed), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
    }

    [Test]
    public void The_default_stream_waits_for_blocking_streams_and_they_for_it()
    {
        using RawDevice device = new();
        CUstream blocking = device.Stream(0);
        CUstream other = device.Stream(0);
        ulong memory = device.Upload(0);
        using Gate gate = new();
        gate.Close(blocking);
        Cuda.Check(Cuda.cuMemsetD32Async(memory, 1, 1, blocking));
        Cuda.Check(Cuda.cuMemsetD32Async(memory, 2, 1, default));
        Cuda.Check(Cuda.cuMemsetD32Async(memory, 3, 1, other));
        Assert.That(Cuda.cuStreamQuery(other), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
        gate.Open();
        Cuda.Check(Cuda.cuStreamSynchronize(other));
        Assert.That(RawDevice.Download<int>(memory, 1), Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public void The_default_stream_does_not_wait_for_non_blocking_streams()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream held = device.Stream();
        ulong memory = device.Upload(5);
        gate.Close(held);
        Assert.That(RawDevice.Download<int>(memory, 1), Is.EqualTo(new[] { 5 }));
        Assert.That(Cuda.cuStreamQuery(held), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
    }

    [Test]
    public void Fills_and_copies_between_device_memory_without_a_stream_do_not_wait()
    {
        using RawDevice device = new();
        using Gate gate = new();
        ulong source = device.Upload(1);
        ulong destination = device.Upload(0);
        gate.Close(default);
        Cuda.Check(Cuda.cuMemsetD32_v2(source, 9, 1));
        Cuda.Check(Cuda.cuMemcpyDtoD_v2(destination, source, 4));
        Assert.That(Cuda.cuStreamQuery(default), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
        gate.Open();
        Assert.That(RawDevice.Download<int>(destination, 1), Is.EqualTo(new[] { 9 }));
    }

    [Test]
    public void The_per_thread_stream_of_one_thread_is_not_that_of_another()
    {
        using RawDevice device = new();
        using Gate gate = new();
        gate.Close(Cuda.CU_STREAM_PER_THREAD);
        CUresult other = default;
        Thread thread = new(() =>
        {
            _ = Cuda.cuCtxSetCurrent(device.Context);
            other = Cuda.cuStreamSynchronize(Cuda.CU_STREAM_PER_THREAD);
        });
        thread.Start();
        Assert.That(thread.Join(TimeSpan.FromSeconds(30)), Is.True);
        Assert.That(other, Is.EqualTo(CUresult.CUDA_SUCCESS));
        Assert.That(Cuda.cuStreamQuery(Cuda.CU_STREAM_PER_THREAD), Is.EqualTo(CUresult.CUDA_ERROR_NOT_READY));
    }

    [Test]
    public void A_destroyed_stream_finishes_its_work()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream stream;
        Cuda.Check(Cuda.cuStreamCreate(&stream, (uint)CUstream_flags.CU_STREAM_NON_BLOCKING));
        CUevent end = device.Event();
        ulong memory = device.Upload(0);
        gate.Close(stream);
        Cuda.Check(Cuda.cuMemsetD32Async(memory, 4, 1, stream));
        Cuda.Check(Cuda.cuEventRecord(end, stream));
        Cuda.Check(Cuda.cuStreamDestroy_v2(stream));
        gate.Open();
        Cuda.Check(Cuda.cuEventSynchronize(end));
        Assert.That(RawDevice.Download<int>(memory, 1), Is.EqualTo(new[] { 4 }));
    }

    [Test]
    public void Freeing_memory_waits_for_the_work_that_uses_it()
    {
        using RawDevice device = new();
        using Gate gate = new();
        CUstream stream = device.Stream();
        ulong memory;
        Cuda.Check(Cuda.cuMemAlloc_v2(&memory, 1 << 20));
        gate.Close(stream);
        Cuda.Check(Cuda.cuMemsetD8Async(memory, 1, 1 << 20, stream));
        using Timer opener = new(_ => gate.Open(), null, 20, Timeout.Infinite);
        Cuda.Check(Cuda.cuMemFree_v2(memory));
        Assert.That(Cuda.cuStreamQuery(stream), Is.EqualTo(CUresult.CUDA_SUCCESS));
    }

    [Test]
    [CpuDeviceOnly("NVIDIA's driver says that such a call may fail; it may also hang")]
    public void A_function_in_a_stream_must_not_call_the_driver()
    {
        using RawDevice device = new();
        int status = -1;
        Cuda.Check(Cuda.cuLaunchHostFunc(default, &CallBack, &status));
        Cuda.Check(Cuda.cuStreamSynchronize(default));
        Assert.That((CUresult)status, Is.EqualTo(CUresult.CUDA_ERROR_NOT_PERMITTED));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CallBack(void* status) => *(int*)status = (int)Cuda.cuCtxSynchronize();
}
