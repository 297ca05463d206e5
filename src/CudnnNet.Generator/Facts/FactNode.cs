using System.Text.Json;

namespace CudnnNet.Generator.Facts;

/// <summary>A JSON value together with the way that led to it, so that an error can say where the facts are wrong.</summary>
internal readonly struct FactNode(string file, string path, JsonElement element)
{
    public JsonElement Element => element;

    public FactNode? Find(string name)
    {
        Require(JsonValueKind.Object);
        return element.TryGetProperty(name, out JsonElement value) ? new FactNode(file, $"{path}.{name}", value) : null;
    }

    public FactNode Get(string name) => Find(name) ?? throw Error($"has no \"{name}\"");

    public string Text(string name) => Get(name).Text();

    public string? OptionalText(string name) => Find(name)?.Text();

    public string Text()
    {
        Require(JsonValueKind.String);
        return element.GetString()!;
    }

    public int Int32(string name)
    {
        FactNode node = Get(name);
        return node.Element.ValueKind == JsonValueKind.Number && node.Element.TryGetInt32(out int value)
            ? value
            : throw node.Error($"is {node.Element.GetRawText()} where a 32-bit integer belongs");
    }

    public bool Flag(string name, bool otherwise = false) => Find(name)?.Boolean() ?? otherwise;

    public List<T> List<T>(string name, Func<FactNode, T> read)
    {
        if (Find(name) is not { } node)
        {
            return [];
        }
        node.Require(JsonValueKind.Array);
        var result = new List<T>(node.Element.GetArrayLength());
        foreach (JsonElement item in node.Element.EnumerateArray())
        {
            result.Add(read(new FactNode(file, $"{node.Path}[{result.Count}]", item)));
        }
        return result;
    }

    public List<T> Members<T>(string name, Func<string, FactNode, T> read) => Find(name)?.Members(read) ?? [];

    public List<T> Members<T>(Func<string, FactNode, T> read)
    {
        Require(JsonValueKind.Object);
        var result = new List<T>();
        foreach (JsonProperty member in element.EnumerateObject())
        {
            result.Add(read(member.Name, new FactNode(file, $"{path}.{member.Name}", member.Value)));
        }
        return result;
    }

    /// <summary>The texts of all lists under a member whose own members are lists of texts.</summary>
    public IEnumerable<string> ListsByName(string name)
    {
        FactNode lists = Get(name);
        return lists.Members((member, _) => member).SelectMany(member => lists.List(member, n => n.Text()));
    }

    public FactException Error(string problem)
    {
        string name = element.ValueKind == JsonValueKind.Object && element.TryGetProperty("name", out JsonElement value) ? $" ({value})" : "";
        return new FactException($"{file}: {path}{name} {problem}");
    }

    private string Path => path;

    private bool Boolean() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error($"is {element.GetRawText()} where true or false belongs"),
    };

    private void Require(JsonValueKind kind)
    {
        if (element.ValueKind != kind)
        {
            throw Error($"is a JSON {element.ValueKind} where a JSON {kind} belongs");
        }
    }
}
