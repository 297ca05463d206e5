namespace CudnnNet.Generator.Native;

/// <summary>Writes linker scripts that say which symbols a library exports.</summary>
internal static class ExportMapWriter
{
    /// <param name="version">The version that symbols carry, as NVIDIA's library tags them with its own name; null for none.</param>
    /// <param name="symbols">All that is exported.</param>
    public static string Write(string? version, IEnumerable<string> symbols)
    {
        List<string> names = Sorted(symbols);
        var w = new SourceWriter(2);
        w.Line(CHeaderWriter.Banner.Replace("//", "#", StringComparison.Ordinal));
        w.Block(version is null ? "{" : $"{version} {{", () =>
        {
            if (names.Count > 0)
            {
                w.Line("global:");
                names.ForEach(name => w.Line($"  {name};"));
            }
            w.Line("local:").Line("  *;");
        }, "};", brace: null);
        return w.ToString();
    }

    /// <summary>The same symbols, each in a call of the macro SYMBOL, for the assembler and for C.</summary>
    public static string WriteNames(IEnumerable<string> symbols)
    {
        var w = new SourceWriter(2);
        w.Line(CHeaderWriter.Banner.Replace("//", "/*", StringComparison.Ordinal) + " */");
        Sorted(symbols).ForEach(name => w.Line($"SYMBOL({name})"));
        return w.ToString();
    }

    private static List<string> Sorted(IEnumerable<string> symbols) => [.. symbols.Distinct().Order(StringComparer.Ordinal)];
}
