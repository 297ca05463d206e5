using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Handles that are null, destroyed, of another kind or no handle at all: a status, never a crash.</summary>
[CpuDeviceOnly("NVIDIA's driver makes no promise about handles that were destroyed: using one may crash")]
public sealed unsafe class DriverHandleTests
{
    [Test]
    public void A_destroyed_stream_is_refused_by_every_call()
    {
        using RawDevice device = new();
        CUstream stream;
        Cuda.Check(Cuda.cuStreamCreate(&stream, 0));
        Cuda.Check(Cuda.cuStreamDestroy_v2(stream));
        ulong memory = device.Allocate(16);
        uint flags;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuStreamDestroy_v2(stream), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuStreamQuery(stream), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuStreamSynchronize(stream), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuStreamGetFlags(stream, &flags), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuMemsetD8Async(memory, 1, 16, stream), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuEventRecord(device.Event(), stream), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
        }
    }

    [Test]
    public void A_destroyed_event_is_refused_by_every_call()
    {
        using RawDevice device = new();
        CUevent gone;
        Cuda.Check(Cuda.cuEventCreate(&gone, 0));
        Cuda.Check(Cuda.cuEventDestroy_v2(gone));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuEventDestroy_v2(gone), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuEventQuery(gone), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuEventSynchronize(gone), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuEventRecord(gone, default), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuStreamWaitEvent(device.Stream(), gone, 0), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
        }
    }

    [Test]
    public void A_handle_of_another_kind_is_refused()
    {
        using RawDevice device = new();
        CUevent recorded = device.Event();
        CUstream stream = device.Stream();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuStreamSynchronize(new CUstream(recorded.Value)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuEventQuery(new CUevent(stream.Value)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuEventQuery(new CUevent(device.Context.Value)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuModuleUnload(new CUmodule(stream.Value)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuCtxSetCurrent(new CUcontext(stream.Value)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_CONTEXT));
        }
    }

    [TestCase(0L)]
    [TestCase(0x10L)]
    [TestCase(-1L)]
    [TestCase(0x7fff_ffff_fff0L)]
    public void What_was_never_a_handle_is_refused(long value)
    {
        using RawDevice device = new();
        nint address = (nint)value;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuEventQuery(new CUevent(address)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuStreamDestroy_v2(new CUstream(address)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuModuleUnload(new CUmodule(address)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(
                Cuda.cuLaunchKernel(new CUfunction(address), 1, 1, 1, 1, 1, 1, 0, default, null, null), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
        }
    }

    [Test]
    public void An_address_inside_a_handle_is_no_handle()
    {
        using RawDevice device = new();
        CUevent whole = device.Event();
        Assert.That(Cuda.cuEventQuery(new CUevent(whole.Value + 8)), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
    }

    [Test]
    public void Many_handles_come_and_go_and_no_old_one_becomes_valid_again()
    {
        using RawDevice device = new();
        CUevent first;
        Cuda.Check(Cuda.cuEventCreate(&first, 0));
        Cuda.Check(Cuda.cuEventDestroy_v2(first));
        for (int i = 0; i < 10_000; i++)
        {
            CUevent next;
            Cuda.Check(Cuda.cuEventCreate(&next, 0));
            Cuda.Check(Cuda.cuEventDestroy_v2(next));
        }

        Assert.That(Cuda.cuEventQuery(first), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
    }

    [Test]
    public void Null_pointers_for_answers_are_invalid_values()
    {
        using RawDevice device = new();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuStreamCreate(null, 0), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuEventCreate(null, 0), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemAlloc_v2(null, 16), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemGetInfo_v2(null, null), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuDeviceGetCount(null), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuModuleLoadData(null, null), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuLaunchHostFunc(default, null, null), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        }
    }
}
