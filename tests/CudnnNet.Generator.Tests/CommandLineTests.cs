namespace CudnnNet.Generator.Tests;

/// <summary>Exit codes of the command: 0 done, 1 failed, 2 wrong usage.</summary>
public sealed class CommandLineTests
{
    [Test]
    public void A_check_of_this_repository_ends_with_0() => Assert.That(Program.Main(["--check", "--root", Program.FindRoot()!]), Is.Zero);

    [Test]
    public void A_check_where_nothing_was_generated_yet_ends_with_1_and_writes_nothing()
    {
        using var folder = new TemporaryRepository(Program.FindRoot()!);
        Assert.That(Program.Main(["--check", "--root", folder.Path]), Is.EqualTo(1));
        Assert.That(Directory.Exists(Path.Combine(folder.Path, "src")), Is.False);
    }

    [Test]
    public void Broken_facts_end_with_1_and_leave_no_file()
    {
        using var folder = new TemporaryRepository(Program.FindRoot()!);
        File.WriteAllText(Path.Combine(folder.Facts, "cudnn.json"), "{");
        Assert.That(Program.Main(["--root", folder.Path]), Is.EqualTo(1));
        Assert.That(Directory.Exists(Path.Combine(folder.Path, "src")), Is.False);
    }

    [TestCase("--bogus")]
    [TestCase("--root")]
    [TestCase("--root", "/nowhere")]
    public void Wrong_usage_ends_with_2(params string[] arguments) => Assert.That(Program.Main(arguments), Is.EqualTo(2));

    [Test]
    public void Help_ends_with_0() => Assert.That(Program.Main(["--help"]), Is.Zero);
}
