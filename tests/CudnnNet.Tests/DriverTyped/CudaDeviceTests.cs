using System.Reflection;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Devices without contexts, their attributes, contexts of one's own.</summary>
public sealed class CudaDeviceTests
{
    [Test]
    public void The_devices_are_numbered_from_0()
    {
        IReadOnlyList<CudaDevice> all = CudaDevice.All;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(all, Has.Count.EqualTo(CudaDevice.Count));
            Assert.That(all.Select(d => d.Ordinal), Is.EqualTo(Enumerable.Range(0, CudaDevice.Count)));
            Assert.That(all[0].Properties.Name, Is.Not.Empty);
            Assert.That(all[0].ToString(), Does.StartWith("device 0: "));
            Assert.That(all.Select(d => d.Uuid).Distinct().Count(), Is.EqualTo(all.Count));
            Assert.Throws<ArgumentOutOfRangeException>(() => CudaDevice.Get(CudaDevice.Count));
            Assert.Throws<ArgumentOutOfRangeException>(() => CudaDevice.Get(-1));
        }
    }

    [Test]
    public void A_device_is_found_by_its_PCI_address()
    {
        CudaDevice device = CudaDevice.Get(0);
        CudaDevice found = CudaDevice.GetByPciBusId(device.PciBusId);
        CudaException error = Assert.Throws<CudaException>(() => CudaDevice.GetByPciBusId("ffff:ff:1f.7"))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.Ordinal, Is.Zero);
            Assert.That(device.PciBusId, Does.Match("^[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\\.[0-9]$"));
            Assert.That(error.Message, Does.Contain("'ffff:ff:1f.7'").And.Contain(device.PciBusId));
        }
    }

    [Test]
    public void Every_attribute_of_the_drivers_list_has_a_property()
    {
        // Two names for one number and the end of the list have none of their own.
        IEnumerable<int> numbers = Enum.GetNames<CUdevice_attribute>().Where(n => !n.EndsWith("_ATTRIBUTE_MAX", StringComparison.Ordinal))
            .Select(n => (int)Enum.Parse<CUdevice_attribute>(n)).Distinct();
        // The compute capability is two attributes, the name, ordinal and memory are none.
        int properties = typeof(DeviceProperties).GetProperties().Length - 3 + 1;
        Assert.That(properties, Is.EqualTo(numbers.Count()));
    }

    [Test]
    public void Every_property_reads_or_is_an_attribute_newer_than_the_driver()
    {
        DeviceProperties properties = CudaDevice.Get(0).Properties;
        using (Assert.EnterMultipleScope())
        {
            foreach (PropertyInfo property in typeof(DeviceProperties).GetProperties())
            {
                try
                {
                    Assert.That(property.GetValue(properties), Is.Not.Null, property.Name);
                }
                catch (TargetInvocationException e) when (e.InnerException is CudaException error)
                {
                    Assert.That(error.Message, Does.Contain("CU_DEVICE_ATTRIBUTE_").And.Contain("of device 0 was asked for"), property.Name);
                    Assert.That(error.Code, Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE), property.Name);
                }
            }
        }
    }

    [Test]
    public void Properties_say_what_their_attributes_say()
    {
        DeviceProperties p = CudaDevice.Get(0).Properties;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(p.MaxBlockX, Is.EqualTo(p.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X)));
            Assert.That(p.MaxBlockZ, Is.EqualTo(p.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z)));
            Assert.That(p.MaxGridX, Is.GreaterThanOrEqualTo(65535));
            Assert.That(p.MaxSharedMemoryPerBlockOptInBytes, Is.GreaterThanOrEqualTo(p.MaxSharedMemoryPerBlockBytes));
            Assert.That(p.MaxThreadsPerMultiprocessor, Is.GreaterThanOrEqualTo(p.MaxThreadsPerBlock));
            Assert.That(p.HasUnifiedAddressing);
            Assert.That(p.HasMemoryPools, Is.EqualTo(p.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED) == 1));
            Assert.That(p.ComputeMode, Is.EqualTo((CUcomputemode)p.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_MODE)));
            Assert.That(p.MaxTexture2DLayeredWidth, Is.EqualTo(p.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_WIDTH)));
        }
    }

    [Test]
    public void A_device_is_no_peer_of_itself()
    {
        CudaDevice device = CudaDevice.Get(0);
        Assert.That(device.CanAccessPeer(device), Is.False);
        CudaException error = Assert.Throws<CudaException>(
            () => device.GetPeerAttribute(CUdevice_P2PAttribute.CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, device))!;
        Assert.That(error.Message, Does.Contain("from device 0 to device 0"));
    }

    [Test]
    public void Contexts_of_ones_own_are_apart_from_the_primary_one_and_go_with_their_last_child()
    {
        using CudaContext primary = CudaContext.Primary();
        CudaContext own = CudaContext.Create(0, ContextScheduling.BlockingSync);
        CudaContext another = CudaDevice.Get(0).CreateContext();
        using CudaStream stream = own.CreateStream();
        CUcontext handle = own.Handle;
        own.Dispose();
        using DeviceMemory<int> memory = another.Allocate<int>(3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(primary.IsPrimary);
            Assert.That(own.IsPrimary, Is.False);
            Assert.That(handle, Is.Not.EqualTo(primary.Handle).And.Not.EqualTo(another.Handle));
            Assert.That(stream.IsComplete, "the stream keeps its context");
        }

        stream.Dispose();
        if (NativeLibraries.Selected == DeviceKind.Cpu)
        {
            // NVIDIA's driver makes no promise about contexts that were destroyed.
            Assert.That(Current(handle), Is.Not.EqualTo(CUresult.CUDA_SUCCESS), "the context is destroyed");
        }

        another.Dispose();
    }

    [Test]
    public void An_event_of_another_context_of_the_same_device_is_not_recorded()
    {
        using CudaContext primary = CudaContext.Primary();
        using CudaContext own = CudaContext.Create();
        using CudaEvent cudaEvent = own.CreateEvent();
        using CudaStream stream = primary.CreateStream();
        ArgumentException error = Assert.Throws<ArgumentException>(() => stream.Record(cudaEvent))!;
        Assert.That(error.Message, Does.StartWith("The event belongs to another context"));
    }

    [Test]
    public void A_limit_that_is_set_is_at_least_what_was_asked_for()
    {
        using CudaContext context = CudaContext.Create();
        context.SetLimit(CUlimit.CU_LIMIT_MALLOC_HEAP_SIZE, 16.MiB());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(context.GetLimit(CUlimit.CU_LIMIT_MALLOC_HEAP_SIZE), Is.GreaterThanOrEqualTo(16.MiB()));
            CudaException error = Assert.Throws<CudaException>(() => context.GetLimit((CUlimit)1000))!;
            Assert.That(error.Message, Does.Contain("1000 was asked for"));
            Assert.Throws<ArgumentOutOfRangeException>(() => context.SetLimit(CUlimit.CU_LIMIT_STACK_SIZE, -1));
        }
    }

    [Test]
    public void The_driver_tells_its_version_and_gives_functions_by_name_and_version()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(CudaDriver.Version, Is.GreaterThanOrEqualTo(new Version(12, 0)));
            Assert.That(CudaDriver.GetFunction("cuMemAlloc", new Version(12, 0), out nint allocate), Is.EqualTo(CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS));
            Assert.That(allocate, Is.Not.EqualTo((nint)0));
            Assert.That(CudaDriver.GetFunction("cuKaffee", new Version(12, 0), out nint coffee), Is.EqualTo(CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND));
            Assert.That(coffee, Is.EqualTo((nint)0));
            // Stream-ordered allocation came with CUDA 11.2.
            Assert.That(CudaDriver.GetFunction("cuMemAllocAsync", new Version(11, 0), out nint early), Is.EqualTo(CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT));
            Assert.That(early, Is.EqualTo((nint)0));
            Assert.That(CudaDriver.GetFunction("cuStreamSynchronize", new Version(12, 0), out nint legacy), Is.EqualTo(CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS));
            Assert.That(CudaDriver.GetFunction("cuStreamSynchronize", new Version(12, 0), out nint perThread, perThreadStream: true), Is.EqualTo(CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS));
            Assert.That(perThread, Is.Not.EqualTo(legacy));
        }
    }

    private static unsafe CUresult Current(CUcontext context)
    {
        uint version;
        return Cuda.cuCtxGetApiVersion(context, &version);
    }
}
