using System.Globalization;
using System.Text.Json;

namespace Conformance;

/// <summary>What a library answered to one step. An output is a long, ulong, double, text, null, or <see cref="Unwritten"/>.</summary>
/// <param name="Status">The status code, of functions that return one.</param>
/// <param name="Returned">What a function without status returned.</param>
/// <param name="Outputs">All outputs in parameter order.</param>
internal sealed record StepAnswer(int? Status, object? Returned, IReadOnlyList<object?> Outputs)
{
    /// <summary>The element still holds the bytes it was filled with.</summary>
    public static readonly object Unwritten = new();

    /// <summary>True where the answer is the recorded one, as far as the step's marks want it compared.</summary>
    public bool Matches(ConformanceStep step)
    {
        if (step.Crashes)
        {
            return true;
        }

        if (step.Status is not null && step.Status != Status)
        {
            return false;
        }

        if (step.IsLoose)
        {
            return true;
        }

        if (step.Returned is { } returned && !Same(returned, Returned))
        {
            return false;
        }

        if (step.Status is not (null or 0))
        {
            return true;
        }

        IReadOnlyList<JsonElement> expected = step.Outputs ?? [];
        return expected.Count == Outputs.Count && !expected.Where((element, i) => !IsUndefined(element) && !Same(element, Outputs[i])).Any();
    }

    public override string ToString()
    {
        List<string> parts = [];
        if (Status is not null)
        {
            parts.Add($"status {Status}");
        }

        if (Returned is not null)
        {
            parts.Add($"returned {Text(Returned)}");
        }

        if (Outputs.Count > 0)
        {
            parts.Add($"outs [{string.Join(", ", Outputs.Select(Text))}]");
        }

        return parts.Count == 0 ? "returned" : string.Join(", ", parts);
    }

    private static bool IsUndefined(JsonElement expected) => expected.ValueKind == JsonValueKind.String && expected.GetString() == "*";

    private static bool Same(JsonElement expected, object? got) => expected.ValueKind switch
    {
        JsonValueKind.Null => got is null,
        JsonValueKind.String => got switch
        {
            string text => text == expected.GetString(),
            double number => Text(number) == expected.GetString(),
            _ => got == Unwritten && expected.GetString() == "~",
        },
        JsonValueKind.Number => got switch
        {
            long number => expected.TryGetInt64(out long value) && value == number,
            ulong number => expected.TryGetUInt64(out ulong value) && value == number,
            double number => expected.GetDouble() == number,
            _ => false,
        },
        _ => false,
    };

    private static string Text(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        double.NaN => "nan",
        double.PositiveInfinity => "inf",
        double.NegativeInfinity => "-inf",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "~",
    };
}
