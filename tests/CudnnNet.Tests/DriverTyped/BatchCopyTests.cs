namespace CudnnNet.Tests;

/// <summary>Many copies in one call.</summary>
public sealed class BatchCopyTests
{
    [TestCase(1)]
    [TestCase(64)]
    [TestCase(150)]
    public void Every_copy_of_a_batch_is_made(int count)
    {
        Requires.Implemented("cuMemcpyBatchAsync");
        using TestDevice device = new();
        int[] values = [.. Enumerable.Range(0, count * 10)];
        DeviceMemory<int> source = device.Upload<int>(values);
        DeviceMemory<int> destination = device.Own(device.Context.Allocate<int>(values.Length));
        BatchCopy[] copies = [.. Enumerable.Range(0, count).Select(i => BatchCopy.Of(source.Span.Slice(i * 10, 10), destination.Span.Slice((count - 1 - i) * 10, 10)))];
        device.Stream.CopyBatch(copies);
        int[] expected = [.. values.Chunk(10).Reverse().SelectMany(chunk => chunk)];
        Assert.That(device.Download(destination.Span), Is.EqualTo(expected));
    }

    [Test]
    public void The_copy_that_does_not_fit_is_named()
    {
        Requires.Implemented("cuMemcpyBatchAsync");
        using TestDevice device = new();
        DeviceMemory<byte> memory = device.Own(device.Context.Allocate<byte>(100));
        BatchCopy good = BatchCopy.Of(memory.Span.Slice(0, 10), memory.Span.Slice(20, 10));
        using (Assert.EnterMultipleScope())
        {
            CudaException failure = Assert.Throws<CudaException>(() => device.Stream.CopyBatch(good, good with { Bytes = 1 << 30 }))!;
            Assert.That(failure.Message, Does.Contain("copy 1 of 2"));
            Assert.Throws<ArgumentOutOfRangeException>(() => device.Stream.CopyBatch(good with { Bytes = 0 }));
            Assert.Throws<ArgumentException>(() => BatchCopy.Of(memory.Span, memory.Span.Slice(1)));
            Assert.DoesNotThrow(() => device.Stream.CopyBatch());
        }
    }

    [Test]
    public void A_batch_allocates_nothing()
    {
        Requires.Implemented("cuMemcpyBatchAsync");
        using TestDevice device = new();
        DeviceMemory<int> memory = device.Own(device.Context.Allocate<int>(100));
        BatchCopy[] copies = [BatchCopy.Of(memory.Span.Slice(0, 10), memory.Span.Slice(50, 10)), BatchCopy.Of(memory.Span.Slice(10, 10), memory.Span.Slice(60, 10))];
        Assert.That(TestDevice.AllocatedBytes(() => device.Stream.CopyBatch(copies)), Is.Zero);
    }
}
