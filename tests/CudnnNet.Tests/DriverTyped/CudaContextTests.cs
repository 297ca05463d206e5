using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The primary context: counted, current where it is needed, and alive as long as its children.</summary>
public sealed class CudaContextTests
{
    [Test]
    public void The_device_says_what_it_is()
    {
        using CudaContext context = CudaContext.Primary();
        DeviceProperties properties = context.Properties;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(CudaContext.DeviceCount, Is.GreaterThanOrEqualTo(1));
            Assert.That(context.Device, Is.Zero);
            Assert.That(properties.Name, Is.Not.Empty);
            Assert.That(properties.TotalMemoryBytes, Is.GreaterThan(1L << 28));
            Assert.That(properties.MultiprocessorCount, Is.GreaterThanOrEqualTo(1));
            Assert.That(properties.ComputeCapability.Major, Is.GreaterThanOrEqualTo(7));
            Assert.That(properties.WarpSize, Is.EqualTo(32));
            Assert.That(properties.MaxThreadsPerBlock, Is.EqualTo(1024));
            Assert.That(properties.MaxSharedMemoryPerBlockBytes, Is.EqualTo(49152));
            Assert.That(properties.L2CacheBytes, Is.GreaterThanOrEqualTo(0));
            Assert.That(properties.ToString(), Does.StartWith(properties.Name + ", compute capability " + properties.ComputeCapability));
            Assert.That(context.Properties, Is.SameAs(properties));
        }
    }

    [Test]
    public void An_unknown_attribute_is_an_error_that_names_it()
    {
        using CudaContext context = CudaContext.Primary();
        CudaException error = Assert.Throws<CudaException>(() => context.Properties.GetAttribute((CUdevice_attribute)9999))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(error.Message, Does.Contain("cuDeviceGetAttribute").And.Contain("9999 of device 0 was asked for"));
        }
    }

    [TestCase(-1)]
    [TestCase(4711)]
    public void A_device_that_is_not_there_is_an_error_that_counts_those_which_are(int device)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => CudaContext.Primary(device))!;
        Assert.That(error.Message, Does.StartWith($"Device {device} was asked for; the driver counts {CudaContext.DeviceCount} device(s), numbered from 0."));
    }

    [Test]
    public void Owners_of_one_device_share_its_primary_context_and_release_it_one_by_one()
    {
        CudaContext first = CudaContext.Primary();
        using CudaContext second = CudaContext.Primary();
        Assert.That(second.Handle, Is.EqualTo(first.Handle));
        first.Dispose();
        Assert.That(IsActive(), "one owner is left");
        using DeviceMemory<int> memory = second.Allocate<int>(1);
        Assert.That(memory.Address, Is.Not.Zero);
    }

    [Test]
    public void The_context_is_released_with_its_last_child()
    {
        CudaContext context = CudaContext.Primary();
        CudaStream stream = context.CreateStream();
        DeviceMemory<int> memory = context.Allocate<int>(4);
        context.Dispose();
        Assert.That(IsActive(), "two children are left");

        stream.CopyToDevice([1, 2, 3, 4], memory.Span);
        stream.Synchronize();
        stream.Dispose();
        Assert.That(IsActive(), "one child is left");
        memory.Dispose();
        Assert.That(IsActive(), Is.False);
    }

    [Test]
    public void Every_order_of_disposal_is_right_and_twice_is_once([Values(0, 1, 2, 3, 4, 5)] int order)
    {
        CudaContext context = CudaContext.Primary();
        CudaStream stream = context.CreateStream();
        DeviceMemory<float> memory = context.Allocate<float>(16);
        IDisposable[] owners = [context, stream, memory];
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        foreach (int index in orders[order])
        {
            owners[index].Dispose();
            owners[index].Dispose();
        }

        Assert.That(IsActive(), Is.False);
    }

    [Test]
    public void A_disposed_context_makes_nothing_any_more()
    {
        CudaContext context = CudaContext.Primary();
        context.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(context.IsDisposed);
            Assert.Throws<ObjectDisposedException>(() => context.CreateStream());
            Assert.Throws<ObjectDisposedException>(() => context.CreateStream(0));
            Assert.Throws<ObjectDisposedException>(() => context.CreateEvent());
            Assert.Throws<ObjectDisposedException>(() => context.Allocate<int>(1));
            Assert.Throws<ObjectDisposedException>(() => context.AllocatePinned<int>(1));
            Assert.Throws<ObjectDisposedException>(() => context.LoadModule([1]));
            Assert.Throws<ObjectDisposedException>(() => context.WrapStream(default));
            Assert.Throws<ObjectDisposedException>(() => context.Synchronize());
            Assert.Throws<ObjectDisposedException>(() => context.MakeCurrent());
            Assert.Throws<ObjectDisposedException>(() => context.GetMemoryInfo());
            Assert.Throws<ObjectDisposedException>(() => _ = context.Handle);
            Assert.Throws<ObjectDisposedException>(() => _ = context.Properties);
            Assert.Throws<ObjectDisposedException>(() => _ = context.StreamPriorityRange);
        }
    }

    [Test]
    public void Any_thread_may_use_the_context_without_further_ado()
    {
        using CudaContext context = CudaContext.Primary();
        Exception? error = null;
        Thread thread = new(() =>
        {
            try
            {
                using CudaStream stream = context.CreateStream();
                using DeviceMemory<int> memory = context.Allocate<int>(3);
                stream.Fill(memory.Span, 7);
                int[] back = new int[3];
                stream.CopyToHost(memory.Span, back.AsSpan());
                stream.Synchronize();
                Assert.That(back, Is.EqualTo(new[] { 7, 7, 7 }));
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.That(error, Is.Null);
    }

    [Test]
    public unsafe void A_method_makes_the_context_current_where_another_library_has_taken_it_away()
    {
        using CudaContext context = CudaContext.Primary();
        Cuda.Check(Cuda.cuCtxSetCurrent(default));
        using DeviceMemory<int> memory = context.Allocate<int>(1);
        CUcontext current;
        Cuda.Check(Cuda.cuCtxGetCurrent(&current));
        Assert.That(current, Is.EqualTo(context.Handle));
    }

    [Test]
    public void Memory_taken_is_missing_from_the_free_memory()
    {
        using CudaContext context = CudaContext.Primary();
        DeviceMemoryInfo info = context.GetMemoryInfo();
        using (Assert.EnterMultipleScope())
        {
            // A GPU's driver keeps some for itself.
            Assert.That(info.TotalBytes, Is.InRange(context.Properties.TotalMemoryBytes / 10 * 9, context.Properties.TotalMemoryBytes));
            Assert.That(info.FreeBytes, Is.InRange(1, info.TotalBytes));
        }
    }

    private static unsafe bool IsActive()
    {
        uint flags;
        int active;
        Cuda.Check(Cuda.cuDevicePrimaryCtxGetState(0, &flags, &active));
        return active != 0;
    }
}
