using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Memory of every kind, copies and fills of every shape, and what is refused.</summary>
public sealed unsafe class DriverMemoryTests
{
    [Test]
    [CpuDeviceOnly("NVIDIA's driver checks addresses against its own blocks, and a GPU may reach all of the host's memory")]
    public void Freed_and_foreign_addresses_are_refused()
    {
        using RawDevice device = new();
        ulong gone;
        Cuda.Check(Cuda.cuMemAlloc_v2(&gone, 64));
        Cuda.Check(Cuda.cuMemFree_v2(gone));
        ulong live = device.Allocate(64);
        int local = 0;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuMemFree_v2(gone), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemFree_v2(live + 4), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemFree_v2((ulong)&local), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemFreeHost((void*)live), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemcpyHtoD_v2(gone, &local, 4), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemcpyDtoH_v2(&local, gone, 4), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemcpyDtoD_v2(live, (ulong)&local, 4), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemsetD8_v2(gone, 1, 4), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemFree_v2(0), Is.EqualTo(CUresult.CUDA_SUCCESS));
        }
    }

    [Test]
    [CpuDeviceOnly("NVIDIA's driver checks ranges against its own blocks, which are larger than what was asked for")]
    public void Ranges_that_reach_beyond_their_memory_are_refused()
    {
        using RawDevice device = new();
        ulong memory = device.Allocate(64);
        byte[] host = new byte[128];
        fixed (byte* bytes = host)
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(Cuda.cuMemcpyHtoD_v2(memory, bytes, 65), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
                Assert.That(Cuda.cuMemcpyDtoH_v2(bytes, memory + 60, 5), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
                Assert.That(Cuda.cuMemsetD32_v2(memory + 4, 1, 16), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
                Assert.That(Cuda.cuMemsetD8_v2(memory, 1, nuint.MaxValue), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
                Assert.That(Cuda.cuMemcpyHtoD_v2(memory, bytes, 64), Is.EqualTo(CUresult.CUDA_SUCCESS));
            }
        }
    }

    [Test]
    public void Fills_need_aligned_addresses()
    {
        using RawDevice device = new();
        ulong memory = device.Allocate(64);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuMemsetD16_v2(memory + 1, 1, 1), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuMemsetD32_v2(memory + 2, 1, 1), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        }
    }

    [Test]
    public void More_memory_than_there_is_is_refused_and_the_device_works_on()
    {
        using RawDevice device = new();
        ulong memory = 0;
        Assert.That(Cuda.cuMemAlloc_v2(&memory, (nuint)1 << 46), Is.EqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY));
        Assert.That(Cuda.cuMemAlloc_v2(&memory, 0), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        Assert.That(RawDevice.Download<int>(device.Upload(3), 1), Is.EqualTo(new[] { 3 }));
    }

    [TestCase(1)]
    [TestCase(1000)]
    [TestCase(3 << 20)]
    public void Memory_is_aligned_to_256_bytes_and_fresh_memory_is_not_zero(int bytes)
    {
        using RawDevice device = new();
        ulong memory = device.Allocate(bytes);
        Assert.That(memory % 256, Is.Zero);
        if (NativeLibraries.Selected == DeviceKind.Cpu)
        {
            // A GPU leaves in it what was there before.
            Assert.That(RawDevice.Download<byte>(memory, bytes), Is.All.EqualTo(0xFF));
        }
    }

    [Test]
    public void Addresses_know_what_they_are()
    {
        using RawDevice device = new();
        ulong memory = device.Allocate(1000);
        void* pinned;
        Cuda.Check(Cuda.cuMemHostAlloc(&pinned, 100, 0));
        uint type;
        ulong start;
        nuint size;
        int ordinal = -1;
        using (Assert.EnterMultipleScope())
        {
            Cuda.Check(Cuda.cuPointerGetAttribute(&type, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, memory + 10));
            Assert.That((CUmemorytype)type, Is.EqualTo(CUmemorytype.CU_MEMORYTYPE_DEVICE));
            Cuda.Check(Cuda.cuPointerGetAttribute(&type, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, (ulong)pinned));
            Assert.That((CUmemorytype)type, Is.EqualTo(CUmemorytype.CU_MEMORYTYPE_HOST));
            Cuda.Check(Cuda.cuPointerGetAttribute(&ordinal, CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, memory));
            Assert.That(ordinal, Is.Zero);
            Cuda.Check(Cuda.cuMemGetAddressRange_v2(&start, &size, memory + 999));
            Assert.That(start, Is.EqualTo(memory));
            // A GPU's driver may count what it rounded the size up to.
            Assert.That((int)size, NativeLibraries.Selected == DeviceKind.Cpu ? Is.EqualTo(1000) : Is.InRange(1000, 2 << 20));
            Assert.That(Cuda.cuMemGetAddressRange_v2(&start, &size, (ulong)&type), Is.EqualTo(CUresult.CUDA_ERROR_NOT_FOUND));
            Assert.That(
                Cuda.cuPointerGetAttribute(&type, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, (ulong)&type),
                Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        }

        Cuda.Check(Cuda.cuMemFreeHost(pinned));
    }

    [Test]
    public void Registered_memory_is_known_until_it_is_unregistered()
    {
        using RawDevice device = new();
        byte[] array = GC.AllocateArray<byte>(4096, pinned: true);
        fixed (byte* bytes = array)
        {
            ulong address;
            Cuda.Check(Cuda.cuMemHostRegister_v2(bytes, 4096, 0));
            Assert.That(Cuda.cuMemHostRegister_v2(bytes + 100, 10, 0), Is.EqualTo(CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED));
            Cuda.Check(Cuda.cuMemHostGetDevicePointer_v2(&address, bytes, 0));
            Assert.That(address, Is.EqualTo((ulong)bytes));
            Cuda.Check(Cuda.cuMemHostUnregister(bytes));
            Assert.That(Cuda.cuMemHostUnregister(bytes), Is.EqualTo(CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED));
        }
    }

    [Test]
    public void A_two_dimensional_copy_moves_rows_and_leaves_the_gaps()
    {
        using RawDevice device = new();
        ulong memory;
        nuint pitch;
        Cuda.Check(Cuda.cuMemAllocPitch_v2(&memory, &pitch, 5, 3, 4));
        byte[] source = [.. Enumerable.Range(0, 30).Select(i => (byte)i)];
        byte[] destination = new byte[20];
        fixed (byte* from = source, to = destination)
        {
            CUDA_MEMCPY2D_v2 copy = default;
            copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
            copy.srcHost = from;
            copy.srcPitch = 10;
            copy.srcXInBytes = 2;
            copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
            copy.dstDevice = memory;
            copy.dstPitch = pitch;
            copy.WidthInBytes = 5;
            copy.Height = 3;
            Cuda.Check(Cuda.cuMemcpy2D_v2(&copy));

            CUDA_MEMCPY2D_v2 back = default;
            back.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
            back.srcDevice = memory;
            back.srcPitch = pitch;
            back.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
            back.dstHost = to;
            back.dstPitch = 6;
            back.WidthInBytes = 5;
            back.Height = 3;
            Cuda.Check(Cuda.cuMemcpy2DAsync_v2(&back, default));
        }

        Assert.That(destination, Is.EqualTo(new byte[] { 2, 3, 4, 5, 6, 0, 12, 13, 14, 15, 16, 0, 22, 23, 24, 25, 26, 0, 0, 0 }));
        Cuda.Check(Cuda.cuMemFree_v2(memory));
    }

    [Test]
    public void Fills_write_their_values_in_one_and_two_dimensions()
    {
        using RawDevice device = new();
        ulong memory = device.Allocate(32);
        Cuda.Check(Cuda.cuMemsetD8_v2(memory, 0, 32));
        Cuda.Check(Cuda.cuMemsetD16_v2(memory, 0x0102, 2));
        Cuda.Check(Cuda.cuMemsetD2D8_v2(memory + 8, 8, 9, 3, 3));
        Assert.That(
            RawDevice.Download<byte>(memory, 32),
            Is.EqualTo(new byte[] { 2, 1, 2, 1, 0, 0, 0, 0, 9, 9, 9, 0, 0, 0, 0, 0, 9, 9, 9, 0, 0, 0, 0, 0, 9, 9, 9, 0, 0, 0, 0, 0 }));
    }

    [Test]
    [CpuDeviceOnly("which address a pool gives is its own affair: NVIDIA's gives what was freed in a stream to the same stream at once")]
    public void Memory_freed_in_a_stream_lives_until_its_turn_and_serves_again()
    {
        using RawDevice device = new();
        CUmemoryPool pool;
        Cuda.Check(Cuda.cuDeviceGetDefaultMemPool(&pool, 0));
        ulong keepAll = ulong.MaxValue;
        Cuda.Check(Cuda.cuMemPoolSetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &keepAll));
        CUstream stream = device.Stream();
        using (Gate gate = new())
        {
            ulong first;
            ulong second;
            Cuda.Check(Cuda.cuMemAllocAsync(&first, 5000, stream));
            gate.Close(stream);
            Cuda.Check(Cuda.cuMemsetD8Async(first, 1, 5000, stream));
            Cuda.Check(Cuda.cuMemFreeAsync(first, stream));
            Cuda.Check(Cuda.cuMemAllocAsync(&second, 5000, stream));
            Assert.That(second, Is.Not.EqualTo(first), "the first block is in use until the stream comes to its end");
            gate.Open();
            Cuda.Check(Cuda.cuMemFreeAsync(second, stream));
            Cuda.Check(Cuda.cuStreamSynchronize(stream));
            ulong third;
            Cuda.Check(Cuda.cuMemAllocAsync(&third, 5000, stream));
            Assert.That(third, Is.AnyOf(first, second));
            Cuda.Check(Cuda.cuMemFreeAsync(third, stream));
            Cuda.Check(Cuda.cuStreamSynchronize(stream));
            Assert.That(Cuda.cuMemFreeAsync(third + 8, stream), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        }

        ulong keepNothing = 0;
        Cuda.Check(Cuda.cuMemPoolSetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &keepNothing));
        Cuda.Check(Cuda.cuMemPoolTrimTo(pool, 0));
    }
}
