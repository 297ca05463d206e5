namespace CudnnNet.Tests;

/// <summary>Handles by which other processes open memory and events.</summary>
public sealed class InterprocessTests
{
    [Test]
    public void A_memory_handle_survives_the_way_through_bytes_and_is_not_for_the_process_that_made_it()
    {
        Requires.Implemented("cuIpcGetMemHandle", "cuIpcOpenMemHandle_v2");
        using TestDevice device = new();
        DeviceMemory<int> memory = device.Upload(1, 2, 3);
        byte[] bytes = memory.GetIpcHandle().ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(bytes, Has.Length.EqualTo(IpcMemoryHandle.ByteCount));
            Assert.That(new IpcMemoryHandle(bytes).ToArray(), Is.EqualTo(bytes));
            Assert.Throws<CudaException>(() => device.Context.OpenMemory<int>(new IpcMemoryHandle(bytes), 3));
            Assert.Throws<ArgumentException>(() => _ = new IpcMemoryHandle([1, 2]));
            Assert.Throws<ArgumentOutOfRangeException>(() => device.Context.OpenMemory<int>(new IpcMemoryHandle(bytes), 0));
        }
    }

    [Test]
    public void An_event_handle_comes_from_events_made_for_it_only()
    {
        Requires.Implemented("cuIpcGetEventHandle", "cuIpcOpenEventHandle");
        using TestDevice device = new();
        using CudaEvent shared = device.Context.CreateInterprocessEvent();
        using CudaEvent plain = device.Context.CreateEvent();
        byte[] bytes = shared.GetIpcHandle().ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new IpcEventHandle(bytes).ToArray(), Is.EqualTo(bytes));
            Assert.Throws<CudaException>(() => plain.GetIpcHandle());
            Assert.Throws<CudaException>(() => device.Context.OpenEvent(new IpcEventHandle(bytes)));
            Assert.Throws<ArgumentException>(() => _ = new IpcEventHandle(new byte[65]));
        }
    }

    [Test]
    public void A_handle_of_nobodys_memory_does_not_open()
    {
        Requires.Implemented("cuIpcOpenMemHandle_v2", "cuIpcOpenEventHandle");
        using CudaContext context = CudaContext.Primary();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<CudaException>(() => context.OpenMemory<int>(new IpcMemoryHandle(new byte[64]), 1));
            Assert.Throws<CudaException>(() => context.OpenEvent(new IpcEventHandle(new byte[64])));
        }
    }
}
