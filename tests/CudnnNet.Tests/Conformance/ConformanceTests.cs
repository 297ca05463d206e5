using Conformance;
using Golden;

namespace CudnnNet.Tests;

/// <summary>
/// The recorded answers of the real libraries, file by file. A case counts where all its calls go to implemented functions; the report has
/// the counts of every file and the functions that are not implemented.
/// </summary>
[CpuDeviceOnly("the answers were recorded from NVIDIA's libraries, so the CPU device is compared with them; the library of this machine has another version")]
public class ConformanceTests
{
    private const int ShownDifferences = 20;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);
    private static readonly SortedDictionary<string, IReadOnlyList<CaseOutcome>> s_files = new(StringComparer.Ordinal);

    private static IEnumerable<string> Files() => ConformanceFolder.Files() is { Count: > 0 } files ? files : [""];

    [TestCaseSource(nameof(Files))]
    public void Every_case_of_implemented_functions_answers_as_the_real_library(string file)
    {
        if (FileRun.Obstacle is { } obstacle)
        {
            Assert.Ignore(obstacle);
        }

        IReadOnlyList<CaseOutcome> outcomes = FileRun.Run(ConformanceFolder.File(file), s_limit);
        foreach (IGrouping<string, CaseOutcome> family in outcomes.GroupBy(outcome => outcome.Family))
        {
            TestContext.Out.WriteLine($"{family.Key}: {Counts(family)}");
        }

        s_files[file] = outcomes;
        List<CaseOutcome> wrong = [.. outcomes.Where(outcome => outcome.Result is CaseResult.Different or CaseResult.Died)];
        Assert.That(wrong, Is.Empty, string.Join('\n', wrong.Take(ShownDifferences).Select(outcome => $"{outcome.Id}: {outcome.Result}, {outcome.Detail}")));
        if (outcomes.All(outcome => outcome.Result == CaseResult.LeftOut))
        {
            Assert.Ignore(outcomes[0].Detail);
        }
    }

    [OneTimeTearDown]
    public void Print_the_counts_of_every_file()
    {
        if (s_files.Count == 0)
        {
            return;
        }

        List<string> lines = ["Conformance, cases a file:"];
        lines.AddRange(s_files.Select(file => $"  {file.Key}: {Counts(file.Value)}{Missing(file.Value)}"));
        lines.Add($"  all: {Counts(s_files.Values.SelectMany(outcomes => outcomes))}");
        TestReport.Write("conformance", lines);
    }

    // The three counts that matter always, the others where there are any.
    private static string Counts(IEnumerable<CaseOutcome> outcomes)
    {
        ILookup<CaseResult, CaseOutcome> groups = outcomes.ToLookup(outcome => outcome.Result);
        CaseResult[] always = [CaseResult.Same, CaseResult.NotImplemented, CaseResult.Different];
        return string.Join(", ", Enum.GetValues<CaseResult>()
            .Where(result => always.Contains(result) || groups[result].Any())
            .Select(result => $"{groups[result].Count()} {Word(result)}"));
    }

    // The functions at which cases stop, with how many do.
    private static string Missing(IReadOnlyList<CaseOutcome> outcomes)
    {
        IEnumerable<string> functions = outcomes.Where(outcome => outcome.Result == CaseResult.NotImplemented)
            .GroupBy(outcome => outcome.Detail).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} {group.Count()}");
        return functions.Any() ? $" (not implemented: {string.Join(", ", functions)})" : "";
    }

    private static string Word(CaseResult result) => result switch
    {
        CaseResult.Same => "same",
        CaseResult.NotImplemented => "not implemented",
        CaseResult.Different => "different",
        CaseResult.Died => "died",
        _ => "left out",
    };
}
