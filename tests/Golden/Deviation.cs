using System.Text.Json;

namespace Golden;

/// <summary>How far PyTorch itself is from the float64 reference with one type of arithmetic.</summary>
/// <param name="Maximum">The greatest distance of an element.</param>
/// <param name="Rms">The root of the mean square of all distances.</param>
/// <param name="Projections">The distances of the projections; empty where the output has none.</param>
public sealed record Deviation(double Maximum, double Rms, IReadOnlyList<double> Projections)
{
    internal static IReadOnlyDictionary<string, Deviation> ReadAll(JsonElement json) => json.EnumerateObject().ToDictionary(
        entry => entry.Name,
        entry => new Deviation(
            entry.Value.GetProperty("max").GetDouble(),
            entry.Value.GetProperty("rms").GetDouble(),
            entry.Value.TryGetProperty("proj", out JsonElement projections)
                ? [.. projections.EnumerateArray().Select(value => value.GetDouble())] : []));

    internal static IReadOnlyDictionary<string, double> ReadNumbers(JsonElement json) =>
        json.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetDouble());
}
