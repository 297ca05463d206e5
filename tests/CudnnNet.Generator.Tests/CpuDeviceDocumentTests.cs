using CudnnNet.Generator.Documents;
using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.Tests;

/// <summary>The tables of the CPU device's document say what the built library and the sources say.</summary>
public sealed class CpuDeviceDocumentTests
{
    private const string Words = "before\n<!-- counts -->\n<!-- families -->\n<!-- tables -->\n";
    private static readonly string s_root = Program.FindRoot()!;
    private static readonly IReadOnlyList<LibraryFacts> s_facts = FactReader.ReadAll(Path.Combine(s_root, "native", "abi"));

    [Test]
    public void The_document_is_what_the_built_library_and_the_sources_answer()
    {
        string library = Path.Combine(s_root, Program.CpuDevice);
        if (!File.Exists(library))
        {
            Assert.Ignore($"{Program.CpuDevice} is not built; ./test.sh builds it first");
        }
        Assert.That(
            File.ReadAllText(Path.Combine(s_root, CpuDeviceDocument.Path)), Is.EqualTo(CpuDeviceDocument.Write(s_root, library)),
            "run: dotnet run --project src/CudnnNet.Generator -c Release -- --document");
    }

    [Test]
    public void Functions_are_counted_and_named_on_every_floor()
    {
        var typed = new Dictionary<string, IReadOnlyList<string>> { ["ncclGetVersion"] = ["Communicator", "Group"], ["nvrtcVersion"] = ["Compiler"] };
        string text = CpuDeviceDocument.Write(Words, s_facts, typed, symbol => symbol == "ncclGetVersion");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.StartWith("before\n| library |"));
            Assert.That(text, Does.Contain("| NCCL | `Nccl` | 146 | 1 | 1 |\n"));
            Assert.That(text, Does.Contain("| NVRTC | `Nvrtc` | 31 | 1 | NVIDIA's library |\n"));
            Assert.That(text, Does.Contain("| `ncclGetVersion` | Nccl | Communicator, Group | yes | 2.18.3 |\n"));
            Assert.That(text, Does.Contain("| `ncclAllReduce` | Nccl |  | refused: collectives | 2.18.3 |\n"));
            Assert.That(text, Does.Contain("| `nvrtcVersion` | Nvrtc | Compiler | NVIDIA's | 12.0 |\n"));
            Assert.That(text, Does.Contain("| NCCL | profiling twins | "));
        }
    }

    [Test]
    public void A_family_that_is_whole_is_not_named()
    {
        string text = CpuDeviceDocument.Write(Words, s_facts, new Dictionary<string, IReadOnlyList<string>>(), symbol => !symbol.Contains("RNN", StringComparison.Ordinal));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.Contain("| cuDNN | recurrent networks | "));
            Assert.That(text, Does.Not.Contain("| cuDNN | multi-head attention |").And.Not.Contain("| NCCL | collectives |"));
        }
    }

    [TestCase("cudnn")]
    [TestCase("cublas")]
    public void Every_function_that_is_refused_belongs_to_a_family_with_a_reason(string prefix)
    {
        string document = File.ReadAllText(Path.Combine(s_root, CpuDeviceDocument.Path));
        IEnumerable<string> unnamed = document.Split('\n').Where(line => line.StartsWith($"| `{prefix}", StringComparison.Ordinal) && line.Contains($"refused: {FunctionFamily.Others}", StringComparison.Ordinal));
        Assert.That(unnamed, Is.Empty);
    }

    [Test]
    public void A_call_belongs_to_the_public_types_whose_code_makes_it()
    {
        const string source = """
            /// <summary>Calls Cuda.cuInit in words only.</summary>
            public sealed unsafe partial class Pool
            {
                private void A() => Cuda.Check(Cuda.cuMemPoolCreate(null, null)); // and Cuda.cuMemPoolDestroy in a remark
                private sealed class Inner { void B() => _ = Cublas.cublasCreate_v2(null); }
            }
            internal static class Helper { public static void C() => Cudnn.cudnnCreate(null); }
            internal static class Unused { public static void D() => Cudnn.cudnnDestroy(default); }
            public readonly record struct Span(int X) { void E() => Helper.C(); void F() => Other.cuInit(0); }
            """;
        IReadOnlyDictionary<string, IReadOnlyList<string>> typed = TypedFloor.Read([source], s_facts);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(typed.Keys, Is.EquivalentTo(new[] { "cuMemPoolCreate", "cublasCreate_v2", "cudnnCreate" }));
            Assert.That(typed["cuMemPoolCreate"], Is.EqualTo(new[] { "Pool" }));
            Assert.That(typed["cublasCreate_v2"], Is.EqualTo(new[] { "Pool" }));
            Assert.That(typed["cudnnCreate"], Is.EqualTo(new[] { "Span" }));
        }
    }

    [Test]
    public void Words_without_a_place_for_a_table_are_refused()
        => Assert.That(
            () => CpuDeviceDocument.Write("no place", s_facts, new Dictionary<string, IReadOnlyList<string>>(), _ => true),
            Throws.TypeOf<FactException>().With.Message.Contains(CpuDeviceDocument.Words).And.Message.Contains("<!-- counts -->"));

    [Test]
    public void Without_the_built_library_the_message_says_how_to_build_it()
        => Assert.That(() => CpuDeviceDocument.Write(s_root, Path.Combine(s_root, "nowhere.so")), Throws.TypeOf<FactException>().With.Message.Contains("cmake -S native -B build/native"));
}
