using Conformance;
using Golden;

namespace CudnnNet.Tests;

/// <summary>
/// The recorded answers of the real libraries, file by file. A case counts where all its calls go to implemented functions;
/// the functions that are not implemented yet are printed.
/// </summary>
[CpuDeviceOnly("the answers were recorded from NVIDIA's libraries, so the CPU device is compared with them; the library of this machine has another version")]
public class ConformanceTests
{
    private const int ShownDifferences = 20;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);
    private static readonly SortedDictionary<string, int> s_notImplemented = new(StringComparer.Ordinal);
    private static readonly Dictionary<CaseResult, int> s_total = [];

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

        foreach (CaseOutcome outcome in outcomes)
        {
            s_total[outcome.Result] = s_total.GetValueOrDefault(outcome.Result) + 1;
            if (outcome.Result == CaseResult.NotImplemented)
            {
                s_notImplemented[outcome.Detail] = s_notImplemented.GetValueOrDefault(outcome.Detail) + 1;
            }
        }

        List<CaseOutcome> wrong = [.. outcomes.Where(outcome => outcome.Result is CaseResult.Different or CaseResult.Died)];
        Assert.That(wrong, Is.Empty, string.Join('\n', wrong.Take(ShownDifferences).Select(outcome => $"{outcome.Id}: {outcome.Result}, {outcome.Detail}")));
        if (outcomes.All(outcome => outcome.Result == CaseResult.LeftOut))
        {
            Assert.Ignore(outcomes[0].Detail);
        }
    }

    [OneTimeTearDown]
    public void Print_what_is_not_implemented()
    {
        if (s_total.Count == 0)
        {
            return;
        }

        List<string> lines = ["Conformance: " + string.Join(", ", s_total.OrderBy(entry => entry.Key).Select(entry => $"{entry.Value} {Word(entry.Key)}"))];
        if (s_notImplemented.Count > 0)
        {
            lines.Add("Not implemented by the CPU device, with the number of cases that stop there: "
                + string.Join(", ", s_notImplemented.Select(entry => $"{entry.Key} {entry.Value}")));
        }

        TestReport.Write("conformance", lines);
    }

    private static string Counts(IEnumerable<CaseOutcome> outcomes) => string.Join(", ",
        outcomes.GroupBy(outcome => outcome.Result).OrderBy(group => group.Key).Select(group => $"{group.Count()} {Word(group.Key)}"));

    private static string Word(CaseResult result) => result switch
    {
        CaseResult.Same => "same",
        CaseResult.NotImplemented => "not implemented",
        CaseResult.Different => "different",
        CaseResult.Died => "died",
        _ => "left out",
    };
}
