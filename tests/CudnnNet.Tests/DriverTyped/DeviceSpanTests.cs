namespace CudnnNet.Tests;

/// <summary>Addresses and lengths; nothing of it needs a device.</summary>
public sealed class DeviceSpanTests
{
    [Test]
    public void A_slice_starts_elements_not_bytes_further_on()
    {
        DeviceSpan<float> span = new(4096, 100);
        DeviceSpan<float> slice = span.Slice(10, 20);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(slice.Address, Is.EqualTo(4096 + 40));
            Assert.That(slice.Length, Is.EqualTo(20));
            Assert.That(slice.Bytes, Is.EqualTo(80));
            Assert.That(span.Slice(90).Length, Is.EqualTo(10));
            Assert.That(span.Slice(100).IsEmpty);
        }
    }

    [TestCase(0, 101)]
    [TestCase(101, 0)]
    [TestCase(-1, 1)]
    [TestCase(1, -1)]
    [TestCase(50, 51)]
    [TestCase(long.MaxValue, 1)]
    [TestCase(1, long.MaxValue)]
    public void A_slice_outside_the_span_is_refused(long start, long length)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => new DeviceSpan<float>(4096, 100).Slice(start, length))!;
        Assert.That(error.Message, Does.StartWith($"The part of {length} elements from element {start} on does not lie inside a span of 100 elements."));
    }

    [Test]
    public void A_cast_keeps_the_bytes()
    {
        DeviceSpan<double> wide = new(512, 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(wide.Cast<byte>().Length, Is.EqualTo(24));
            Assert.That(wide.Cast<float>().Length, Is.EqualTo(6));
            Assert.That(wide.Cast<float>().Address, Is.EqualTo(512));
            Assert.That(default(DeviceSpan<float>).Cast<double>().Length, Is.Zero);
        }
    }

    [Test]
    public void A_cast_that_would_cut_an_element_is_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new DeviceSpan<float>(512, 3).Cast<double>())!;
        Assert.That(error.Message, Is.EqualTo("3 elements of Single (12 bytes) are no whole number of Double (8 bytes each). Slice the span first."));
    }

    [Test]
    public void A_span_that_is_no_range_of_memory_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ArgumentException>(() => _ = new DeviceSpan<byte>(0, 1));
            Assert.Throws<ArgumentException>(() => _ = new DeviceSpan<double>(8, long.MaxValue));
            Assert.Throws<ArgumentOutOfRangeException>(() => _ = new DeviceSpan<byte>(8, -1));
        }
    }

    [Test]
    public void A_span_converts_to_its_address()
    {
        DevicePointer pointer = new DeviceSpan<int>(4096, 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pointer, Is.EqualTo(new DevicePointer(4096)));
            Assert.That(pointer.Offset(-96).Address, Is.EqualTo(4000));
            Assert.That(pointer.ToString(), Is.EqualTo("0x1000"));
            Assert.That(DevicePointer.Null.IsNull);
        }
    }

    [Test]
    public void Sizes_are_read_aloud_in_powers_of_two()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(3.KiB(), Is.EqualTo(3072));
            Assert.That(256.MiB(), Is.EqualTo(268_435_456));
            Assert.That(4.GiB(), Is.EqualTo(4_294_967_296));
        }
    }
}
