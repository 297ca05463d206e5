using System.Text;
using CudnnNet;

namespace Cifar;

/// <summary>How often each function of the driver was called in this process, as the CPU device counts it.</summary>
internal static unsafe class DriverCalls
{
    /// <summary>The counts so far, of functions that were called; null where the process computes on a GPU, whose driver does not count.</summary>
    public static IReadOnlyDictionary<string, long>? Read()
    {
        if (!NativeLibraries.TryGetFunction(NativeLibraryId.Cuda, "cudnnnetCpuCallCount", out nint address))
        {
            return null;
        }

        var count = (delegate* unmanaged<byte*, ulong>)address;
        SortedDictionary<string, long> counts = new(StringComparer.Ordinal);
        foreach (NativeSymbol symbol in NativeSymbols.Of(NativeLibraryId.Cuda))
        {
            fixed (byte* name = Encoding.ASCII.GetBytes(symbol.Name + '\0'))
            {
                if (count(name) is > 0 and var calls)
                {
                    counts.Add(symbol.Name, (long)calls);
                }
            }
        }

        return counts;
    }

    /// <summary>What was called between two readings.</summary>
    public static IReadOnlyDictionary<string, long> Between(IReadOnlyDictionary<string, long> before, IReadOnlyDictionary<string, long> after) => new SortedDictionary<string, long>(
        after.Select(entry => (entry.Key, Calls: entry.Value - before.GetValueOrDefault(entry.Key))).Where(entry => entry.Calls > 0).ToDictionary(entry => entry.Key, entry => entry.Calls),
        StringComparer.Ordinal);
}
