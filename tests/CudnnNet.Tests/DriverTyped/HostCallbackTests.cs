using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudnnNet.Tests;

/// <summary>Functions of the host in the order of a stream.</summary>
public sealed class HostCallbackTests
{
    [Test]
    public void A_callback_runs_in_order_and_not_on_the_calling_thread()
    {
        using TestDevice device = new();
        int caller = Environment.CurrentManagedThreadId;
        int runner = caller;
        int calls = 0;
        int seen = -1;
        using PinnedMemory<int> host = device.Context.AllocatePinned<int>(1);
        using HostCallback callback = new(() =>
        {
            runner = Environment.CurrentManagedThreadId;
            seen = host.Span[0];
            calls++;
        });
        DeviceMemory<int> memory = device.Upload(42);
        device.Stream.CopyToHost(memory.Span, host);
        device.Stream.Invoke(callback);
        device.Stream.Invoke(callback);
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(calls, Is.EqualTo(2));
            Assert.That(seen, Is.EqualTo(42));
            Assert.That(runner, Is.Not.EqualTo(caller));
            Assert.That(callback.Failure, Is.Null);
        }
    }

    [Test]
    public void An_exception_is_kept_for_the_owner_and_does_not_reach_the_driver()
    {
        using TestDevice device = new();
        int calls = 0;
        using HostCallback callback = new(() => throw new InvalidOperationException($"call {++calls}"));
        device.Stream.Invoke(callback);
        device.Stream.Invoke(callback);
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(calls, Is.EqualTo(2));
            Assert.That(callback.Failure?.Message, Is.EqualTo("call 1"));
        }
    }

    [Test]
    public void Calls_queued_to_a_disposed_callback_do_nothing()
    {
        using TestDevice device = new();
        using ManualResetEventSlim gate = new();
        int calls = 0;
        HostCallback callback = new(() => calls++);
        device.Stream.Invoke(gate.Wait);
        device.Stream.Invoke(callback);
        callback.Dispose();
        callback.Dispose();
        gate.Set();
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(calls, Is.Zero);
            Assert.That(callback.IsDisposed);
            Assert.Throws<ObjectDisposedException>(() => device.Stream.Invoke(callback));
        }
    }

    [Test]
    public void Nothing_is_left_of_callbacks_that_ran_or_were_disposed()
    {
        using TestDevice device = new();
        int before = HostCallback.LiveCount;
        for (int i = 0; i < 100; i++)
        {
            device.Stream.Invoke(() => { });
            new HostCallback(() => { }).Dispose();
        }

        device.Stream.Synchronize();
        Assert.That(HostCallback.LiveCount, Is.EqualTo(before));
    }

    [Test]
    public unsafe void Calling_the_host_allocates_no_managed_memory()
    {
        using TestDevice device = new();
        using HostCallback callback = new(() => { });
        int count = 0;
        int* counter = &count;
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            device.Stream.Invoke(callback);
            device.Stream.Invoke(&Increment, counter);
        });
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(bytes, Is.Zero);
            Assert.That(*counter, Is.EqualTo(103));
            Assert.Throws<ArgumentNullException>(() => device.Stream.Invoke(null, null));
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void Increment(void* counter) => ++*(int*)counter;
}
