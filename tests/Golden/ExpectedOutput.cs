using System.Text.Json;

namespace Golden;

/// <summary>In which form an expected output is stored.</summary>
public enum OutputStore
{
    /// <summary>Whole numbers, to be met exactly.</summary>
    Exact,

    /// <summary>One number.</summary>
    Value,

    /// <summary>Every element.</summary>
    Full,

    /// <summary>512 elements, the sum and two projections of all.</summary>
    Sampled,
}

/// <summary>What a golden case expects of one output.</summary>
public sealed class ExpectedOutput
{
    private readonly Lazy<SafetensorsFile>? _tensors;

    internal ExpectedOutput(string caseId, string name, JsonElement json, Lazy<SafetensorsFile>? tensors)
    {
        Name = name;
        Key = $"{caseId}/{name}";
        _tensors = tensors;
        if (json.TryGetProperty("exact", out JsonElement exact))
        {
            Store = OutputStore.Exact;
            Exact = exact.ValueKind == JsonValueKind.Array ? [.. exact.EnumerateArray().Select(value => value.GetInt64())] : [exact.GetInt64()];
            Shape = exact.ValueKind == JsonValueKind.Array ? [Exact.Count] : [];
            Deviations = new Dictionary<string, Deviation>();
            return;
        }

        Shape = [.. json.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32())];
        MaximumAbsolute = json.GetProperty("max_abs").GetDouble();
        Rms = json.GetProperty("rms").GetDouble();
        Deviations = Deviation.ReadAll(json.GetProperty("dev"));
        if (json.TryGetProperty("value", out JsonElement value))
        {
            Store = OutputStore.Value;
            Value = value.GetDouble();
            return;
        }

        Store = json.GetProperty("store").GetString() == "full" ? OutputStore.Full : OutputStore.Sampled;
        if (Store == OutputStore.Sampled)
        {
            Sum = json.GetProperty("sum").GetDouble();
            Projections = [.. json.GetProperty("proj").EnumerateArray().Select(projection => projection.GetDouble())];
        }
    }

    /// <summary>The output's name within its case: y, dx, running_mean, ...</summary>
    public string Name { get; }

    /// <summary>Case and output, the key of its tensors and projections.</summary>
    public string Key { get; }

    /// <summary>In which form the reference is stored.</summary>
    public OutputStore Store { get; }

    /// <summary>The dimensions, N, C, H, W order.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The number of elements.</summary>
    public long Size => Shape.Aggregate(1L, (size, dimension) => size * dimension);

    /// <summary>The greatest absolute value of the reference.</summary>
    public double MaximumAbsolute { get; }

    /// <summary>The root mean square of the reference.</summary>
    public double Rms { get; }

    /// <summary>The whole numbers of an exact output.</summary>
    public IReadOnlyList<long> Exact { get; } = [];

    /// <summary>The number of a single-number output.</summary>
    public double Value { get; }

    /// <summary>The sum of all elements of a sampled output.</summary>
    public double Sum { get; }

    /// <summary>The projections of a sampled output.</summary>
    public IReadOnlyList<double> Projections { get; } = [];

    /// <summary>PyTorch's own distance from the reference, by arithmetic: f32, bf16_in, bf16, f16.</summary>
    public IReadOnlyDictionary<string, Deviation> Deviations { get; }

    /// <summary>Every element (full) or the sampled ones, in the order of <see cref="Indices"/>.</summary>
    public float[] Values() => Tensors.Floats(Store == OutputStore.Full ? Key : Key + ".val");

    /// <summary>The linear indices of a sampled output's values.</summary>
    public int[] Indices() => Tensors.Integers(Key + ".idx");

    private SafetensorsFile Tensors => _tensors?.Value ?? throw new InvalidDataException($"{Key} has tensors, its case file names none.");
}
