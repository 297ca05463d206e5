using System.Text.Json;
using System.Text.RegularExpressions;

namespace CudnnNet.Generator.Tests;

/// <summary>What is checked in is what the generator writes, and it holds every fact.</summary>
public sealed class RegenerationTests
{
    private static readonly string s_root = Program.FindRoot() ?? throw new InvalidOperationException("the tests run inside the repository");
    private static readonly Lazy<Output> s_output = new(() => Generation.Run(s_root));

    [Test]
    public void Regenerating_changes_nothing() => Assert.That(s_output.Value.Differences(s_root), Is.Empty);

    [Test]
    public void Two_runs_write_the_same() => Assert.That(Generation.Run(s_root).Files, Is.EqualTo(s_output.Value.Files));

    [Test]
    public void Files_end_lines_with_LF_and_have_no_trailing_blanks()
    {
        IEnumerable<string> untidy = s_output.Value.Files.Where(f => f.Value.Contains('\r') || Regex.IsMatch(f.Value, "[ \t]\n")).Select(f => f.Key);
        Assert.That(untidy, Is.Empty);
    }

    [TestCase("driver.json", "Cuda", "driver")]
    [TestCase("cudnn.json", "Cudnn", "cudnn")]
    [TestCase("cublas.json", "Cublas", "cublas")]
    [TestCase("cublaslt.json", "CublasLt", "cublaslt")]
    [TestCase("nvrtc.json", "Nvrtc", null)]
    [TestCase("nccl.json", "Nccl", "nccl")]
    public void Every_name_of_the_facts_is_in_the_bindings_and_in_the_header(string file, string className, string? header)
    {
        using JsonDocument facts = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_root, "native", "abi", file)));
        string csharp = string.Concat(s_output.Value.Files.Where(f => f.Key.StartsWith($"src/CudnnNet/Interop/{className}.", StringComparison.Ordinal)).Select(f => f.Value));
        HashSet<string> words = [.. Regex.Matches(csharp, @"\w+").Select(m => m.Value)];
        HashSet<string>? headerWords = header is null
            ? null
            : [.. Regex.Matches(s_output.Value.Files[$"native/cpu/generated/{header}.h"], @"\w+").Select(m => m.Value)];
        using (Assert.EnterMultipleScope())
        {
            foreach (string section in (string[])["functions", "enums", "structs", "handles", "constants"])
            {
                foreach (JsonElement item in facts.RootElement.GetProperty(section).EnumerateArray())
                {
                    IEnumerable<string> names = [item.GetProperty("name").GetString()!];
                    if (item.TryGetProperty("values", out JsonElement values))
                    {
                        names = names.Concat(values.EnumerateObject().Select(v => v.Name));
                    }
                    foreach (string name in names)
                    {
                        Assert.That(words, Does.Contain(name), $"{section} in C#");
                        if (headerWords is not null)
                        {
                            Assert.That(headerWords, Does.Contain(name), $"{section} in C");
                        }
                    }
                }
            }
        }
    }

    [Test]
    public void An_edited_a_missing_and_a_leftover_file_are_each_reported_and_repaired()
    {
        using var folder = new TemporaryRepository(s_root);
        Output output = Generation.Run(folder.Path);
        output.WriteTo(folder.Path);
        string edited = System.IO.Path.Combine(folder.Path, "native/cpu/generated/nccl.h");
        string missing = System.IO.Path.Combine(folder.Path, "src/CudnnNet/Interop/Nccl.Enums.g.cs");
        string leftOver = System.IO.Path.Combine(folder.Path, "src/CudnnNet/Interop/Old.g.cs");
        File.AppendAllText(edited, "// by hand\n");
        File.Delete(missing);
        File.WriteAllText(leftOver, "");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(output.Differences(folder.Path), Is.EquivalentTo(new[]
            {
                "native/cpu/generated/nccl.h differs", "src/CudnnNet/Interop/Nccl.Enums.g.cs is missing", "src/CudnnNet/Interop/Old.g.cs is left over",
            }));
            Assert.That(output.WriteTo(folder.Path), Is.EqualTo(3));
            Assert.That(output.Differences(folder.Path), Is.Empty);
        }
    }
}
