using System.Runtime.InteropServices;
using System.Text.Json;
using CudnnNet;

namespace Cifar.Tests;

/// <summary>The program as its users meet it: real processes, real files, the device of the tests.</summary>
public class ProgramTests
{
    // The device of the tests, in the program's word.
    private static readonly string s_device = NativeLibraries.Selected == DeviceKind.Cuda ? "cuda" : "cpu";

    // He et al.'s smallest network: a few seconds an epoch on the digits.
    private static readonly string[] s_small = ["--model", "resnet20", "--batch-size", "8", "--device", s_device];

    [Test]
    public void Without_data_it_learns_the_digits_and_says_so_everywhere()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = ConsoleProcess.Run(folder.Path, ["train", "--epochs", "2", "--output", "run", .. s_small]);

        Assert.That(code, Is.EqualTo(ExitCode.Done), error);
        Assert.That(output, Does.Contain("THIS IS THE DIGITS DATA SET").And.Contains("iteration 100: mean loss").And.Contains("iteration 200: mean loss").And.Contains("epoch 2/2 [digits]: test accuracy"));
        string run = folder["run"];
        Assert.That(Directory.GetFiles(run).Select(Path.GetFileName), Is.EquivalentTo(new[] { "config.json", "metrics.csv", "summary.json", "last.safetensors", "best.safetensors" }));
        using var summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "summary.json")));
        Assert.That(summary.RootElement.GetProperty("dataset").GetString(), Is.EqualTo("digits"));
        Assert.That(summary.RootElement.GetProperty("epochs").GetInt32(), Is.EqualTo(2));
        Assert.That(summary.RootElement.GetProperty("device").GetString(), Is.EqualTo(s_device));
        Assert.That(summary.RootElement.GetProperty("best_test_accuracy").GetDouble(), Is.GreaterThan(0.5), "ten classes, so far above chance");
        foreach (string name in new[] { "config.json", "metrics.csv", "last.safetensors", "best.safetensors" })
        {
            Assert.That(File.ReadAllText(Path.Combine(run, name)), Does.Contain("digits"), name);
        }

        string[] rows = File.ReadAllLines(Path.Combine(run, "metrics.csv"));
        Assert.That(rows, Has.Length.EqualTo(3));
        Assert.That(EpochMetrics.FromRow(rows[2])!.TrainLoss, Is.LessThan(EpochMetrics.FromRow(rows[1])!.TrainLoss));

        var last = EpochMetrics.FromRow(rows[2])!;
        var (evalCode, evalOutput, evalError) = ConsoleProcess.Run(folder.Path, "eval", Path.Combine("run", "last.safetensors"), "--device", s_device);
        Assert.That(evalCode, Is.EqualTo(ExitCode.Done), evalError);
        Assert.That(evalOutput, Does.Contain(FormattableString.Invariant($"test accuracy {last.TestAccuracy:F4}")).And.Contains("DIGITS"));

        var (another, _, configurationError) = ConsoleProcess.Run(folder.Path, "train", "--resume", "run", "--lr", "0.02");
        Assert.That(another, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(configurationError, Does.Contain("--lr is 0.01 in the run and 0.02 now"));

        // The checkpoint cut in half.
        using (var checkpoint = File.OpenWrite(Path.Combine(run, "last.safetensors")))
        {
            checkpoint.SetLength(checkpoint.Length / 2);
        }

        var (half, _, halfError) = ConsoleProcess.Run(folder.Path, "train", "--resume", "run", "--device", s_device);
        Assert.That(half, Is.EqualTo(ExitCode.Failed));
        Assert.That(halfError, Does.Contain("last.safetensors").And.Not.Contains("Unhandled"));
        var (halfEval, _, halfEvalError) = ConsoleProcess.Run(folder.Path, "eval", Path.Combine("run", "last.safetensors"), "--device", s_device);
        Assert.That(halfEval, Is.EqualTo(ExitCode.Failed));
        Assert.That(halfEvalError, Does.Contain("last.safetensors").And.Not.Contains("Unhandled"));
    }

    [Test]
    [CpuDeviceOnly("a GPU's algorithms need not give the same bits twice, unless asked for it")]
    public void A_run_interrupted_twice_continues_to_the_same_bits_as_an_uninterrupted_one()
    {
        using var folder = new TemporaryFolder();
        // 120 steps an epoch: on a busy machine many may pass between a line and the signal it calls for.
        string[] options = ["--data", "digits", "--epochs", "5", "--seed", "7", "--model", "resnet20", "--batch-size", "12", "--device", s_device];
        var (code, _, error) = ConsoleProcess.Run(folder.Path, ["train", "--output", "whole", .. options]);
        Assert.That(code, Is.EqualTo(ExitCode.Done), error);

        Interrupt(folder.Path, ["train", "--output", "part", .. options], "iteration 100:", "INT");
        Interrupt(folder.Path, ["train", "--resume", "part", .. options], "iteration 200:", "TERM");
        var (rest, output, restError) = ConsoleProcess.Run(folder.Path, "train", "--resume", "part", "--device", s_device);
        Assert.That(rest, Is.EqualTo(ExitCode.Done), restError);
        Assert.That(output, Does.Match("continuing after [1-4] of 5 epochs"));
        Assert.That(Numbers(folder["part"]), Is.EqualTo(Numbers(folder["whole"])));
        Assert.That(Tensors(Path.Combine(folder["part"], "last.safetensors")), Is.EqualTo(Tensors(Path.Combine(folder["whole"], "last.safetensors"))), "all parameters, statistics and momenta");
    }

    // The one has small filters for many pixels, the other also large filters for few: their gradients are shared out among threads in different ways.
    [TestCase("resnet20", "descriptors", 1, 2, 3, 4)]
    [TestCase("resnet18", "descriptors", 1, 3)]
    [TestCase("resnet20", "graph", 1, 3)]
    [CpuDeviceOnly("the number of threads is the CPU device's")]
    public void A_deterministic_training_gives_the_same_bits_with_any_number_of_threads(string model, string fusion, params int[] numbers)
    {
        using var folder = new TemporaryFolder();
        string[] options = ["--data", "digits", "--epochs", "1", "--model", model, "--fusion", fusion, "--deterministic", "--device", s_device];
        foreach (int threads in numbers)
        {
            var (code, _, error) = ConsoleProcess.Run(folder.Path, threads, ["train", "--output", $"threads{threads}", .. options]);
            Assert.That(code, Is.EqualTo(ExitCode.Done), error);
            Assert.That(Numbers(folder[$"threads{threads}"]), Is.EqualTo(Numbers(folder["threads1"])), $"{threads} threads");
            Assert.That(
                Tensors(Path.Combine(folder[$"threads{threads}"], "last.safetensors")),
                Is.EqualTo(Tensors(Path.Combine(folder["threads1"], "last.safetensors"))),
                $"{threads} threads: all parameters, statistics and momenta");
        }
    }

    [Test]
    public void What_the_memory_is_for_and_how_operations_are_computed_is_described_and_nothing_is_trained()
    {
        using var temporary = new TemporaryFolder();
        var (code, output, error) = ConsoleProcess.Run(temporary.Path, "train", "--data", "digits", "--describe");
        Assert.That(code, Is.EqualTo(ExitCode.Done), error);
        Assert.That(output, Does.Contain("11,173,962 of them").And.Contains("alive at once, at most").And.Contains("cuBLAS workspace").And.Match("fusion auto .*\n.*\nconvolution +20  "));
        Assert.That(Directory.EnumerateFileSystemEntries(temporary.Path), Is.Empty);
    }

    [Test]
    public void The_benchmark_times_a_step_and_counts_its_calls()
    {
        using var temporary = new TemporaryFolder();
        var (code, output, error) = ConsoleProcess.Run(
            temporary.Path, "benchmark", "step", "--model", "resnet20", "--batch-size", "4", "--size", "8", "--rounds", "2", "--fusion", "graph", "--profile", "--json", "step.json", "--device", s_device);
        Assert.That(code, Is.EqualTo(ExitCode.Done), error);
        Assert.That(output, Does.Contain("one CUDA graph a step").And.Match("fusion graph\n.*\nconvolution +\\d+  a graph plan").And.Contains("layer1.0.conv1 convolution forward"));
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(temporary["step.json"]));
        JsonElement root = report.RootElement;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(root.GetProperty("fusion").GetString(), Is.EqualTo("graph"));
            Assert.That(root.GetProperty("step_ms").GetDouble(), Is.GreaterThan(0));
            Assert.That(root.GetProperty("images_per_second").GetDouble(), Is.EqualTo(4000 / root.GetProperty("step_ms").GetDouble()).Within(1e-6).Percent);
            Assert.That(root.GetProperty("peak_bytes").GetInt64(), Is.GreaterThan(3 * 4 * 272_000), "parameters, gradients and momentum of ResNet-20 at least");
            Assert.That(root.GetProperty("direct_sum_ms").GetDouble(), Is.GreaterThan(0));
            Assert.That(root.GetProperty("best_sum_ms").GetDouble(), Is.GreaterThan(0));
            if (root.GetProperty("device").GetString()!.Contains("CPU device", StringComparison.Ordinal))
            {
                Assert.That(root.GetProperty("calls").GetProperty("cuGraphLaunch").GetInt64(), Is.EqualTo(1));
                Assert.That(root.GetProperty("calls").EnumerateObject().Select(call => call.Name), Has.None.Contains("Alloc").And.None.Contains("cpy").And.None.EqualTo("cuLaunchKernel"));
            }
        }
    }

    [Test]
    public void Cifar_files_are_learnt_from_where_the_folder_holds_them()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder["data"], records: 20);
        var (code, output, error) = ConsoleProcess.Run(folder.Path, ["train", "--allow-subset", "--epochs", "1", "--output", "run", .. s_small]);
        Assert.That(code, Is.EqualTo(ExitCode.Done), error);
        Assert.That(output, Does.Contain("CIFAR-10: 100 training and 20 test images").And.Not.Contains("DIGITS"));
        Assert.That(File.ReadAllText(Path.Combine(folder["run"], "summary.json")), Does.Contain("\"dataset\": \"CIFAR-10\""));

        var (hundred, hundredOutput, hundredError) = ConsoleProcess.Run(folder.Path, "eval", "run", "--data", "digits", "--device", s_device);
        Assert.That((hundred, hundredOutput), Is.EqualTo((ExitCode.WrongUsage, "")));
        Assert.That(hundredError, Does.Contain("trained on CIFAR-10").And.Contains("digits"));
    }

    [Test]
    public void Cifar_100_is_learnt_with_100_classes()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar100(folder["data"], trainRecords: 100, testRecords: 20);
        var (code, output, error) = ConsoleProcess.Run(folder.Path, ["train", "--allow-subset", "--epochs", "1", "--output", "run", .. s_small]);
        Assert.That(code, Is.EqualTo(ExitCode.Done), error);
        Assert.That(output, Does.Contain("CIFAR-100").And.Contains("100 classes"));
    }

    [Test]
    public void A_truncated_batch_is_an_error_with_file_and_offset()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder["data"], records: 20);
        using (var file = File.OpenWrite(Path.Combine(folder["data"], "data_batch_2.bin")))
        {
            file.SetLength(30_000);
        }

        var (code, _, error) = ConsoleProcess.Run(folder.Path, "train", "--allow-subset");
        Assert.That(code, Is.EqualTo(ExitCode.Failed));
        Assert.That(error, Does.Contain("data_batch_2.bin").And.Contains("offset 30,000"));
        Assert.That(Directory.Exists(folder["runs"]), Is.False, "no run was begun");
    }

    [Test]
    public void A_GPU_asked_for_where_there_is_none_is_a_clear_error()
    {
        if (NativeLibrary.TryLoad("libcuda.so.1", out _))
        {
            Assert.Ignore("this machine has libcuda, so a GPU may be there");
        }

        using var folder = new TemporaryFolder();
        var (code, _, error) = ConsoleProcess.Run(folder.Path, "train", "--device", "cuda");
        Assert.That(code, Is.EqualTo(ExitCode.Failed));
        Assert.That(error, Does.Contain("libcuda").And.Contains("--device cpu").And.Not.Contains("Unhandled"));
        Assert.That(Directory.Exists(folder["runs"]), Is.False, "no run was begun");
    }

    private static void Interrupt(string folder, string[] arguments, string when, string signal)
    {
        using var process = new ConsoleProcess(folder, arguments);
        process.WaitForOutput(when);

        // Twice, as the command timeout does it: that is one wish, not the second one that ends the program at once.
        process.Signal(signal);
        process.Signal(signal);
        Assert.That(process.WaitForExit(), Is.EqualTo(ExitCode.Interrupted), process.Error);
        Assert.That(process.Output, Does.Contain("interrupted in epoch").And.Contains("--resume part"));
    }

    private static string[] Numbers(string run)
        => [.. File.ReadAllLines(Path.Combine(run, "metrics.csv")).Select(line => string.Join(',', line.Split(',').Take(6)))];

    /// <summary>The bytes of all tensors: what follows the header, whose length is in the file's first eight bytes.</summary>
    private static byte[] Tensors(string path)
    {
        byte[] content = File.ReadAllBytes(path);
        return content[(8 + (int)BitConverter.ToInt64(content))..];
    }
}
