using System.Reflection;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Modules and launches, on our own training kernels.</summary>
public sealed class CudaKernelTests
{
    [Test]
    public void A_kernel_computes_with_typed_arguments()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        DeviceMemory<float> y = device.Upload<float>(1, 2, 3, 4, 5, 6);
        DeviceMemory<float> bias = device.Upload<float>(10, 20, 30);
        kernel.Launch(device.Stream, LaunchShape.Cover(6), y.Address, bias.Address, 2u, 3u);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.Download(y.Span), Is.EqualTo(new float[] { 11, 22, 33, 14, 25, 36 }));
            Assert.That(kernel.Name, Is.EqualTo("add_bias_rows"));
            Assert.That(kernel.Module, Is.SameAs(module));
            Assert.That(kernel.Handle.Value, Is.Not.Zero);
        }
    }

    [Test]
    public void A_kernel_computes_with_arguments_known_only_at_run_time()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        DeviceMemory<float> y = device.Upload<float>(1, 2, 3, 4, 5, 6);
        DeviceMemory<float> bias = device.Upload<float>(10, 20);
        module.GetKernel("add_bias_rows").Launch(device.Stream, LaunchShape.Cover(6), [y.Span.Pointer, bias.Address, 3u, 2u]);
        Assert.That(device.Download(y.Span), Is.EqualTo(new float[] { 11, 22, 13, 24, 15, 26 }));
    }

    [Test]
    public void Launches_of_one_stream_follow_each_other()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel advance = module.GetKernel("advance_step");
        DeviceMemory<uint> state = device.Upload<uint>(0, 0, 0, 0, 0, 0);
        for (int i = 0; i < 1000; i++)
        {
            advance.Launch(device.Stream, new LaunchShape(1u, 1u), state.Address);
        }

        Assert.That(device.Download(state.Span)[0], Is.EqualTo(1000));
    }

    [Test]
    public void A_wrong_number_of_arguments_is_refused_before_the_launch()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        if (kernel.ParameterCount is null)
        {
            Assert.Ignore("skipped: this driver does not tell the parameters of a kernel (cuFuncGetParamInfo, CUDA 12.4)");
        }

        ArgumentException error = Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, LaunchShape.Cover(1), 1UL, 2UL))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernel.ParameterCount, Is.EqualTo(4));
            Assert.That(error.Message, Is.EqualTo("Kernel add_bias_rows was to be launched with 2 argument(s); it has 4 parameter(s) of 8, 8, 4, 4 bytes."));
            Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, LaunchShape.Cover(1)));
            Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, LaunchShape.Cover(1), [1UL]));
        }
    }

    [Test]
    public void An_argument_of_the_wrong_width_is_refused_before_the_launch()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        if (kernel.ParameterCount is null)
        {
            Assert.Ignore("skipped: this driver does not tell the parameters of a kernel (cuFuncGetParamInfo, CUDA 12.4)");
        }

        ArgumentException error = Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, LaunchShape.Cover(1), 1UL, 2UL, 3UL, 4u))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.StartWith("Argument 3 of kernel add_bias_rows has 8 bytes, its parameter 4."));
            Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, LaunchShape.Cover(1), [1UL, 2UL, 3L, 4u]));
        }
    }

    [Test]
    public void A_shape_with_an_empty_extent_is_refused_before_the_launch()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("advance_step");
        ArgumentException error = Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, new LaunchShape(new Dim3(1, 0), 1u), 1UL))!;
        Assert.That(error.Message, Does.StartWith("The kernel was to be launched with a grid of (1, 0, 1) blocks of (1, 1, 1) threads; every extent must be at least 1."));
    }

    [Test]
    public void A_block_that_is_too_large_is_an_error_that_names_kernel_and_shape()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("advance_step");
        DeviceMemory<uint> state = device.Upload<uint>(0, 0, 0, 0, 0, 0);
        CudaException error = Assert.Throws<CudaException>(() => kernel.Launch(device.Stream, new LaunchShape(1u, 2048u), state.Address))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(error.Message, Does.Contain("Kernel advance_step was to be launched with a grid of (1, 1, 1) blocks of (2048, 1, 1) threads and 0 bytes of shared memory"));
        }
    }

    [Test]
    public void A_kernel_that_is_not_there_is_an_error_that_names_it()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaException error = Assert.Throws<CudaException>(() => module.GetKernel("Kaffeemühle"))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo(CUresult.CUDA_ERROR_NOT_FOUND));
            Assert.That(error.Message, Does.Contain("The kernel 'Kaffeemühle' was asked for"));
            Assert.Throws<ArgumentException>(() => module.GetKernel(string.Empty));
        }
    }

    [Test]
    public void An_image_that_is_no_module_is_an_error()
    {
        using TestDevice device = new();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ArgumentException>(() => device.Context.LoadModule([]));
            CudaException error = Assert.Throws<CudaException>(() => device.Context.LoadModule("no PTX at all"u8))!;
            Assert.That(error.Message, Does.Contain("A module of 13 bytes was to be loaded"));
        }
    }

    [Test]
    public void A_kernel_lives_as_long_as_its_module()
    {
        using TestDevice device = new();
        CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("advance_step");
        module.Dispose();
        module.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => kernel.Launch(device.Stream, new LaunchShape(1u, 1u), 1UL));
            Assert.Throws<ObjectDisposedException>(() => _ = kernel.Handle);
            Assert.Throws<ObjectDisposedException>(() => module.GetKernel("advance_step"));
            Assert.Throws<ObjectDisposedException>(() => module.GetGlobal("advance_step"));
        }
    }

    [Test]
    public void Launching_allocates_no_managed_memory_and_boxes_nothing()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel addBias = module.GetKernel("add_bias_rows");
        CudaKernel advance = module.GetKernel("advance_step");
        DeviceMemory<float> y = device.Upload<float>(new float[6]);
        DeviceMemory<float> bias = device.Upload<float>(1, 2, 3);
        DeviceMemory<uint> state = device.Upload<uint>(new uint[6]);
        LaunchShape shape = LaunchShape.Cover(6);
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            addBias.Launch(device.Stream, shape, y.Address, bias.Address, 2u, 3u);
            addBias.Launch(device.Stream, shape, [y.Address, bias.Address, 2u, 3u]);
            advance.Launch(device.Stream, new LaunchShape(1u, 1u), state.Span.Pointer);
        });
        device.Stream.Synchronize();
        Assert.That(bytes, Is.Zero);
    }

    [Test]
    public void There_is_a_launch_for_every_number_of_arguments_up_to_sixteen()
    {
        IEnumerable<int> counts = typeof(CudaKernel).GetMethods(BindingFlags.Public | BindingFlags.Instance)
            .Where(m => m.Name == nameof(CudaKernel.Launch) && m.GetParameters().Length >= 2 && !m.GetParameters().Any(p => p.ParameterType == typeof(ReadOnlySpan<KernelArgument>)))
            .Select(m => m.GetGenericArguments().Length);
        Assert.That(counts.Order(), Is.EqualTo(Enumerable.Range(0, 17)));
    }

    [Test]
    public void A_kernel_computes_with_its_arguments_in_one_structure()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        DeviceMemory<float> y = device.Upload<float>(1, 2, 3, 4, 5, 6);
        DeviceMemory<float> bias = device.Upload<float>(10, 20, 30);
        AddBiasArguments arguments = new(y.Address, bias.Address, 2, 3);
        kernel.LaunchPacked(device.Stream, LaunchShape.Cover(6), arguments);
        Assert.That(device.Download(y.Span), Is.EqualTo(new float[] { 11, 22, 33, 14, 25, 36 }));
        Assert.That(TestDevice.AllocatedBytes(() => kernel.LaunchPacked(device.Stream, LaunchShape.Cover(6), arguments)), Is.Zero);
        device.Stream.Synchronize();
    }

    [Test]
    public void A_structure_of_another_size_than_the_parameters_is_refused_before_the_launch()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        if (kernel.ParameterCount is null)
        {
            Assert.Ignore("skipped: this driver does not tell the parameters of a kernel (cuFuncGetParamInfo, CUDA 12.4)");
        }

        ArgumentException error = Assert.Throws<ArgumentException>(() => kernel.LaunchPacked(device.Stream, LaunchShape.Cover(6), 1UL))!;
        Assert.That(error.Message, Is.EqualTo(
            "Kernel add_bias_rows was to be launched with a structure of 8 bytes; its 4 parameter(s) take 24 bytes, at 0 (8), 8 (8), 16 (4), 20 (4). Lay the structure out as the parameters."));
    }

    [Test]
    public void A_cooperative_launch_computes_the_same()
    {
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.CanLaunchCooperatively, "cooperative launch");
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("advance_step");
        DeviceMemory<uint> state = device.Upload<uint>(0, 0, 0, 0, 0, 0);
        kernel.Launch(device.Stream, new LaunchShape(1u, 1u) { Cooperative = true }, state.Address);
        Assert.That(device.Download(state.Span)[0], Is.EqualTo(1));
    }

    [Test]
    public void A_launch_in_clusters_works_or_says_that_clusters_were_asked_for()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        DeviceMemory<float> y = device.Upload<float>(new float[512]);
        DeviceMemory<float> bias = device.Upload<float>(1, 2);
        LaunchShape shape = new(new Dim3(4), new Dim3(128)) { Cluster = new Dim3(2) };
        if (device.Context.Properties.CanLaunchClusters)
        {
            kernel.Launch(device.Stream, shape, y.Address, bias.Address, 256u, 2u);
            Assert.That(device.Download(y.Span)[..4], Is.EqualTo(new float[] { 1, 2, 1, 2 }));
            Assert.That(kernel.GetMaxActiveClusters(shape), Is.Positive);
            Assert.That(kernel.GetMaxClusterBlocks(shape), Is.GreaterThanOrEqualTo(2));
        }
        else
        {
            CudaException error = Assert.Throws<CudaException>(() => kernel.Launch(device.Stream, shape, y.Address, bias.Address, 256u, 2u))!;
            Assert.That(error.Message, Does.Contain("in clusters of (2, 1, 1) blocks"));
        }

        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => kernel.Launch(device.Stream, shape with { Cluster = new Dim3(3) }, y.Address, bias.Address, 256u, 2u))!;
        Assert.That(refused.Message, Does.Contain("every extent of the grid must be a multiple of the cluster's"));
    }

    [Test]
    public void A_stream_of_another_context_of_the_same_device_does_not_launch()
    {
        using TestDevice device = new();
        using CudaContext other = CudaContext.Create();
        using CudaStream stream = other.CreateStream();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("advance_step");
        ArgumentException error = Assert.Throws<ArgumentException>(() => kernel.Launch(stream, new LaunchShape(1u, 1u), 1UL))!;
        Assert.That(error.Message, Does.Contain("the stream belongs to another one"));
    }

    [Test]
    public void A_kernel_tells_what_it_needs_and_how_often_it_fits()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        (int block, int grid) = kernel.SuggestBlock();
        int most = kernel.GetMaxActiveBlocks(128);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernel.MaxThreadsPerBlock, Is.InRange(1, device.Context.Properties.MaxThreadsPerBlock));
            Assert.That(kernel.StaticSharedBytes, Is.Zero);
            Assert.That(kernel.LocalBytesPerThread, Is.GreaterThanOrEqualTo(0));
            Assert.That(kernel.ConstantBytes, Is.GreaterThanOrEqualTo(0));
            // The CPU device compiles to no registers of its own.
            Assert.That(kernel.RegistersPerThread, NativeLibraries.Selected == DeviceKind.Cpu ? Is.Zero : Is.Positive);
            Assert.That(kernel.PtxVersion, Is.EqualTo(new ComputeCapability(7, 5)).Or.EqualTo(kernel.BinaryVersion));
            Assert.That(block, Is.InRange(1, kernel.MaxThreadsPerBlock));
            Assert.That(grid, Is.Positive);
            Assert.That(kernel.SuggestBlock(mostThreads: 64).BlockThreads, Is.InRange(1, 64));
            Assert.That(most, Is.Positive);
            Assert.That(most, Is.EqualTo(Math.Min(device.Context.Properties.MaxThreadsPerMultiprocessor / 128, device.Context.Properties.MaxBlocksPerMultiprocessor)).Or.LessThan(
                device.Context.Properties.MaxThreadsPerMultiprocessor / 128));
            Assert.That(kernel.GetAvailableDynamicSharedBytes(1, 128), Is.Positive);
            Assert.Throws<CudaException>(() => kernel.GetMaxActiveBlocks(0));
        }
    }

    [Test]
    public void Dynamic_shared_memory_above_the_default_is_allowed_first()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("advance_step");
        int most = device.Context.Properties.MaxSharedMemoryPerBlockOptInBytes;
        CudaException error = Assert.Throws<CudaException>(() => kernel.MaxDynamicSharedBytes = most + 1024)!;
        kernel.MaxDynamicSharedBytes = most;
        kernel.PreferredSharedPercent = 50;
        DeviceMemory<uint> state = device.Upload<uint>(0, 0, 0, 0, 0, 0);
        kernel.Launch(device.Stream, new LaunchShape(1u, 1u, (uint)most), state.Address);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.Contain("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES of kernel advance_step was to be"));
            Assert.That(kernel.MaxDynamicSharedBytes, Is.EqualTo(most));
            Assert.That(kernel.PreferredSharedPercent, Is.EqualTo(50));
            Assert.That(device.Download(state.Span)[0], Is.EqualTo(1));
        }
    }

    [Test]
    public void A_module_lists_its_kernels_and_comes_from_a_file_too()
    {
        using TestDevice device = new();
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, TestDevice.TrainingModule());
            using CudaModule module = device.Context.LoadModuleFile(path, new ModuleOptions(OptimizationLevel: 4, LineInformation: true));
            Assert.That(module.FindKernel("advance_step"), Is.Not.Null);
            Assert.That(module.FindKernel("Kaffeemühle"), Is.Null);
            Requires.Implemented("cuModuleGetFunctionCount", "cuModuleEnumerateFunctions", "cuFuncGetName");
            Assert.That(module.GetKernels().Select(k => k.Name), Is.SupersetOf(new[] { "advance_step", "add_bias_rows", "sgd_momentum" }));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public unsafe void What_the_drivers_compiler_says_is_in_the_exception_and_in_the_module()
    {
        using TestDevice device = new();
        FieldInfo slot = typeof(Cuda).GetNestedType("Slot", BindingFlags.NonPublic)!.GetField("cuModuleLoadDataEx", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
        using (device.Context.LoadModule(TestDevice.TrainingModule()))
        {
            // The slot is bound now, and can be exchanged for a driver that talks.
        }

        object original = slot.GetValue(null)!;
        slot.SetValue(null, (nint)(delegate* unmanaged[Cdecl]<CUmodule*, void*, uint, CUjit_option*, void**, CUresult>)&TalkingLoad);
        try
        {
            CudaException error = Assert.Throws<CudaException>(() => device.Context.LoadModule("bad"u8, new ModuleOptions(MaxRegisters: 32, Verbose: true)))!;
            Assert.That(error.Message, Does.Contain("the driver's compiler says: line 1: 32 registers; and remarks: compiled bad"));
        }
        finally
        {
            slot.SetValue(null, original);
        }
    }

    [System.Runtime.InteropServices.UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static unsafe CUresult TalkingLoad(CUmodule* module, void* image, uint count, CUjit_option* names, void** values)
    {
        nint registers = 0;
        for (uint i = 0; i < count; i++)
        {
            if (names[i] == CUjit_option.CU_JIT_MAX_REGISTERS)
            {
                registers = (nint)values[i];
            }
        }

        for (uint i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> text = names[i] switch
            {
                CUjit_option.CU_JIT_ERROR_LOG_BUFFER => registers == 32 ? "line 1: 32 registers\n\0"u8 : "no limit\0"u8,
                CUjit_option.CU_JIT_INFO_LOG_BUFFER => "compiled bad\0"u8,
                _ => default,
            };
            text.CopyTo(new Span<byte>(values[i], text.Length));
        }

        return CUresult.CUDA_ERROR_INVALID_PTX;
    }

    private readonly record struct AddBiasArguments(ulong Y, ulong Bias, uint Rows, uint Columns);
}
