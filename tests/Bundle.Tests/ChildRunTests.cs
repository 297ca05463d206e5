namespace Bundle.Tests;

/// <summary>The runner of the bundle tells what became of every test, also where the process dies.</summary>
public sealed class ChildRunTests
{
    private static readonly string s_name = typeof(Samples).FullName!;

    [Test]
    public void Every_test_has_one_outcome_and_a_death_costs_only_its_own()
    {
        IReadOnlyList<TestOutcome> outcomes = ChildRun.Run(Class(), TimeSpan.FromMinutes(2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(outcomes.Select(outcome => (outcome.Test[(s_name.Length + 1)..], outcome.Outcome)), Is.EquivalentTo(new[]
            {
                (nameof(Samples.One_passes), Outcome.Passed),
                (nameof(Samples.One_fails), Outcome.Failed),
                (nameof(Samples.One_is_skipped), Outcome.Skipped),
                (nameof(Samples.One_takes_the_process_along), Outcome.Failed),
                (nameof(Samples.The_last_one_passes), Outcome.Passed),
            }));
            Assert.That(MessageOf(nameof(Samples.One_fails)), Does.StartWith("on purpose").And.Contain(nameof(Samples.One_fails)), "with the place");
            Assert.That(MessageOf(nameof(Samples.One_is_skipped)), Is.EqualTo("on purpose, too"));
            Assert.That(MessageOf(nameof(Samples.One_takes_the_process_along)), Does.StartWith("the process died with exit code 3"));
        }

        string MessageOf(string test) => outcomes.Single(outcome => outcome.Test.EndsWith(test, StringComparison.Ordinal)).Message;
    }

    [Test]
    public void Only_the_wanted_tests_of_a_class_are_run()
    {
        TestClass wanted = Class() with { Tests = [$"{s_name}.{nameof(Samples.One_passes)}"] };
        Assert.That(ChildRun.Run(wanted, TimeSpan.FromMinutes(2)), Is.EqualTo(new[] { new TestOutcome(wanted.Tests[0], Outcome.Passed) }));
    }

    [Test]
    public void Tests_that_run_only_when_asked_for_are_asked_for_by_their_name()
    {
        var assembly = new TestAssembly("Bundle.Tests");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(assembly.Classes(null).Select(tests => tests.Name), Does.Not.Contain(s_name).And.Contain(typeof(ChildRunTests).FullName));
            Assert.That(assembly.Classes("samples.ONE_F").Single().Tests, Is.EqualTo(new[] { $"{s_name}.{nameof(Samples.One_fails)}" }));
        }
    }

    [TestCase("")]
    [TestCase("{\"Test\":\"a\",")]
    public void A_line_that_its_writer_did_not_finish_is_no_outcome(string line) => Assert.That(TestOutcome.FromLine(line), Is.Null);

    private static TestClass Class() => new TestAssembly("Bundle.Tests").Classes(s_name).Single();
}
