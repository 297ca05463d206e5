using System.Text;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Devices, contexts, entry points and the counters of the CPU device.</summary>
public sealed unsafe class DriverContextTests
{
    [Test]
    [CpuDeviceOnly("NVIDIA's driver makes no promise about handles that were destroyed: using one may crash")]
    public void A_context_takes_everything_in_it_along()
    {
        using RawDevice device = new();
        CUcontext context;
        Cuda.Check(Cuda.cuCtxCreate_v2(&context, 0, 0));
        CUstream stream;
        CUevent recorded;
        ulong memory;
        Cuda.Check(Cuda.cuStreamCreate(&stream, 0));
        Cuda.Check(Cuda.cuEventCreate(&recorded, 0));
        Cuda.Check(Cuda.cuMemAlloc_v2(&memory, 64));
        Cuda.Check(Cuda.cuCtxDestroy_v2(context));
        CUcontext current;
        Cuda.Check(Cuda.cuCtxGetCurrent(&current));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(current, Is.EqualTo(device.Context));
            Assert.That(Cuda.cuStreamSynchronize(stream), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuEventQuery(recorded), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Cuda.cuMemFree_v2(memory), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuCtxDestroy_v2(context), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_CONTEXT));
            Assert.That(Cuda.cuCtxSetCurrent(context), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_CONTEXT));
        }
    }

    [Test]
    [CpuDeviceOnly("NVIDIA's driver knows a stream's context and may wait for it from any other")]
    public void A_stream_of_another_context_is_refused()
    {
        using RawDevice device = new();
        CUstream foreign = device.Stream();
        CUcontext context;
        Cuda.Check(Cuda.cuCtxCreate_v2(&context, 0, 0));
        Assert.That(Cuda.cuStreamSynchronize(foreign), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_CONTEXT));
        Cuda.Check(Cuda.cuCtxDestroy_v2(context));
    }

    [Test]
    public void Contexts_are_a_stack_on_each_thread()
    {
        using RawDevice device = new();
        CUcontext context;
        CUcontext popped;
        Cuda.Check(Cuda.cuCtxCreate_v2(&context, 0, 0));
        Cuda.Check(Cuda.cuCtxPushCurrent_v2(device.Context));
        Cuda.Check(Cuda.cuCtxPopCurrent_v2(&popped));
        Assert.That(popped, Is.EqualTo(device.Context));
        Cuda.Check(Cuda.cuCtxPopCurrent_v2(&popped));
        Assert.That(popped, Is.EqualTo(context));
        Cuda.Check(Cuda.cuCtxDestroy_v2(context));
        CUresult elsewhere = default;
        Thread thread = new(() => elsewhere = Cuda.cuCtxSynchronize());
        thread.Start();
        thread.Join();
        Assert.That(elsewhere, Is.EqualTo(CUresult.CUDA_ERROR_INVALID_CONTEXT));
    }

    [Test]
    public void Flags_and_numbers_that_mean_nothing_are_refused()
    {
        using RawDevice device = new();
        CUstream stream;
        CUevent created;
        CUcontext context;
        int number;
        void* pinned;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuInit(1), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuStreamCreate(&stream, 2), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuEventCreate(&created, 0x100), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuCtxCreate_v2(&context, 0x400, 0), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuCtxCreate_v2(&context, 0, 99), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_DEVICE));
            Assert.That(Cuda.cuDeviceGet(&number, 99), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_DEVICE));
            Assert.That(Cuda.cuDeviceGetAttribute(&number, (CUdevice_attribute)100_000, 0), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemHostAlloc(&pinned, 16, 0x80), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        }
    }

    [Test]
    [CpuDeviceOnly("a driver does not know the attributes of newer ones")]
    public void Every_attribute_of_a_device_has_a_value()
    {
        using RawDevice device = new();
        foreach (CUdevice_attribute attribute in Enum.GetValues<CUdevice_attribute>().Where(a => a is > 0 and < CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX))
        {
            int value;
            Assert.That(Cuda.cuDeviceGetAttribute(&value, attribute, 0), Is.EqualTo(CUresult.CUDA_SUCCESS), attribute.ToString());
        }
    }

    [Test]
    [CpuDeviceOnly("a driver does not know the codes of newer ones")]
    public void Every_status_has_its_name_and_a_text()
    {
        foreach (string name in Enum.GetNames<CUresult>())
        {
            byte* text;
            CUresult status = Enum.Parse<CUresult>(name);
            Assert.That(Cuda.cuGetErrorName(status, &text), Is.EqualTo(CUresult.CUDA_SUCCESS));
            Assert.That(new string((sbyte*)text), Is.EqualTo(name));
            Assert.That(Cuda.cuGetErrorString(status, &text), Is.EqualTo(CUresult.CUDA_SUCCESS));
            Assert.That(new string((sbyte*)text), Is.Not.Empty);
        }

        byte* unknown;
        Assert.That(Cuda.cuGetErrorName((CUresult)12345, &unknown), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        Assert.That(unknown is null);
    }

    [TestCase("cuMemAlloc", 13000, 0u, "cuMemAlloc_v2")]
    [TestCase("cuCtxCreate", 12000, 0u, "cuCtxCreate_v3")]
    [TestCase("cuCtxCreate", 13000, 0u, "cuCtxCreate_v4")]
    [TestCase("cuMemcpyHtoDAsync", 13000, 2u, "cuMemcpyHtoDAsync_v2_ptsz")]
    [TestCase("cuMemcpy", 13000, 2u, "cuMemcpy_ptds")]
    [TestCase("cuDeviceGet", 13000, 2u, "cuDeviceGet")]
    [CpuDeviceOnly("the addresses are compared with those of the CPU device")]
    public void A_program_gets_the_newest_symbol_of_its_version(string name, int version, uint flags, string symbol)
    {
        Assert.That(RawDevice.EntryPoint(name, version, flags, out CUdriverProcAddressQueryResult found), Is.EqualTo(CpuDevice.Export(symbol)));
        Assert.That(found, Is.EqualTo(CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS));
    }

    [TestCase("cuNoSuchFunction", 13000, CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND)]
    [TestCase("cuGreenCtxCreate", 12000, CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT)]
    public void A_function_that_the_version_lacks_is_not_found(string name, int version, CUdriverProcAddressQueryResult expected)
    {
        Assert.That((long)RawDevice.EntryPoint(name, version, 0, out CUdriverProcAddressQueryResult found), Is.Zero);
        Assert.That(found, Is.EqualTo(expected));
    }

    [Test]
    [CpuDeviceOnly("only the CPU device counts calls")]
    public void The_cpu_device_counts_calls()
    {
        using RawDevice device = new();
        ulong before = Count("cuMemsetD8Async");
        ulong memory = device.Allocate(16);
        Cuda.Check(Cuda.cuMemsetD8Async(memory, 1, 16, default));
        Cuda.Check(Cuda.cuMemsetD8Async_ptsz(memory, 1, 16, default));
        Cuda.Check(Cuda.cuStreamSynchronize(Cuda.CU_STREAM_PER_THREAD));
        Assert.That(Count("cuMemsetD8Async") - before, Is.EqualTo(2));
        Assert.That(Count("cuNoSuchFunction"), Is.Zero);
    }

    private static ulong Count(string symbol)
    {
        fixed (byte* name = Encoding.ASCII.GetBytes(symbol + '\0'))
        {
            return ((delegate* unmanaged<byte*, ulong>)CpuDevice.Export("cudnnnetCpuCallCount"))(name);
        }
    }
}
