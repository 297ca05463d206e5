using System.Text.Json;

namespace Golden;

/// <summary>How the elements of an input are drawn.</summary>
public enum TensorKind
{
    /// <summary>Real numbers around an offset.</summary>
    Uniform,

    /// <summary>Whole numbers: a tensor made for ties, or labels.</summary>
    Whole,
}

/// <summary>The type an input's values are rounded to after they are made.</summary>
public enum InputRounding
{
    /// <summary>None: float.</summary>
    None,

    /// <summary>bfloat16.</summary>
    BFloat16,

    /// <summary>IEEE half.</summary>
    Float16,
}

/// <summary>An input of a golden case: a name, a shape (N, C, H, W order) and what its elements are drawn from.</summary>
public sealed class TensorSpecification
{
    internal TensorSpecification(JsonElement json)
    {
        Name = json.GetProperty("name").GetString()!;
        Shape = [.. json.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32())];
        string kind = json.GetProperty("kind").GetString()!;
        switch (kind)
        {
            case "uniform":
                Kind = TensorKind.Uniform;
                Bound = (float)json.GetProperty("bound").GetDouble();
                Offset = (float)json.GetProperty("offset").GetDouble();
                break;
            case "int":
                Kind = TensorKind.Whole;
                Low = json.GetProperty("lo").GetInt64();
                Count = json.GetProperty("count").GetInt64();
                IsLabel = json.GetProperty("as").GetString() == "label";
                break;
            default:
                throw new InvalidDataException($"input {Name}: '{kind}' is no kind of tensor this reader knows (uniform, int).");
        }

        if (json.TryGetProperty("round", out JsonElement round))
        {
            Rounding = round.GetString() switch
            {
                "bf16" => InputRounding.BFloat16,
                "f16" => InputRounding.Float16,
                string other => throw new InvalidDataException($"input {Name}: '{other}' is no rounding this reader knows (bf16, f16)."),
                null => InputRounding.None,
            };
        }
    }

    /// <summary>A tensor of real numbers, for names that stand in no file (the parameters of a network).</summary>
    public TensorSpecification(string name, IReadOnlyList<int> shape, float bound, float offset = 0, InputRounding rounding = InputRounding.None)
    {
        Name = name;
        Shape = shape;
        Bound = bound;
        Offset = offset;
        Rounding = rounding;
    }

    /// <summary>The name the values follow from.</summary>
    public string Name { get; }

    /// <summary>The dimensions, slowest first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>What the elements are drawn from.</summary>
    public TensorKind Kind { get; }

    /// <summary>Half the width of the interval of a uniform tensor.</summary>
    public float Bound { get; }

    /// <summary>The middle of the interval of a uniform tensor.</summary>
    public float Offset { get; }

    /// <summary>The least whole number.</summary>
    public long Low { get; }

    /// <summary>How many whole numbers there are to draw from.</summary>
    public long Count { get; }

    /// <summary>True for class labels, which are read with <see cref="Labels"/>.</summary>
    public bool IsLabel { get; }

    /// <summary>The type the values are rounded to.</summary>
    public InputRounding Rounding { get; }

    /// <summary>The number of elements.</summary>
    public int Size => Shape.Aggregate(1, (size, dimension) => checked(size * dimension));

    /// <summary>All elements, row-major.</summary>
    public float[] Values() => Values(0, Size);

    /// <summary><paramref name="count"/> elements from linear index <paramref name="first"/> on.</summary>
    public float[] Values(long first, int count)
    {
        var values = GC.AllocateUninitializedArray<float>(count);
        ulong seed = Formula.Seed(Name);
        if (Kind == TensorKind.Uniform)
        {
            Formula.Uniform(seed, first, Bound, Offset, values);
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                values[i] = Formula.Whole(seed, first + i, Low, Count);
            }
        }

        if (Rounding == InputRounding.BFloat16)
        {
            foreach (ref float value in values.AsSpan())
            {
                value = NarrowType.RoundToBFloat16(value);
            }
        }
        else if (Rounding == InputRounding.Float16)
        {
            foreach (ref float value in values.AsSpan())
            {
                value = NarrowType.RoundToFloat16(value);
            }
        }

        return values;
    }

    /// <summary>All elements of a tensor of whole numbers, as class labels.</summary>
    public int[] Labels()
    {
        if (Kind != TensorKind.Whole)
        {
            throw new InvalidOperationException($"input {Name} holds real numbers, no labels.");
        }

        ulong seed = Formula.Seed(Name);
        var labels = new int[Size];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = (int)Formula.Whole(seed, i, Low, Count);
        }

        return labels;
    }
}
