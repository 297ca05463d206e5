using System.Text;
using CudnnNet;

namespace Devices;

/// <summary>Skips a test where the device it runs on lacks something, with the reason; asked of the device each time, so a test starts to run by itself.</summary>
public static unsafe class Requires
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
            if (!IsImplemented(symbol))
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

    /// <summary>The test cannot hold on a GPU; <paramref name="why"/> says what is different there.</summary>
    public static void TheCpuDevice(string why)
    {
        if (NativeLibraries.Selected != DeviceKind.Cpu)
        {
            Assert.Ignore($"skipped: {why}");
        }
    }

    private static bool IsImplemented(string symbol)
    {
        if (!NativeLibraries.TryGetFunction(NativeLibraryId.Cuda, "cudnnnetCpuIsImplemented", out nint address))
        {
            return false;
        }

        fixed (byte* name = Encoding.ASCII.GetBytes(symbol + '\0'))
        {
            return ((delegate* unmanaged<byte*, int>)address)(name) == 1;
        }
    }
}
