using System.Runtime.InteropServices;
using CudnnNet;

namespace Devices;

/// <summary>
/// Once for each test project, before anything else: where a GPU is demanded (CUDNNNET_DEVICE=cuda) and there is none, all its tests are
/// skipped with what was looked for, instead of failing one by one. A project derives from it outside of all namespaces.
/// </summary>
public abstract unsafe partial class DeviceSetUp
{
    /// <summary>Chooses the device.</summary>
    [OneTimeSetUp]
    public void The_device_is_there()
    {
        CompareInSinglePrecision();
        try
        {
            _ = NativeLibraries.Selected;
        }
        catch (MissingLibraryException e)
        {
            Assert.Ignore($"skipped: {e.Message}");
        }
    }

    // The expected values are those of single precision; by default cuDNN multiplies with the ten bits of TF32. The libraries read the
    // variable when they are loaded, and the environment that the runtime shows is a copy.
    private static void CompareInSinglePrecision()
    {
        if (OperatingSystem.IsLinux())
        {
            fixed (byte* name = "NVIDIA_TF32_OVERRIDE\0"u8, value = "0\0"u8)
            {
                _ = SetVariable(name, value, 0);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv")]
    private static partial int SetVariable(byte* name, byte* value, int overwrite);
}
