using System.Globalization;
using System.Runtime.InteropServices;
using Golden;

namespace Conformance;

/// <summary>Runs a file of cases in child processes: a case in which the library dies costs that case, not the run.</summary>
public static class FileRun
{
    /// <summary>Why no case can be run on this machine; null where they can.</summary>
    public static string? Obstacle => ConformanceFolder.Path is null ? ConformanceFolder.Message
        : NativeCall.IsSupported ? null
        : $"The replayer knows the calling convention of Linux on x86-64 only, this is {RuntimeInformation.OSDescription} on {RuntimeInformation.ProcessArchitecture}.";

    /// <summary>The outcomes of all cases of a file, in order.</summary>
    /// <param name="path">The file of cases; abi.json lies beside it.</param>
    /// <param name="limit">How long a child may take before its case counts as hung.</param>
    public static IReadOnlyList<CaseOutcome> Run(string path, TimeSpan limit)
    {
        IReadOnlyList<ConformanceCase> cases = ConformanceCase.Load(path);
        List<CaseOutcome> outcomes = [];
        string report = Path.GetTempFileName();
        try
        {
            while (outcomes.Count < cases.Count)
            {
                int before = outcomes.Count;
                string ending = RunChild(path, before, report, limit);
                outcomes.AddRange(File.ReadLines(report).Where(line => line.StartsWith('{')).Select(CaseOutcome.FromLine));
                if (outcomes.Count == cases.Count)
                {
                    break;
                }

                bool began = File.ReadLines(report).LastOrDefault() == outcomes.Count.ToString(CultureInfo.InvariantCulture);
                if (!began)
                {
                    throw new InvalidOperationException($"The process that runs {path} from case {before} on did not work: {ending}");
                }

                outcomes.Add(Died(outcomes.Count, cases[outcomes.Count], ending));
                File.WriteAllText(report, "");
            }

            return outcomes;
        }
        finally
        {
            File.Delete(report);
        }
    }

    // Where the real library died as well, any end is right.
    private static CaseOutcome Died(int index, ConformanceCase one, string ending) => one.Steps.Any(step => step.Crashes)
        ? new CaseOutcome(index, one.Id, one.Family, CaseResult.Same, $"died like the real library: {ending}")
        : new CaseOutcome(index, one.Id, one.Family, CaseResult.Died, ending);

    private static string RunChild(string path, int first, string report, TimeSpan limit)
    {
        try
        {
            FinishedProgram child = FinishedProgram.Run(ProgramStart.Of(typeof(FileRun).Assembly, path, first.ToString(CultureInfo.InvariantCulture), report), limit);
            string said = string.Join(' ', (child.Errors + child.Output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(12));
            return $"exit code {child.ExitCode}. {said}";
        }
        catch (TimeoutException)
        {
            return $"no answer within {limit.TotalSeconds:0} seconds";
        }
    }
}
