using System.Text.RegularExpressions;
using Golden;

namespace CudnnNet.Tests;

/// <summary>The pages of docs/samples show what the samples print.</summary>
public sealed partial class SamplePageTests
{
    // What another machine or another run prints otherwise: the page and the program are compared without it.
    private static readonly string[] s_measuring = ["DeviceQuery", "AlgorithmChoice"];
    private static readonly string[] s_unordered = ["AllReduce", "AlgorithmChoice"];

    [TestCaseSource(typeof(SampleProgram), nameof(SampleProgram.Names))]
    [CpuDeviceOnly("the pages show what the samples print on the CPU device")]
    public void A_page_shows_what_its_sample_prints(string name)
    {
        string page = PageOf(name);
        string printed = SampleProgram.Run(name).Output;
        string shown = OutputBlock().Match(page).Groups[1].Value;
        Assert.That(Comparable(name, shown), Is.EqualTo(Comparable(name, printed)).And.Not.Empty, "docs/samples does not show what the sample prints now");
    }

    [TestCaseSource(typeof(SampleProgram), nameof(SampleProgram.Names))]
    public void A_sample_fits_a_page_and_the_list_leads_to_it(string name)
    {
        string source = RepositoryFolder.Path("samples", name, "Program.cs")!;
        string list = File.ReadAllText(RepositoryFolder.Path("docs", "samples.md")!);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(File.ReadAllLines(source), Has.Length.AtMost(60));
            Assert.That(list, Does.Contain($"(samples/{FileOf(name)})"));
            Assert.That(PageOf(name), Does.Contain($"(../../samples/{name}/Program.cs)").And.Contains($"--project samples/{name}\n"));
        }
    }

    // DeviceQuery has the page device-query.md.
    private static string FileOf(string name) => WordStart().Replace(name, "-$0").ToLowerInvariant() + ".md";

    private static string PageOf(string name)
    {
        string? page = RepositoryFolder.Path("docs", "samples", FileOf(name));
        Assert.That(page, Does.Exist);
        return File.ReadAllText(page!);
    }

    private static string[] Comparable(string name, string output)
    {
        string text = s_measuring.Contains(name) ? Number().Replace(Machine().Replace(output, "?"), "#") : output;
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return s_unordered.Contains(name) ? [.. lines.Order(StringComparer.Ordinal)] : lines;
    }

    [GeneratedRegex(@"```text\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex OutputBlock();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();

    // A processor's or a driver's name in brackets, a path, an address on the bus.
    [GeneratedRegex(@"\([^)]*\)| /[^,\n]*|[0-9A-F]+:[0-9A-F]+:[0-9A-F.]+")]
    private static partial Regex Machine();

    [GeneratedRegex(@"[0-9]+(\.[0-9]+)*")]
    private static partial Regex Number();
}
