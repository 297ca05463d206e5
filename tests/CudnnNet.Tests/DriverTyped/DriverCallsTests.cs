namespace CudnnNet.Tests;

/// <summary>The counts of the driver's calls.</summary>
public sealed class DriverCallsTests
{
    [Test]
    public void What_was_called_since_a_reading_is_counted_by_function()
    {
        using TestDevice device = new();
        IReadOnlyDictionary<string, long>? before = DriverCalls.Read();
        using (device.Context.Allocate<byte>(16))
        using (device.Context.Allocate<byte>(16))
        {
            device.Stream.Synchronize();
        }

        IReadOnlyDictionary<string, long>? calls = DriverCalls.Since(before);
        Requires.TheCpuDevice("NVIDIA's driver does not count");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(calls!["cuMemAlloc_v2"], Is.EqualTo(2));
            Assert.That(calls["cuMemFree_v2"], Is.EqualTo(2));
            Assert.That(calls["cuStreamSynchronize"], Is.EqualTo(1));
            Assert.That(calls.Keys, Has.None.EqualTo("cuInit"), "what was not called again is not there");
        }
    }

    [Test]
    public void Where_nobody_counted_nothing_is_said() => Assert.That(DriverCalls.Since(null), Is.Null);
}
