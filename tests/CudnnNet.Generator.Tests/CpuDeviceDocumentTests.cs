using CudnnNet.Generator.Documents;
using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.Tests;

/// <summary>The table of what the CPU device implements says what the built library says.</summary>
public sealed class CpuDeviceDocumentTests
{
    private static readonly string s_root = Program.FindRoot()!;

    [Test]
    public void The_table_in_docs_is_what_the_built_library_answers()
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
    public void Implemented_and_refused_functions_stand_in_different_tables_and_are_counted()
    {
        string text = CpuDeviceDocument.Write(FactReader.ReadAll(Path.Combine(s_root, "native", "abi")), symbol => symbol == "ncclGetVersion");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.Contain("| NCCL | `Nccl` | 146 | 1 |\n"));
            Assert.That(text, Does.Contain("| `ncclGetVersion` | 2.18.3 | yes |\n"));
            Assert.That(text, Does.Contain("| `ncclAllReduce` | 2.18.3 | not supported |\n"));
        }
    }

    [Test]
    public void Without_the_built_library_the_message_says_how_to_build_it()
        => Assert.That(() => CpuDeviceDocument.Write(s_root, Path.Combine(s_root, "nowhere.so")), Throws.TypeOf<FactException>().With.Message.Contains("cmake -S native -B build/native"));
}
