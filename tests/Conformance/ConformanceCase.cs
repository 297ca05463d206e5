using System.Text.Json;

namespace Conformance;

/// <summary>One recorded call: its arguments and what the real library answered.</summary>
public sealed class ConformanceStep
{
    internal ConformanceStep(JsonElement json)
    {
        Function = json.GetProperty("call").GetString()!;
        Arguments = json.TryGetProperty("args", out JsonElement arguments) ? [.. arguments.EnumerateArray()] : [];
        Status = json.TryGetProperty("status", out JsonElement status) ? status.GetInt32() : null;
        Returned = json.TryGetProperty("ret", out JsonElement returned) ? returned : null;
        Outputs = json.TryGetProperty("outs", out JsonElement outputs) ? [.. outputs.EnumerateArray()] : null;
        Crashes = json.TryGetProperty("crash", out _);
        IsLoose = json.TryGetProperty("loose", out JsonElement loose) && loose.GetBoolean();
        Text = json.GetRawText();
    }

    /// <summary>The function called.</summary>
    public string Function { get; }

    /// <summary>All C arguments in C order, in the notation of the recording.</summary>
    public IReadOnlyList<JsonElement> Arguments { get; }

    /// <summary>The status code; null for functions that return none, and where the real library died.</summary>
    public int? Status { get; }

    /// <summary>What a function that returns no status returned.</summary>
    public JsonElement? Returned { get; }

    /// <summary>All outputs in parameter order, arrays flattened.</summary>
    public IReadOnlyList<JsonElement>? Outputs { get; }

    /// <summary>The real library died here; the case ends with this step and any answer is right.</summary>
    public bool Crashes { get; }

    /// <summary>Only the status is compared.</summary>
    public bool IsLoose { get; }

    /// <summary>The step as it is recorded.</summary>
    public string Text { get; }
}

/// <summary>A recorded sequence of calls.</summary>
public sealed class ConformanceCase
{
    private ConformanceCase(JsonElement json)
    {
        Id = json.GetProperty("id").GetString()!;
        Family = json.GetProperty("family").GetString()!;
        NeedsNoGpu = json.TryGetProperty("env", out JsonElement environment) && environment.GetString() == "no-gpu";
        Steps = [.. json.GetProperty("steps").EnumerateArray().Select(step => new ConformanceStep(step))];
    }

    /// <summary>The case's name.</summary>
    public string Id { get; }

    /// <summary>What it is about: tensor, conv, be-op-conv, ...</summary>
    public string Family { get; }

    /// <summary>True only on a machine without a GPU; no device may copy it.</summary>
    public bool NeedsNoGpu { get; }

    /// <summary>The calls in order.</summary>
    public IReadOnlyList<ConformanceStep> Steps { get; }

    /// <summary>
    /// Reads a file of cases. Cases in which the real library died come last: whatever such a call leaves behind in the process
    /// then meets none of the others.
    /// </summary>
    public static IReadOnlyList<ConformanceCase> Load(string path)
    {
        JsonElement root = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(path));
        return [.. root.EnumerateArray().Select(element => new ConformanceCase(element)).OrderBy(one => one.Steps.Any(step => step.Crashes))];
    }
}
