using System.Text;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Modules and launches.</summary>
public sealed unsafe class DriverLaunchTests
{
    [Test]
    public void A_kernel_runs_in_its_stream_with_its_arguments_copied()
    {
        using RawDevice device = new();
        using Gate gate = new();
        (CUmodule module, CUfunction function) = Load("advance_step");
        CUstream stream = device.Stream();
        ulong state = device.Upload(41u);
        ulong argument = state;
        void* parameters = &argument;
        gate.Close(stream);
        Cuda.Check(Cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, &parameters, null));
        argument = 0;
        gate.Open();
        Cuda.Check(Cuda.cuStreamSynchronize(stream));
        Assert.That(RawDevice.Download<uint>(state, 1), Is.EqualTo(new[] { 42u }));
        Cuda.Check(Cuda.cuModuleUnload(module));
        if (NativeLibraries.Selected == DeviceKind.Cpu)
        {
            // NVIDIA's driver makes no promise about kernels of modules that are gone.
            Assert.That(Cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, &parameters, null), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE));
        }
    }

    [Test]
    public void Arguments_may_come_packed()
    {
        using RawDevice device = new();
        (CUmodule module, CUfunction function) = Load("advance_step");
        ulong state = device.Upload(1u);
        nuint size = 8;
        void** extra = stackalloc void*[] { (void*)1, &state, (void*)2, &size, null };
        Cuda.Check(Cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, null, extra));
        Assert.That(RawDevice.Download<uint>(state, 1), Is.EqualTo(new[] { 2u }));
        Cuda.Check(Cuda.cuModuleUnload(module));
    }

    [Test]
    [CpuDeviceOnly("NVIDIA's driver may read a block of arguments that is too short, or none, without looking")]
    public void Arguments_that_are_too_few_or_come_in_two_ways_are_refused()
    {
        using RawDevice device = new();
        (CUmodule module, CUfunction function) = Load("advance_step");
        ulong state = device.Upload(1u);
        nuint size = 4;
        void** extra = stackalloc void*[] { (void*)1, &state, (void*)2, &size, null };
        void* parameters = &state;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, null, extra), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, &parameters, extra), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
            Assert.That(Cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, null, null), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        }

        Cuda.Check(Cuda.cuModuleUnload(module));
    }

    [TestCase(0u, 1u, 1u, 1u, 1u, 1u, 0u)]
    [TestCase(1u, 0u, 1u, 1u, 1u, 1u, 0u)]
    [TestCase(1u, 65_536u, 1u, 1u, 1u, 1u, 0u)]
    [TestCase(1u, 1u, 65_536u, 1u, 1u, 1u, 0u)]
    [TestCase(0x8000_0000u, 1u, 1u, 1u, 1u, 1u, 0u)]
    [TestCase(1u, 1u, 1u, 0u, 1u, 1u, 0u)]
    [TestCase(1u, 1u, 1u, 1025u, 1u, 1u, 0u)]
    [TestCase(1u, 1u, 1u, 1u, 1u, 65u, 0u)]
    [TestCase(1u, 1u, 1u, 64u, 32u, 1u, 0u)]
    [TestCase(1u, 1u, 1u, 1u, 1u, 1u, 49_153u)]
    public void Shapes_beyond_the_limits_are_refused(uint gx, uint gy, uint gz, uint bx, uint by, uint bz, uint shared)
    {
        using RawDevice device = new();
        (CUmodule module, CUfunction function) = Load("advance_step");
        ulong state = device.Upload(1u);
        void* parameters = &state;
        Assert.That(Cuda.cuLaunchKernel(function, gx, gy, gz, bx, by, bz, shared, default, &parameters, null), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        Assert.That(RawDevice.Download<uint>(state, 1), Is.EqualTo(new[] { 1u }));
        Cuda.Check(Cuda.cuModuleUnload(module));
    }

    [TestCase(2u, 1u, 1u, 1u)]
    [TestCase(1u, 2u, 1u, 1u)]
    [TestCase(1u, 1u, 2u, 1u)]
    [TestCase(1u, 1u, 1u, 2u)]
    [CpuDeviceOnly("a GPU launches in three dimensions")]
    public void The_cpu_device_refuses_a_second_dimension_instead_of_ignoring_it(uint gy, uint gz, uint by, uint bz)
    {
        using RawDevice device = new();
        (CUmodule module, CUfunction function) = Load("advance_step");
        ulong state = device.Upload(1u);
        void* parameters = &state;
        Assert.That(Cuda.cuLaunchKernel(function, 1, gy, gz, 1, by, bz, 0, default, &parameters, null), Is.EqualTo(CUresult.CUDA_ERROR_NOT_SUPPORTED));
        Assert.That(RawDevice.Download<uint>(state, 1), Is.EqualTo(new[] { 1u }));
        Cuda.Check(Cuda.cuModuleUnload(module));
    }

    [Test]
    [CpuDeviceOnly("a GPU compiles any PTX")]
    public void Foreign_modules_and_unknown_kernels_are_refused()
    {
        using RawDevice device = new();
        CUmodule module;
        fixed (byte* ptx = ".version 6.3\n.target sm_75\n.address_size 64\n\0"u8, elf = "\u007fELF\u0002\u0001\u0001\0"u8, nothing = "\0"u8)
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(Cuda.cuModuleLoadData(&module, ptx), Is.EqualTo(CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU));
                Assert.That(Cuda.cuModuleLoadData(&module, elf), Is.EqualTo(CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU));
                Assert.That(Cuda.cuModuleLoadData(&module, nothing), Is.EqualTo(CUresult.CUDA_ERROR_INVALID_IMAGE));
            }
        }

        (CUmodule own, _) = Load("advance_step");
        CUfunction function;
        fixed (byte* name = "no_such_kernel\0"u8)
        {
            Assert.That(Cuda.cuModuleGetFunction(&function, own, name), Is.EqualTo(CUresult.CUDA_ERROR_NOT_FOUND));
        }

        Cuda.Check(Cuda.cuModuleUnload(own));
    }

    [Test]
    public void More_launches_than_a_queue_holds_all_run()
    {
        using RawDevice device = new();
        (CUmodule module, CUfunction function) = Load("advance_step");
        CUstream stream = device.Stream();
        ulong state = device.Upload(0u);
        void* parameters = &state;
        for (int i = 0; i < 5000; i++)
        {
            Cuda.Check(Cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, &parameters, null));
        }

        Cuda.Check(Cuda.cuStreamSynchronize(stream));
        Assert.That(RawDevice.Download<uint>(state, 1), Is.EqualTo(new[] { 5000u }));
        Cuda.Check(Cuda.cuModuleUnload(module));
    }

    private static (CUmodule Module, CUfunction Function) Load(string kernel)
    {
        CUmodule module;
        CUfunction function;
        fixed (byte* image = (byte[])[.. TestDevice.TrainingModule(), 0], name = Encoding.ASCII.GetBytes(kernel + '\0'))
        {
            Cuda.Check(Cuda.cuModuleLoadData(&module, image));
            Cuda.Check(Cuda.cuModuleGetFunction(&function, module, name));
        }

        return (module, function);
    }
}
