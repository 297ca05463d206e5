using System.Text.Json;

namespace Golden;

/// <summary>One golden case of a single operation.</summary>
public sealed class LayerCase
{
    private readonly JsonElement _parameters;

    internal LayerCase(JsonElement json, Lazy<SafetensorsFile>? tensors)
    {
        Id = json.GetProperty("id").GetString()!;
        Operation = json.GetProperty("op").GetString()!;
        _parameters = json.GetProperty("params").Clone();
        Inputs = json.GetProperty("inputs").EnumerateObject().ToDictionary(input => input.Name, input => new TensorSpecification(input.Value));
        Outputs = json.GetProperty("outputs").EnumerateObject()
            .ToDictionary(output => output.Name, output => new ExpectedOutput(Id, output.Name, output.Value, tensors));
        Note = json.TryGetProperty("note", out JsonElement note) ? note.GetString() : null;
    }

    /// <summary>The case's name, as file/case.</summary>
    public string Id { get; }

    /// <summary>The operation: conv2d, batchnorm_train, pooling, ...</summary>
    public string Operation { get; }

    /// <summary>The inputs by name.</summary>
    public IReadOnlyDictionary<string, TensorSpecification> Inputs { get; }

    /// <summary>The expected outputs by name.</summary>
    public IReadOnlyDictionary<string, ExpectedOutput> Outputs { get; }

    /// <summary>What is peculiar about the case.</summary>
    public string? Note { get; }

    /// <summary>The type the inputs are rounded to; such cases are made for storage in that type.</summary>
    public InputRounding Rounding => Inputs.Values.Select(input => input.Rounding).FirstOrDefault(rounding => rounding != InputRounding.None);

    /// <summary>The values of an input.</summary>
    public float[] Input(string name) => Specification(name).Values();

    /// <summary>The dimensions of an input.</summary>
    public IReadOnlyList<int> Shape(string name) => Specification(name).Shape;

    /// <summary>True where the case has the input.</summary>
    public bool Has(string name) => Inputs.ContainsKey(name);

    /// <summary>A number of the case's parameters; <paramref name="absent"/> where it is not given.</summary>
    public double Number(string name, double absent) => _parameters.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : absent;

    /// <summary>A number of the case's parameters.</summary>
    public double Number(string name) => Parameter(name).GetDouble();

    /// <summary>A whole number of the case's parameters.</summary>
    public int Integer(string name) => Parameter(name).GetInt32();

    /// <summary>A text of the case's parameters; null where it is not given.</summary>
    public string? Text(string name) => _parameters.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    /// <summary>True where the parameter is given and true.</summary>
    public bool Flag(string name) => _parameters.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    /// <summary>A list of numbers of the case's parameters.</summary>
    public double[] Numbers(string name) => [.. Parameter(name).EnumerateArray().Select(value => value.GetDouble())];

    /// <summary>A list of whole numbers of the case's parameters.</summary>
    public int[] Integers(string name) => [.. Parameter(name).EnumerateArray().Select(value => value.GetInt32())];

    /// <summary>The case's name, which is also how a test runner shows it.</summary>
    public override string ToString() => Id;

    private TensorSpecification Specification(string name) => Inputs.TryGetValue(name, out TensorSpecification? input)
        ? input
        : throw new KeyNotFoundException($"case {Id} has no input '{name}'; it has {string.Join(", ", Inputs.Keys)}.");

    private JsonElement Parameter(string name) => _parameters.TryGetProperty(name, out JsonElement value)
        ? value
        : throw new KeyNotFoundException($"case {Id} has no parameter '{name}'; it has {_parameters}.");
}
