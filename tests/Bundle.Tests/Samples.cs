namespace Bundle.Tests;

/// <summary>Tests of every fate, for <see cref="ChildRunTests"/>.</summary>
[Explicit("they pass, fail and die on purpose")]
public sealed class Samples
{
    [Test]
    public void One_passes() => Assert.Pass();

    [Test]
    public void One_fails() => Assert.Fail("on purpose");

    [Test]
    public void One_is_skipped() => Assert.Ignore("on purpose, too");

    [Test]
    public void One_takes_the_process_along() => Environment.Exit(3);

    [Test]
    public void The_last_one_passes() => Assert.Pass();
}
