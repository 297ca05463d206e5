using System.Globalization;
using Golden;

namespace CudnnNet.Tests;

/// <summary>What the samples print, against what is known without them.</summary>
public sealed class SampleTests
{
    [Test]
    public void The_device_query_names_this_machines_device()
    {
        string[] lines = SampleProgram.Run("DeviceQuery").Lines;
        CudaDevice device = CudaDevice.Get(0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines[0], Does.StartWith(NativeLibraries.Selected == DeviceKind.Cpu ? "CPU device (" : "CUDA ("));
            Assert.That(lines, Has.One.EqualTo($"CUDA {CudaDriver.Version}, devices: {CudaDevice.Count}"));
            Assert.That(lines, Has.One.EqualTo(device.ToString()));
            Assert.That(lines, Has.Some.EqualTo($"  compute capability        {device.Properties.ComputeCapability}"));
            Assert.That(lines, Has.Some.StartsWith("cuDNN: ").And.Contains("version 9."));
        }

        if (NativeLibraries.Selected == DeviceKind.Cpu && OperatingSystem.IsLinux())
        {
            string total = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal));
            long bytes = 1024 * long.Parse(total.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
            Assert.That(lines, Has.One.EqualTo($"  memory                    {bytes} bytes"), "the machine's memory is the device's");
        }
    }

    [Test]
    public void A_kernel_from_embedded_PTX_adds_vectors()
        => Assert.That(SampleProgram.Run("VectorAdd").Lines, Is.EqualTo(new[] { "add_bias_rows: 0, 1001, 2002, 3003, ..., 999999" }));

    [Test]
    public void A_kernel_compiled_by_NVRTC_adds_vectors_or_the_reason_is_said()
    {
        FinishedProgram run = SampleProgram.RunToTheEnd("VectorAdd", "nvrtc");
        if (NvrtcProgramTests.IsInstalled && NativeLibraries.Selected == DeviceKind.Cuda)
        {
            Assert.That(run.Lines, Is.EqualTo(new[] { "add_rows: 0, 1001, 2002, 3003, ..., 999999" }), run.Errors);
            return;
        }

        // The CPU device runs this repository's own kernels only.
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Output);
        Assert.That(run.Errors, NvrtcProgramTests.IsInstalled ? Does.StartWith("cuModuleLoad").And.Contains("CPU device") : Does.StartWith("NVRTC is needed, but libnvrtc.so"));
    }

    // 1*7 + 2*9 + 3*11 = 58, ..., and (A B) transposed = B transposed A transposed.
    [Test]
    public void Matrices_stored_by_rows_are_multiplied()
        => Assert.That(SampleProgram.Run("Gemm").Lines, Is.EqualTo(new[] { "A * B = { 58, 64 }, { 139, 154 }", "transposed B * transposed A = { 58, 139 }, { 64, 154 }" }));

    // Sobel's filter has the weight 4 and spans two pixels: 4 ((x + 1)^2 - (x - 1)^2) = 16 x.
    [Test]
    public void The_slope_of_a_parabola_is_a_line_through_both_of_cuDNNs_doors()
    {
        string[] lines = SampleProgram.Run("Convolution").Lines;
        Assert.That(lines[0], Is.EqualTo("descriptors: 16, 32, 48, 64"));
        // NVIDIA's cuDNN may have no plan for so small a graph.
        Assert.That(lines[1..], NativeLibraries.Selected == DeviceKind.Cpu
            ? Is.EqualTo(new[] { "graph: 16, 32, 48, 64" })
            : Is.EqualTo(new[] { "graph: 16, 32, 48, 64" }).Or.Some.StartsWith("graph: no plan, because "));
    }

    // Sixteen channels of ones under nine, six or four weights of a half, less the bias of 40, but not below zero.
    [Test]
    public void A_fused_convolution_with_bias_and_ReLU_equals_the_three_calls()
        => Assert.That(SampleProgram.Run("FusedEpilogue").Lines, Is.EqualTo(new[]
        {
            "three calls: 0 in a corner, 8 at an edge, 32 inside",
            "one plan: 0 in a corner, 8 at an edge, 32 inside",
            "virtual: 2 of 6 tensors",
        }));

    [Test]
    public void A_captured_step_that_is_launched_again_and_again_gives_the_Fibonacci_numbers()
    {
        (int before, int last) = (0, 1);
        for (int i = 0; i < 29; i++)
        {
            (before, last) = (last, before + last);
        }

        string[] lines = SampleProgram.Run("CaptureAndReplay").Lines;
        Assert.That(lines[0], Does.StartWith("captured: CU_GRAPH_NODE_TYPE_KERNEL").And.EndsWith("CU_GRAPH_NODE_TYPE_MEMCPY"));
        Assert.That(lines[1..], Is.EqualTo(new[] { $"after 29 launches: {before}, {last}" }));
    }

    [Test]
    public void The_measured_algorithms_are_sorted_by_their_time_and_the_one_without_workspace_is_among_them()
    {
        string[] lines = SampleProgram.Run("AlgorithmChoice").Lines;
        int from = Array.IndexOf(lines, "measured, the fastest first:");
        string[] measured = lines[(from + 1)..^2];
        double[] times = [.. measured.Select(line => double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))];
        string chosen = lines[^2].Split(' ')[^1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(measured, Is.Not.Empty);
            Assert.That(times, Is.Ordered.And.All.Positive);
            Assert.That(measured, Has.One.StartsWith($"  {chosen}: ").And.EndsWith("ms, 0 bytes of workspace, deterministic"));
            // A corner sees four of the filter's nine pixels, in each of sixteen channels.
            Assert.That(lines[^1], Is.EqualTo("a corner's sum: 64"));
        }
    }

    [Test]
    public void Another_librarys_memory_is_read_and_written_where_it_lies()
        => Assert.That(SampleProgram.Run("ForeignMemory").Lines, Is.EqualTo(new[] { "sum of 4 numbers: 10", "the other library has: 25, 25, 25, 25" }));

    [Test]
    public void Processes_sum_what_each_of_them_has()
        => Assert.That(
            SampleProgram.Run("AllReduce", "3").Lines.Order(StringComparer.Ordinal),
            Is.EqualTo(new[] { "rank 0 of 3: 6, 60, 600", "rank 1 of 3: 6, 60, 600", "rank 2 of 3: 6, 60, 600" }));
}
