using System.Runtime.InteropServices;
using System.Text;

namespace ResNet.Tests;

/// <summary>How often the CPU device's driver functions were called in this process.</summary>
internal static unsafe class CallCounts
{
    private static readonly string[] s_symbols =
    [
        "cuLaunchKernel", "cuGraphLaunch", "cuGraphInstantiateWithFlags", "cuMemAlloc_v2", "cuMemAllocAsync", "cuMemAllocHost_v2", "cuMemHostAlloc", "cuMemFree_v2", "cuMemFreeHost", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2",
        "cuMemcpyHtoD_v2", "cuMemcpyDtoH_v2", "cuMemcpyDtoDAsync_v2", "cuStreamSynchronize", "cuCtxSynchronize", "cuEventSynchronize", "cuModuleLoadData", "cuStreamCreate",
    ];

    /// <summary>The counts by function; meaningless where the process computes on a GPU.</summary>
    public static Dictionary<string, long> Read()
    {
        nint library = NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "libcudnnnet_cpu.so"));
        var count = (delegate* unmanaged<byte*, ulong>)NativeLibrary.GetExport(library, "cudnnnetCpuCallCount");
        Dictionary<string, long> counts = [];
        foreach (string symbol in s_symbols)
        {
            fixed (byte* name = Encoding.ASCII.GetBytes(symbol + '\0'))
            {
                counts.Add(symbol, (long)count(name));
            }
        }

        return counts;
    }
}
