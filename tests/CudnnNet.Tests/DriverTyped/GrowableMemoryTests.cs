namespace CudnnNet.Tests;

/// <summary>Memory that grows in place.</summary>
public sealed class GrowableMemoryTests
{
    [Test]
    public void What_was_written_stays_while_the_memory_grows()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasVirtualMemoryManagement, "memory that programs map themselves");
        using GrowableMemory<int> memory = device.Context.ReserveMemory<int>(4_000_000);
        Assert.That(memory.Length, Is.Zero);
        memory.Grow(1000);
        ulong address = memory.Span.Address;
        device.Stream.Fill(memory.Span, 7);
        memory.Grow(3_000_000);
        device.Stream.Fill(memory.Span.Slice(1000), 9);
        int[] values = device.Download(memory.Span);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(memory.Span.Address, Is.EqualTo(address));
            Assert.That(memory.Length, Is.EqualTo(3_000_000));
            Assert.That(memory.CommittedBytes, Is.GreaterThanOrEqualTo(12_000_000).And.LessThan(12_000_000 + memory.GranularityBytes));
            Assert.That(memory.CommittedBytes % memory.GranularityBytes, Is.Zero);
            Assert.That(values[..1000], Is.All.EqualTo(7));
            Assert.That(values[1000..], Is.All.EqualTo(9));
        }
    }

    [Test]
    public void Shrinking_gives_back_what_was_added_and_keeps_the_rest()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasVirtualMemoryManagement, "memory that programs map themselves");
        using GrowableMemory<int> memory = device.Context.ReserveMemory<int>(4_000_000);
        memory.Grow(100);
        long committed = memory.CommittedBytes;
        device.Stream.Fill(memory.Span, 5);
        memory.Grow(2_000_000);
        memory.Shrink(100);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(memory.Length, Is.EqualTo(100));
            Assert.That(memory.CommittedBytes, Is.EqualTo(committed));
            Assert.That(device.Download(memory.Span), Is.All.EqualTo(5));
        }
    }

    [Test]
    public void Lengths_that_cannot_be_are_refused()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasVirtualMemoryManagement, "memory that programs map themselves");
        GrowableMemory<int> memory = device.Context.ReserveMemory<int>(10);
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => memory.Grow(11));
            Assert.Throws<ArgumentOutOfRangeException>(() => memory.Grow(-1));
            Assert.Throws<ArgumentOutOfRangeException>(() => device.Context.ReserveMemory<int>(0));
            memory.Dispose();
            memory.Dispose();
            Assert.Throws<ObjectDisposedException>(() => memory.Grow(1));
            Assert.Throws<ObjectDisposedException>(() => _ = memory.Span);
        }
    }
}
