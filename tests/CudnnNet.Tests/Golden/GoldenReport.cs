using System.Collections.Concurrent;
using System.Globalization;
using Golden;

namespace CudnnNet.Tests;

/// <summary>Collects which k the golden cases needed; after the tests of each class it writes the greatest of each file so far.</summary>
public abstract class GoldenReport
{
    private static readonly ConcurrentDictionary<string, (int Outputs, double Worst, string Where)> s_files = new();

    // Outputs that needed more than the rule's own k.
    private static readonly ConcurrentDictionary<string, double> s_beyond = new();

    /// <summary>Notes a verdict under the first part of its key.</summary>
    internal static void Add(string key, string variant, Verdict verdict)
    {
        s_files.AddOrUpdate(
            key[..key.IndexOf('/', StringComparison.Ordinal)],
            _ => (1, verdict.NeededFactor, $"{key} {variant}"),
            (_, old) => verdict.NeededFactor > old.Worst ? (old.Outputs + 1, verdict.NeededFactor, $"{key} {variant}") : old with { Outputs = old.Outputs + 1 });
        if (verdict.NeededFactor > GoldenRule.DefaultFactor)
        {
            s_beyond.AddOrUpdate(key, verdict.NeededFactor, (_, old) => Math.Max(old, verdict.NeededFactor));
        }
    }

    [OneTimeTearDown]
    public void Write_the_factors_needed()
    {
        if (!s_files.IsEmpty)
        {
            TestReport.Write("golden-layers", [
                $"Golden layers, the k that the worst output needed ({GoldenRule.DefaultFactor} is allowed):",
                .. s_files.OrderBy(file => file.Key).Select(file => string.Create(CultureInfo.InvariantCulture,
                    $"  {file.Key}: {file.Value.Outputs} outputs, k {file.Value.Worst:0.00} ({file.Value.Where})")),
                GoldenFactors.Describe(s_beyond.OrderBy(output => output.Key, StringComparer.Ordinal).Select(output => string.Create(CultureInfo.InvariantCulture, $"{output.Key} {output.Value:0.0}")))]);
        }
    }
}
