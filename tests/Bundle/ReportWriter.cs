using NUnit.Framework.Interfaces;

namespace Bundle;

/// <summary>Writes a line when a test begins and when it ends, at once: the process may die over the next one.</summary>
internal sealed class ReportWriter(TextWriter report) : ITestListener
{
    public void TestStarted(ITest test)
    {
        if (!test.IsSuite)
        {
            Write(new TestOutcome(test.FullName, Outcome.Started));
        }
    }

    public void TestFinished(ITestResult result)
    {
        Outcome outcome = result.ResultState.Status switch
        {
            TestStatus.Passed or TestStatus.Warning => Outcome.Passed,
            TestStatus.Failed => Outcome.Failed,
            _ => Outcome.Skipped,
        };
        // A class fails by itself where what follows its tests does.
        if (!result.Test.IsSuite || (outcome == Outcome.Failed && result.ResultState.Site == FailureSite.TearDown))
        {
            string place = outcome == Outcome.Failed && result.StackTrace is { Length: > 0 } stack ? "\n" + stack : "";
            Write(new TestOutcome(result.Test.FullName, outcome, outcome == Outcome.Passed ? "" : result.Message + place));
        }
    }

    public void TestOutput(TestOutput output)
    {
    }

    public void SendMessage(TestMessage message)
    {
    }

    private void Write(TestOutcome line)
    {
        lock (report)
        {
            report.WriteLine(line.ToLine());
            report.Flush();
        }
    }
}
