using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Memory on the device and pinned memory on the host.</summary>
public sealed class DeviceMemoryTests
{
    [Test]
    public void Memory_is_aligned_and_knows_its_size()
    {
        using CudaContext context = CudaContext.Primary();
        using DeviceMemory<double> memory = context.Allocate<double>(1001);
        DeviceSpan<double> span = memory;
        DevicePointer pointer = memory;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(memory.Address % 256, Is.Zero);
            Assert.That(memory.Length, Is.EqualTo(1001));
            Assert.That(memory.Bytes, Is.EqualTo(8008));
            Assert.That(span, Is.EqualTo(memory.Span));
            Assert.That(pointer.Address, Is.EqualTo(memory.Address));
            Assert.That(memory.Slice(1, 2).Address, Is.EqualTo(memory.Address + 8));
            Assert.That(memory.Context, Is.SameAs(context));
        }
    }

    [TestCase(0)]
    [TestCase(-1)]
    public void No_elements_are_no_memory(long elements)
    {
        using CudaContext context = CudaContext.Primary();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => context.Allocate<int>(elements));
            Assert.Throws<ArgumentOutOfRangeException>(() => context.AllocatePinned<int>(elements));
        }
    }

    [Test]
    public void More_than_there_is_is_an_error_that_says_how_much_was_asked_and_found()
    {
        using CudaContext context = CudaContext.Primary();
        CudaException error = Assert.Throws<CudaException>(() => context.Allocate<float>(1L << 48))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY));
            Assert.That(error.Function, Is.EqualTo("cuMemAlloc_v2"));
            Assert.That(error.Message, Does.Contain("1125899906842624 bytes were asked for (281474976710656 elements of Single)"));
            Assert.That(error.Message, Does.Contain($"of the device's {context.Properties.TotalMemoryBytes} bytes are free. Free memory or ask for less"));
        }
    }

    [Test]
    public void Freed_memory_gives_no_address()
    {
        using CudaContext context = CudaContext.Primary();
        DeviceMemory<int> memory = context.Allocate<int>(1);
        PinnedMemory<int> pinned = context.AllocatePinned<int>(1);
        memory.Dispose();
        pinned.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => _ = memory.Address);
            Assert.Throws<ObjectDisposedException>(() => _ = memory.Span);
            Assert.Throws<ObjectDisposedException>(() => _ = (DevicePointer)memory);
            Assert.Throws<ObjectDisposedException>(() => _ = (DeviceSpan<int>)memory);
            Assert.Throws<ObjectDisposedException>(() => _ = pinned.Span.Length);
        }
    }

    [Test]
    public void A_null_reference_does_not_become_a_null_address()
    {
        DeviceMemory<int>? memory = null;
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ArgumentNullException>(() => _ = (DevicePointer)memory!);
            Assert.Throws<ArgumentNullException>(() => _ = (DeviceSpan<int>)memory!);
        }
    }

    [Test]
    public void Pinned_memory_is_read_and_written_on_the_host()
    {
        using CudaContext context = CudaContext.Primary();
        using PinnedMemory<int> pinned = context.AllocatePinned<int>(5);
        pinned.Span.Fill(3);
        pinned.Slice(1, 2).Fill(4);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pinned.Span.ToArray(), Is.EqualTo(new[] { 3, 4, 4, 3, 3 }));
            Assert.That(pinned.Bytes, Is.EqualTo(20));
            Assert.Throws<ArgumentOutOfRangeException>(() => pinned.Slice(4, 2));
            Assert.Throws<ArgumentOutOfRangeException>(() => pinned.Slice(-1, 1));
        }
    }
}
