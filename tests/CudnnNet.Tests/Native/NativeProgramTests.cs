using System.Diagnostics;
using Golden;

namespace CudnnNet.Tests;

/// <summary>Programs that know nothing but the CPU device's C interface, built beside it by CMake.</summary>
[CpuDeviceOnly("the programs are linked with the CPU device")]
public sealed class NativeProgramTests
{
    [Test]
    public void Random_calls_of_the_descriptor_functions_neither_crash_nor_contradict_themselves() => Run("descriptor_fuzz", "--calls", "20000", "--threads", "4");

    [Test]
    public void Random_calls_of_the_calculating_functions_neither_crash_nor_accept_what_is_missing() => Run("calculation_fuzz", "--calls", "1000");

    [Test]
    public void Random_calls_of_the_driver_neither_crash_nor_hang_nor_leave_anything_behind() => Run("driver_fuzz", "--sequences", "500", "--threads", "4");

    [Test]
    public void Layers_over_random_shapes_compute_what_plain_loops_do() => Run("compute_test");

    [Test]
    public void Layers_over_random_shapes_compute_what_plain_loops_do_where_oneDNN_may_use_no_more_than_AVX2() => RunWith([("ONEDNN_MAX_CPU_ISA", "AVX2")], "compute_test", "--seed", "2");

    [Test]
    public void Filter_gradients_by_products_of_taps_are_what_plain_loops_compute() => Run("compute_products_test");

    [Test]
    public void Winograd_convolutions_of_bfloat16_are_within_their_bound_of_what_plain_loops_compute() => Run("compute_winograd_test");

    [Test]
    public void The_innermost_loops_of_every_instruction_set_compute_what_plain_loops_do() => Run("compute_rows_test");

    [Test]
    public void Convolutions_of_blocks_windows_samplers_and_8_bit_integers_compute_what_plain_loops_do() => Run("compute_layers_test");

    [Test]
    public void Calls_as_other_programs_make_them_are_answered_as_the_libraries_do() => Run("foreign_caller_test");

    [Test]
    public void Every_function_of_cuBLAS_computes_what_plain_loops_do_and_writes_nothing_else() => Run("cublas_test", "--rounds", "20");

    [Test]
    public void Every_multiplication_of_cuBLASLt_computes_what_plain_loops_do_and_writes_nothing_else() => Run("cublaslt_test", "--rounds", "20");

    [Test]
    public void Streams_events_and_handles_keep_their_order_under_load() => Run("stream_stress", "--rounds", "20");

    [Test]
    public void Graphs_and_captures_keep_their_order_and_their_rules() => Run("graph_test");

    [Test]
    public void Graphs_of_cuDNN_compute_what_plain_loops_do_together_and_apart_without_allocations_or_common_locks() => Run("backend_test");

    [Test]
    public void Random_graphs_of_cuDNN_end_in_what_plain_loops_compute_or_in_an_error_with_a_text() => Run("backend_fuzz", "--graphs", "1000");

    [TestCase("12")]
    [TestCase("13")]
    public void The_CUDA_runtime_answers_as_its_interface_says(string version) => Run($"cudart_{version}_test");

    [Test]
    public void Fat_binaries_that_are_cut_short_or_contradict_themselves_are_read_within_their_bounds() => Run("fat_binary_fuzz", "--rounds", "200000");

    [Test]
    public void Ranks_in_threads_and_processes_compute_what_plain_loops_do_and_survive_each_other() => Run("nccl_test");

    [Test]
    public void Ranks_on_two_hosts_compute_what_plain_loops_do_and_miss_a_host_that_is_gone() => Run("nccl_hosts_test");

    [Test]
    public void Convolutions_normalisations_and_products_give_the_same_bits_with_any_number_of_threads() => Run("thread_count_test");

    [Test]
    public void Failures_stay_in_their_context_and_objects_may_be_destroyed_under_use() => Run("failure_test");

    [Test]
    public void Two_processes_share_memory_events_and_pools() => Run("interprocess_test");

    [Test]
    public void Arrays_mapped_memory_batches_and_default_streams_do_what_plain_loops_do() => Run("driver_test");

    [Test]
    public void The_name_of_the_device_says_whether_bfloat16_is_converted() => Run("device_test");

    [Test]
    public void The_name_of_the_device_says_that_bfloat16_is_converted_where_oneDNN_may_use_no_more_than_AVX2() => RunWith([("ONEDNN_MAX_CPU_ISA", "AVX2")], "device_test");

    private static void Run(string name, params string[] arguments) => RunWith([], name, arguments);

    private static void RunWith((string Name, string Value)[] environment, string name, params string[] arguments)
    {
        if (Find(name) is not { } program)
        {
            Assert.Ignore($"build/native/{name} is not built: cmake -S native -B build/native && cmake --build build/native");
            return;
        }
        ProcessStartInfo start = new(program, arguments);
        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        FinishedProgram run = FinishedProgram.Run(start, TimeSpan.FromMinutes(2));
        Assert.That(run.ExitCode, Is.Zero, run.Output + run.Errors);
        const string skipped = "skipped: ";
        if (run.Output.StartsWith(skipped, StringComparison.Ordinal))
        {
            Assert.Ignore(run.Output[skipped.Length..].TrimEnd());
        }
    }

    private static string? Find(string program)
        => RepositoryFolder.Path("build", "native", program) is { } path && File.Exists(path) ? path : null;
}
