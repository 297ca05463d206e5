using Golden;

namespace Bundle;

/// <summary>Runs the tests of a class in a process of their own: an error that spoils a context, or the process, costs that class at most.</summary>
internal static class ChildRun
{
    /// <summary>The argument that makes this program the child.</summary>
    public const string Verb = "--child";

    // A test over which the process died is left out and the rest run again; more than this many times is no use.
    private const int MostDeaths = 5;

    /// <summary>The outcomes of all tests of a class.</summary>
    /// <param name="tests">The class.</param>
    /// <param name="limit">How long the class may take.</param>
    public static IReadOnlyList<TestOutcome> Run(TestClass tests, TimeSpan limit)
    {
        List<TestOutcome> outcomes = [];
        string report = Path.GetTempFileName();
        try
        {
            for (int deaths = 0; deaths <= MostDeaths; deaths++)
            {
                string? ending = RunChild(tests.Assembly, tests.Filter([.. outcomes.Select(outcome => outcome.Test)]), report, limit);
                List<TestOutcome> lines = [.. File.ReadLines(report).Select(TestOutcome.FromLine).OfType<TestOutcome>()];
                outcomes.AddRange(lines.Where(line => line.Outcome != Outcome.Started));
                if (ending is null)
                {
                    return outcomes;
                }
                string last = lines.LastOrDefault(line => line.Outcome == Outcome.Started && !outcomes.Any(outcome => outcome.Test == line.Test))?.Test ?? $"{tests.Name} (outside its tests)";
                outcomes.Add(new TestOutcome(last, Outcome.Failed, ending));
                if (!tests.Tests.Except(outcomes.Select(outcome => outcome.Test)).Any())
                {
                    return outcomes;
                }
            }
            outcomes.AddRange(tests.Tests.Except(outcomes.Select(outcome => outcome.Test))
                .Select(test => new TestOutcome(test, Outcome.Failed, $"not run: the process of this class had died {MostDeaths + 1} times")));
            return outcomes;
        }
        finally
        {
            File.Delete(report);
        }
    }

    /// <summary>What the child does: runs the tests that the filter in a file lets through and writes the report.</summary>
    public static int Execute(string assembly, string filterFile, string report)
    {
        using var writer = new StreamWriter(report);
        new TestAssembly(assembly).Run(File.ReadAllText(filterFile), new ReportWriter(writer));
        return 0;
    }

    // Null where the child came to its end, else what became of it.
    private static string? RunChild(string assembly, string filter, string report, TimeSpan limit)
    {
        string filterFile = Path.GetTempFileName();
        try
        {
            File.WriteAllText(filterFile, filter);
            File.WriteAllText(report, "");
            FinishedProgram child = FinishedProgram.Run(ProgramStart.Of(typeof(ChildRun).Assembly, Verb, assembly, filterFile, report), limit);
            return child.ExitCode == 0 ? null : $"the process died with exit code {child.ExitCode}. {(child.Errors + child.Output).Trim()}";
        }
        catch (TimeoutException)
        {
            return $"no end within {limit.TotalMinutes:0} minutes";
        }
        finally
        {
            File.Delete(filterFile);
        }
    }
}
