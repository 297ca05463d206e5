namespace CudnnNet.Tests;

/// <summary>Skips a test where the device it runs on lacks something, with the reason; asked of the device each time, so a test starts to run by itself.</summary>
internal static class Requires
{
    /// <summary>The functions must be implemented where the CPU device computes. NVIDIA's driver has them all or says so itself.</summary>
    public static void Implemented(params ReadOnlySpan<string> symbols)
    {
        if (NativeLibraries.Selected != DeviceKind.Cpu)
        {
            return;
        }

        foreach (string symbol in symbols)
        {
            if (CpuDevice.IsImplemented(symbol) != 1)
            {
                Assert.Ignore($"skipped: {symbol} is not implemented by the CPU device");
            }
        }
    }

    /// <summary>A property of the device that the test cannot do without.</summary>
    public static void Device(bool has, string what)
    {
        if (!has)
        {
            Assert.Ignore($"skipped: this device has no {what}");
        }
    }

    /// <summary>The test is about the CPU device itself.</summary>
    public static void TheCpuDevice(string why)
    {
        if (NativeLibraries.Selected != DeviceKind.Cpu)
        {
            Assert.Ignore($"skipped: {why}");
        }
    }
}
