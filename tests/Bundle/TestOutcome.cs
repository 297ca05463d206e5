using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bundle;

/// <summary>What became of a test.</summary>
internal enum Outcome
{
    Started,
    Passed,
    Failed,
    Skipped,
}

/// <summary>A line of the report that a child process writes: a test that began or ended.</summary>
/// <param name="Test">The test's full name.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Message">Why it failed or was skipped.</param>
internal sealed record TestOutcome(string Test, Outcome Outcome, string Message = "")
{
    private static readonly JsonSerializerOptions s_options = new() { Converters = { new JsonStringEnumConverter() } };

    public string ToLine() => JsonSerializer.Serialize(this, s_options);

    /// <summary>Null where the line is not whole, because its writer died over it.</summary>
    public static TestOutcome? FromLine(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<TestOutcome>(line, s_options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
