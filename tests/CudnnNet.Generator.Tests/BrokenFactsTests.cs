using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.Tests;

/// <summary>Facts that cannot be used are refused with the file and the place.</summary>
public sealed class BrokenFactsTests
{
    [Test]
    public void A_file_cut_in_half_names_file_and_line()
        => Refuses("nvrtc.json", text => text[..(text.Length / 2)], @"nvrtc\.json: not valid JSON at line \d+, byte \d+: ");

    [Test]
    public void A_missing_file_is_named()
    {
        using var folder = new TemporaryRepository(Program.FindRoot()!);
        File.Delete(Path.Combine(folder.Facts, "nccl.json"));
        Assert.That(() => Generation.Run(folder.Path), Throws.TypeOf<FactException>().With.Message.Contains("nccl.json: the facts of NCCL cannot be read"));
    }

    [Test]
    public void A_function_without_a_return_type_is_named_with_its_place()
        => Refuses("nvrtc.json", text => Replace(text, "\"returns\": \"const char *\", ", ""), @"nvrtc\.json: \$\.functions\[0\] \(nvrtcGetErrorString\) has no ""returns""");

    [Test]
    public void A_number_in_the_place_of_a_name_is_named_with_its_place()
        => Refuses("nvrtc.json", text => Replace(text, "\"returns\": \"const char *\"", "\"returns\": 7"), @"nvrtc\.json: \$\.functions\[0\]\.returns is a JSON Number where a JSON String belongs");

    [Test]
    public void A_type_that_no_fact_defines_is_named()
        => Refuses("nvrtc.json", text => Replace(text, "\"type\": \"nvrtcProgram *\"", "\"type\": \"nvrtcUnknown *\""), @"the type ""nvrtcUnknown \*"" is used, but no fact defines ""nvrtcUnknown""");

    [Test]
    public void A_version_that_was_not_compared_is_named()
        => Refuses("nvrtc.json", text => Replace(text, "\"since\": \"12.0\"", "\"since\": \"1.0\""), @"nvrtc\.json: \$ says nvrtcGetErrorString exists from 1\.0 to the newest, which ""versions"" does not list");

    [TestCase("const void *const[]", "void", 2, 0)]
    [TestCase("unsigned int[4]", "unsigned int", 0, 4)]
    [TestCase("const int[]", "int", 1, 0)]
    [TestCase("struct CUctx_st *", "CUctx_st", 1, 0)]
    [TestCase("const char *const *", "char", 2, 0)]
    public void C_type_spellings_are_taken_apart(string spelling, string name, int pointers, int length)
        => Assert.That(CType.Parse(spelling), Is.EqualTo(new CType(name, pointers, length)));

    private static void Refuses(string file, Func<string, string> spoil, string message)
    {
        using var folder = new TemporaryRepository(Program.FindRoot()!);
        string path = Path.Combine(folder.Facts, file);
        File.WriteAllText(path, spoil(File.ReadAllText(path)));
        Assert.That(() => Generation.Run(folder.Path), Throws.TypeOf<FactException>().With.Message.Matches(message));
    }

    private static string Replace(string text, string old, string replacement)
    {
        int at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.That(at, Is.GreaterThanOrEqualTo(0), $"{old} is in the facts");
        return text[..at] + replacement + text[(at + old.Length)..];
    }
}
