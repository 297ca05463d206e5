using System.Text.Json;

namespace Golden;

/// <summary>An expected table of learning rates: rate <c>Rates[j]</c> at index <c>At[j]</c> (0 = the first epoch or iteration).</summary>
/// <param name="Id">The schedule's name.</param>
/// <param name="Kind">multistep, step, cosine, warmup_cosine, warmup_multistep, onecycle.</param>
/// <param name="Unit">epoch or iteration.</param>
/// <param name="Parameters">The schedule's parameters, as JSON.</param>
/// <param name="At">The indices.</param>
/// <param name="Rates">The learning rates there.</param>
public sealed record LearningRateSchedule(
    string Id, string Kind, string Unit, JsonElement Parameters, IReadOnlyList<int> At, IReadOnlyList<double> Rates)
{
    /// <summary>All schedules of layers/optim.json.</summary>
    public static IReadOnlyList<LearningRateSchedule> LoadAll()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.Require("layers/optim.json")));
        return [.. json.RootElement.GetProperty("schedules").EnumerateObject().Select(schedule => new LearningRateSchedule(
            schedule.Name,
            schedule.Value.GetProperty("kind").GetString()!,
            schedule.Value.GetProperty("unit").GetString()!,
            schedule.Value.GetProperty("params").Clone(),
            [.. schedule.Value.GetProperty("at").EnumerateArray().Select(value => value.GetInt32())],
            [.. schedule.Value.GetProperty("lr").EnumerateArray().Select(value => value.GetDouble())]))];
    }

    /// <summary>The schedule's name.</summary>
    public override string ToString() => Id;
}
