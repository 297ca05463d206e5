using System.Diagnostics;
using System.Globalization;
using CudnnNet;

namespace Bundle;

/// <summary>Runs every class of the test projects and tells what became of them.</summary>
internal sealed class AllTests(TextWriter output)
{
    private static readonly string[] s_assemblies = ["CudnnNet.Tests", "ResNet.Tests", "Cifar.Tests"];
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(30);

    private readonly List<TestOutcome> _outcomes = [];

    /// <summary>Runs them.</summary>
    /// <param name="part">A part of the full names to be run; null: all.</param>
    /// <returns>0 where something passed and nothing failed.</returns>
    public int Run(string? part)
    {
        if (NoDevice() is { } message)
        {
            // Every test would say the same.
            output.WriteLine(message);
            _outcomes.AddRange(Classes(part).SelectMany(tests => tests.Tests).Select(test => new TestOutcome(test, Outcome.Skipped, message)));
            return Close();
        }
        output.WriteLine(NativeLibraries.Describe());
        foreach (TestClass tests in Classes(part))
        {
            var clock = Stopwatch.StartNew();
            IReadOnlyList<TestOutcome> outcomes = ChildRun.Run(tests, s_limit);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tests.Name}: {Counts(outcomes)} ({clock.Elapsed.TotalSeconds:0.0} s)"));
            foreach (TestOutcome failure in outcomes.Where(outcome => outcome.Outcome == Outcome.Failed))
            {
                output.WriteLine($"failed: {failure.Test}\n{failure.Message}\n");
            }
            output.Flush();
            _outcomes.AddRange(outcomes);
        }
        return Close();
    }

    private static string? NoDevice()
    {
        try
        {
            _ = NativeLibraries.Selected;
            return null;
        }
        catch (MissingLibraryException e)
        {
            return e.Message;
        }
    }

    private static IEnumerable<TestClass> Classes(string? part) => s_assemblies.SelectMany(assembly => new TestAssembly(assembly).Classes(part));

    private int Close()
    {
        foreach (IGrouping<string, TestOutcome> reason in _outcomes.Where(outcome => outcome.Outcome == Outcome.Skipped).GroupBy(outcome => outcome.Message).OrderByDescending(group => group.Count()))
        {
            output.WriteLine($"{reason.Count()} x {reason.Key}");
        }
        output.WriteLine(Counts(_outcomes));
        return _outcomes.Any(outcome => outcome.Outcome == Outcome.Failed) || !_outcomes.Any(outcome => outcome.Outcome == Outcome.Passed) ? 1 : 0;
    }

    private static string Counts(IReadOnlyCollection<TestOutcome> outcomes)
        => $"{Count(outcomes, Outcome.Passed)} passed, {Count(outcomes, Outcome.Failed)} failed, {Count(outcomes, Outcome.Skipped)} skipped";

    private static int Count(IEnumerable<TestOutcome> outcomes, Outcome outcome) => outcomes.Count(one => one.Outcome == outcome);
}
