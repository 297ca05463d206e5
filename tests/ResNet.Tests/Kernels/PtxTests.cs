using System.Diagnostics;
using Golden;

namespace ResNet.Tests.Kernels;

/// <summary>The checked-in PTX is what the sources give.</summary>
[TestFixture]
public sealed class PtxTests
{
    private static readonly string Kernels =
        RepositoryFolder.Path("native", "kernels")!;

    [Test]
    public void Compiling_the_kernels_again_changes_no_byte()
    {
        if (!OnPath("clang-19"))
        {
            Assert.Ignore("skipped: clang-19 is not installed");
        }

        string output = Directory.CreateTempSubdirectory("ptx").FullName;
        try
        {
            using Process build = Process.Start(new ProcessStartInfo(Path.Combine(Kernels, "build.sh"), [output])
            {
                RedirectStandardError = true,
            })!;
            string errors = build.StandardError.ReadToEnd();
            build.WaitForExit();
            Assert.That(build.ExitCode, Is.Zero, errors);

            string[] names = [.. Directory.GetFiles(Path.Combine(Kernels, "generated")).Select(Path.GetFileName).Order()!];
            Assert.That(names, Is.Not.Empty);
            Assert.That(Directory.GetFiles(output).Select(Path.GetFileName).Order(), Is.EqualTo(names));
            foreach (string name in names)
            {
                Assert.That(
                    File.ReadAllText(Path.Combine(output, name)),
                    Is.EqualTo(File.ReadAllText(Path.Combine(Kernels, "generated", name))),
                    $"{name}: run native/kernels/build.sh and check the result in");
            }
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    [Test]
    public void The_kernels_ask_for_no_more_than_Turing_and_ptx_6_3()
    {
        string ptx = File.ReadAllText(Path.Combine(Kernels, "generated", "training.ptx"));
        Assert.That(ptx, Does.Contain(".version 6.3"));
        Assert.That(ptx, Does.Contain(".target sm_75"));
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
