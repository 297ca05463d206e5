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
}
