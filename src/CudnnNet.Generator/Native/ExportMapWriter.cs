namespace CudnnNet.Generator.Native;

/// <summary>Writes linker scripts that say which symbols a library exports.</summary>
internal static class ExportMapWriter
{
    /// <param name="version">The version that symbols carry, as NVIDIA's library tags them with its own name; null for none.</param>
    /// <param name="symbols">All that is exported.</param>
    public static string Write(string? version, IEnumerable<string> symbols)
    {
        List<string> names = [.. symbols.Distinct().Order(StringComparer.Ordinal)];
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
}
