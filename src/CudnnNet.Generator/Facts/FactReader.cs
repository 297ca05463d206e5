using System.Globalization;
using System.Text.Json;

namespace CudnnNet.Generator.Facts;

/// <summary>Reads the JSON files of native/abi.</summary>
internal static class FactReader
{
    public static IReadOnlyList<LibraryFacts> ReadAll(string folder) => [.. LibraryId.All.Select(id => Read(folder, id))];

    public static LibraryFacts Read(string folder, LibraryId id)
    {
        string path = Path.Combine(folder, id.FactFile);
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (IOException e)
        {
            throw new FactException($"{path}: the facts of {id.DisplayName} cannot be read: {e.Message}", e);
        }
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return ReadLibrary(id, new FactNode(path, "$", document.RootElement));
        }
        catch (JsonException e)
        {
            throw new FactException($"{path}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message}", e);
        }
    }

    private static LibraryFacts ReadLibrary(LibraryId id, FactNode root)
    {
        List<string> versions = root.List("versions", n => n.Text());
        var facts = new LibraryFacts(
            id, root.Text("library"), root.Text("reference"), versions,
            root.List("functions", ReadFunction), root.List("enums", ReadEnum), root.List("structs", ReadStruct),
            root.List("handles", n => new HandleFact(n.Text("name"), n.Text("canonical"), n.Text("since"))),
            root.List("aliases", n => new AliasFact(n.Text("name"), n.Text("target"), n.Flag("opaque"), n.Text("since"))),
            root.List("callbacks", n => new CallbackFact(n.Text("name"), n.Text("returns"), n.List("params", ReadParameter), n.Text("since"))),
            root.List("constants", ReadConstant),
            root.Members("external_types", (name, n) => new ExternalTypeFact(name, n.Text("canonical"))),
            [.. root.List("entry_points", ReadEntryPoints).SelectMany(e => e)],
            ReadUnlistedExports(root));
        if (facts.Functions.Count == 0)
        {
            throw root.Error("has no \"functions\"");
        }
        foreach (FunctionFact function in facts.Functions)
        {
            if (!versions.Contains(function.Since) || (function.Until is { } until && !versions.Contains(until)))
            {
                throw root.Error($"says {function.Name} exists from {function.Since} to {function.Until ?? "the newest"}, which \"versions\" does not list");
            }
        }
        return facts;
    }

    private static List<EntryPointFact> ReadEntryPoints(FactNode n)
    {
        string name = n.Text("api");
        bool perThread = n.Find("variant") is not null;
        return n.Members("entries", (version, symbol) => new EntryPointFact(
            name, perThread,
            int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw symbol.Error($"belongs to \"{version}\", which is no CUDA version"),
            symbol.Text()));
    }

    private static List<string> ReadUnlistedExports(FactNode root)
        => [.. root.Find("symbols")?.Find("exported_not_in_header")?.ListsByName("by_header") ?? []];

    private static ParameterFact ReadParameter(FactNode n) => new(n.Text("name"), n.Text("type"));

    private static FunctionFact ReadFunction(FactNode n) => new(
        n.Text("name"), n.OptionalText("api_name") ?? n.Text("name"), n.OptionalText("kind") ?? "default", n.Text("returns"),
        n.List("params", ReadParameter), n.Text("since"), n.OptionalText("until"), n.Flag("exported", true), n.Flag("deprecated"),
        n.OptionalText("per_thread"), n.OptionalText("lib"),
        n.List("changed", c => new SignatureFact(c.List("in", v => v.Text()), c.Text("returns"), c.List("params", ReadParameter))));

    private static EnumFact ReadEnum(FactNode n)
    {
        List<EnumeratorFact> values = n.Members("values", (name, value) => new EnumeratorFact(name, Integer(value)));
        // A later version's negative enumerator makes the type signed; all versions' enumerators share one type here.
        string underlying = n.Text("underlying");
        if (underlying == "unsigned int" && values.Any(v => v.Value < 0))
        {
            underlying = "int";
        }
        return new EnumFact(
            n.Text("name"), n.OptionalText("tag"), n.List("aliases", a => a.Text()), underlying, values, n.Text("since"), n.OptionalText("until"));
    }

    private static StructFact ReadStruct(FactNode n) => new(
        n.Text("name"), n.OptionalText("tag"), n.List("aliases", a => a.Text()), n.OptionalText("kind") == "union",
        n.Int32("size"), n.Int32("align"), n.List("fields", ReadField), Nested(n.List("other_fields", ReadField)),
        n.List("layouts", l => new StructLayoutFact(l.List("in", v => v.Text()), l.Int32("size"), l.Int32("align"), l.List("fields", ReadField))),
        n.Text("since"), n.OptionalText("until"));

    private static FieldFact ReadField(FactNode n) => new(
        n.Text("name"), n.Text("type"), n.Int32("offset"), n.Int32("size"), n.Find("fields") is null ? null : n.List("fields", ReadField));

    // Fields of other versions are listed flat: "localized", "localized.deviceId"; a dot means a member of an inline struct.
    private static List<FieldFact> Nested(List<FieldFact> fields)
    {
        var result = new List<FieldFact>();
        foreach (FieldFact f in fields.Where(f => !f.Name.Contains('.')))
        {
            List<FieldFact> members = [.. fields.Where(m => m.Name.StartsWith(f.Name + ".", StringComparison.Ordinal))
                .Select(m => m with { Name = m.Name[(f.Name.Length + 1)..] })];
            result.Add(members.Count == 0 ? f : f with { Fields = Nested(members) });
        }
        return result;
    }

    private static ConstantFact ReadConstant(FactNode n)
    {
        var changed = n.List("changed", c => (Versions: c.List("in", v => v.Text()), Value: Value(c.Get("value"))))
            .SelectMany(c => c.Versions.Select(version => (version, c.Value))).ToDictionary(c => c.version, c => c.Value);
        return new ConstantFact(n.Text("name"), n.Text("type"), Value(n.Get("value")), n.Text("since"), changed);

        static object Value(FactNode value) => value.Element.ValueKind switch
        {
            JsonValueKind.String => value.Text(),
            JsonValueKind.Number when value.Element.TryGetInt64(out long integer) => integer,
            JsonValueKind.Number when value.Element.TryGetUInt64(out ulong integer) => integer,
            JsonValueKind.Number => value.Element.GetDouble(),
            _ => throw value.Error("is neither a number nor a string"),
        };
    }

    private static long Integer(FactNode n) => n.Element.ValueKind == JsonValueKind.Number && n.Element.TryGetInt64(out long value)
        ? value
        : throw n.Error($"is {n.Element.GetRawText()} where an integer belongs");
}
