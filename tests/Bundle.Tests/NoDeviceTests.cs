using System.Diagnostics;
using System.Runtime.InteropServices;
using Golden;

namespace Bundle.Tests;

/// <summary>A GPU is demanded where there is none: one clear message, every test skipped with it, none failed.</summary>
public sealed class NoDeviceTests
{
    private const string Message = "A GPU is required (CUDNNNET_DEVICE=cuda), but libcuda.so.1 and libcuda.so were not found by the system's loader";

    [SetUp]
    public void No_GPU()
    {
        if (NativeLibrary.TryLoad("libcuda.so.1", out _))
        {
            Assert.Ignore("skipped: this machine has a driver, so a GPU may be there");
        }
    }

    [Test]
    public void The_program_says_what_is_missing_and_counts_all_tests_as_skipped()
    {
        (int code, string output) = Run();
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1), "nothing was tested");
            Assert.That(lines[0], Does.StartWith(Message).And.EndWith("or compute on the CPU device with CUDNNNET_DEVICE=cpu."));
            Assert.That(lines[^1], Does.Match("^0 passed, 0 failed, [0-9]{3,} skipped$"));
            Assert.That(lines, Has.Length.EqualTo(3), "the message, how many it stopped, the counts");
        }
    }

    [TestCase("CudnnNet.Tests", "CudnnNet.Tests.CudaStreamTests")]
    [TestCase("ResNet.Tests", "ResNet.Tests.TrainerTests")]
    [TestCase("Cifar.Tests", "Cifar.Tests.ProgramTests")]
    public void Any_runner_skips_the_tests_of_a_project_with_the_message_and_fails_none(string assembly, string name)
    {
        TestClass tests = new TestAssembly(assembly).Classes(null).Single(one => one.Name.EndsWith(name[name.LastIndexOf('.')..], StringComparison.Ordinal));
        string filter = Path.GetTempFileName();
        string report = Path.GetTempFileName();
        try
        {
            File.WriteAllText(filter, tests.Filter([]));
            (int code, string output) = Run(ChildRun.Verb, assembly, filter, report);
            Assert.That(code, Is.Zero, output);
            TestOutcome[] ended = [.. File.ReadLines(report).Select(TestOutcome.FromLine).OfType<TestOutcome>().Where(line => line.Outcome != Outcome.Started)];
            using (Assert.EnterMultipleScope())
            {
                Assert.That(ended.Select(line => line.Test), Is.EquivalentTo(tests.Tests));
                Assert.That(ended.Select(line => line.Outcome), Is.All.EqualTo(Outcome.Skipped));
                Assert.That(ended.Select(line => line.Message), Is.All.Contains(Message));
            }
        }
        finally
        {
            File.Delete(filter);
            File.Delete(report);
        }
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        ProcessStartInfo start = ProgramStart.Of(typeof(ChildRun).Assembly, arguments);
        start.Environment["CUDNNNET_DEVICE"] = "cuda";
        start.Environment.Remove("CUDNNNET_LIBRARY_PATH");
        FinishedProgram run = FinishedProgram.Run(start, TimeSpan.FromMinutes(5));
        return (run.ExitCode, run.Output + run.Errors);
    }
}
