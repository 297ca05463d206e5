using System.Text;

namespace CudnnNet;

/// <summary>How often each function of the driver was called in this process. The CPU device counts its calls; NVIDIA's driver does not.</summary>
public static unsafe class DriverCalls
{
    /// <summary>The counts so far, of functions that were called, by their names in the library; null where nobody counts.</summary>
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

    /// <summary>The functions called since an earlier reading, and how often; null where nobody counts.</summary>
    public static IReadOnlyDictionary<string, long>? Since(IReadOnlyDictionary<string, long>? earlier)
    {
        if (earlier is null || Read() is not { } now)
        {
            return null;
        }

        SortedDictionary<string, long> called = new(StringComparer.Ordinal);
        foreach ((string function, long calls) in now)
        {
            if (calls - earlier.GetValueOrDefault(function) is > 0 and var more)
            {
                called.Add(function, more);
            }
        }

        return called;
    }
}
