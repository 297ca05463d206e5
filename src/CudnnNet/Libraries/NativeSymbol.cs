namespace CudnnNet;

/// <summary>One function of a native library.</summary>
/// <param name="Library">The library that has it.</param>
/// <param name="Name">The name the linker knows, e.g. <c>cuMemAlloc_v2</c>.</param>
/// <param name="Since">The first compared version that has it.</param>
/// <param name="Until">The last one; null: the newest known version has it.</param>
/// <param name="IsExported">False: the header declares it, but no compared version exports it.</param>
public sealed record NativeSymbol(NativeLibraryId Library, string Name, string Since, string? Until, bool IsExported);

/// <summary>The table of every known symbol with the versions that have it, measured from NVIDIA's headers and libraries.</summary>
public static partial class NativeSymbols
{
    /// <summary>All symbols of a library, sorted by name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the six libraries.</exception>
    public static IReadOnlyList<NativeSymbol> Of(NativeLibraryId library)
    {
        var result = new List<NativeSymbol>();
        foreach (string line in Text(library).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            result.Add(Parse(library, line));
        }
        return result;
    }

    /// <summary>One symbol, or null where no compared version has it.</summary>
    public static NativeSymbol? Find(NativeLibraryId library, string name)
    {
        foreach (ReadOnlySpan<char> line in Text(library).AsSpan().EnumerateLines())
        {
            if (line.Length > name.Length && line[name.Length] == ' ' && line.StartsWith(name, StringComparison.Ordinal))
            {
                return Parse(library, line.ToString());
            }
        }
        return null;
    }

    private static NativeSymbol Parse(NativeLibraryId library, string line)
    {
        string[] words = line.Split(' ');
        return new NativeSymbol(library, words[0], words[1], words[2] == "-" ? null : words[2], IsExported: words.Length < 4);
    }
}
