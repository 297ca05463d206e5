namespace CudnnNet.Generator.Facts;

/// <summary>
/// The facts of one major version of a library: what a program built against any of its minor versions finds, laid out as in
/// the newest of them. Within a major version NVIDIA keeps old programs running, so newer minor versions only add.
/// </summary>
internal static class FactVersion
{
    /// <exception cref="FactException">No compared version has that major number.</exception>
    public static LibraryFacts Of(LibraryFacts facts, int major)
    {
        var order = facts.Versions.Select((version, index) => (version, index)).ToDictionary(p => p.version, p => p.index);
        List<string> minors = [.. facts.Versions.Where(v => IsOf(v, major))];
        if (minors.Count == 0)
        {
            throw new FactException($"no compared version of {facts.Id.DisplayName} is a {major}");
        }
        int oldest = order[minors[0]];
        int newest = order[minors[^1]];
        bool Has(string since, string? until) => order[since] <= newest && (until is null || order[until] >= oldest);

        return facts with
        {
            Reference = minors[^1],
            Functions = [.. facts.Functions.Where(f => Has(f.Since, f.Until)).Select(f => Signature(f, minors))],
            Constants = [.. facts.Constants.Select(c => c with { Value = c.Changed.GetValueOrDefault(minors[^1], c.Value) })],
            Structs = [.. facts.Structs.Where(s => Has(s.Since, s.Until)).Select(s => Layout(s, minors[^1]))],
        };
    }

    /// <summary>The names that a library of this major version exports.</summary>
    public static IEnumerable<string> Exports(LibraryFacts facts, int major) => Of(facts, major).Functions.Where(f => f.Exported).Select(f => f.Name);

    private static bool IsOf(string version, int major) => version.StartsWith($"{major}.", StringComparison.Ordinal);

    private static FunctionFact Signature(FunctionFact function, List<string> minors)
        => function.Changed.FirstOrDefault(c => minors.Any(c.Versions.Contains)) is { } change
            ? function with { Returns = change.Returns, Parameters = change.Parameters }
            : function;

    private static StructFact Layout(StructFact s, string version)
        => s.Layouts.FirstOrDefault(l => l.Versions.Contains(version)) is { } layout
            ? s with { Size = layout.Size, Alignment = layout.Alignment, Fields = layout.Fields, OtherFields = [] }
            : s;
}
