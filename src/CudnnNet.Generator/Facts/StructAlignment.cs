namespace CudnnNet.Generator.Facts;

/// <summary>Tells the alignment a struct has because of its fields from one that an attribute asks for.</summary>
internal sealed class StructAlignment(IReadOnlyList<LibraryFacts> libraries)
{
    private readonly Dictionary<string, StructFact> _structs = libraries.SelectMany(l => l.Structs)
        .SelectMany(s => s.Aliases.Append(s.Name).Append(s.CTag).Distinct().Select(name => (name, s)))
        .GroupBy(p => p.name).ToDictionary(g => g.Key, g => g.First().s);

    /// <summary>The struct of this name, tag or alias.</summary>
    public StructFact? Find(string name) => _structs.GetValueOrDefault(name);

    /// <summary>The largest alignment among the fields, structs among them counted with what they ask for.</summary>
    public int OfFields(IReadOnlyList<FieldFact> fields) => fields.Count == 0 ? 1 : fields.Max(f =>
    {
        if (f.IsInline)
        {
            return OfFields(f.Fields!);
        }
        CType type = CType.Parse(f.Type);
        return type.Pointers == 0 && Find(type.Base) is { } s ? s.Alignment : f.Size / Math.Max(1, type.Length);
    });
}
