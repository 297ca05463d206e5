using System.Runtime.InteropServices;
using System.Text;

namespace CudnnNet.Tests;

/// <summary>The CPU device's file itself, whatever device the process computes on.</summary>
internal static unsafe class CpuDevice
{
    private static readonly nint s_library = NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, LibraryNames.CpuDevice(LibraryNames.Current)));

    /// <summary>The address of a symbol, or 0.</summary>
    public static nint Export(string symbol) => NativeLibrary.TryGetExport(s_library, symbol, out nint address) ? address : 0;

    /// <summary>1: implemented, 0: refuses, -1: not in the ABI.</summary>
    public static int IsImplemented(string symbol)
    {
        fixed (byte* name = Encoding.ASCII.GetBytes(symbol + '\0'))
        {
            return ((delegate* unmanaged<byte*, int>)Export("cudnnnetCpuIsImplemented"))(name);
        }
    }

    /// <summary>A function that returns a status and refuses, or null where all are implemented.</summary>
    public static string? NotImplemented(NativeLibraryId library) => NativeSymbols.Of(library)
        .Where(s => s.IsExported && !s.Name.Contains("Version", StringComparison.Ordinal) && !s.Name.Contains("String", StringComparison.Ordinal))
        .Select(s => s.Name).FirstOrDefault(name => IsImplemented(name) == 0);

    /// <summary>Calls a function which is not implemented: it looks at none of its arguments, so that it can be called without any.</summary>
    public static nint Call(string symbol)
    {
        Assert.That(IsImplemented(symbol), Is.Zero, $"{symbol} is implemented and must be called with its arguments");
        return ((delegate* unmanaged<nint>)Export(symbol))();
    }
}
