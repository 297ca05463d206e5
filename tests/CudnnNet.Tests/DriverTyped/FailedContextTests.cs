using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>A failure of the device stays in its context; the process and other contexts go on.</summary>
public sealed class FailedContextTests
{
    [Test]
    public void A_kernel_with_a_wrong_address_fails_every_later_call_of_its_context()
    {
        Requires.TheCpuDevice("on a GPU such a failure takes the whole process");
        using CudaContext context = CudaContext.Create();
        using CudaStream stream = context.CreateStream();
        using DeviceMemory<float> memory = context.Allocate<float>(16);
        CudaKernel advance = context.LoadModule(TestDevice.TrainingModule()).GetKernel("advance_step");
        advance.Launch(stream, new LaunchShape(1u, 1u), 8ul);
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < 2; i++)
            {
                Assert.That(Assert.Throws<CudaException>(stream.Synchronize)!.Status, Is.EqualTo((int)CUresult.CUDA_ERROR_ILLEGAL_ADDRESS));
                Assert.That(Assert.Throws<CudaException>(context.Synchronize)!.Message, Does.Contain("advance_step"));
            }

            Assert.Throws<CudaException>(() => stream.Fill(memory.Span, 1f));
            Assert.Throws<CudaException>(() => context.Allocate<float>(1));
            Assert.Throws<CudaException>(() => context.CreateStream());
            Assert.DoesNotThrow(memory.Dispose);
        }
    }

    [Test]
    public void Another_context_does_not_notice()
    {
        Requires.TheCpuDevice("on a GPU such a failure takes the whole process");
        using (CudaContext broken = CudaContext.Create())
        {
            using CudaStream stream = broken.CreateStream();
            broken.LoadModule(TestDevice.TrainingModule()).GetKernel("advance_step").Launch(stream, new LaunchShape(1u, 1u), 8ul);
            Assert.Throws<CudaException>(stream.Synchronize);
        }

        using TestDevice device = new();
        Assert.That(device.Download(device.Upload(1, 2, 3).Span), Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void A_null_reference_of_managed_code_is_still_an_exception()
    {
        // The CPU device takes the signal of wrong addresses for its own kernels, and passes all others on.
        using TestDevice device = new();
        string? nothing = Environment.GetEnvironmentVariable("a variable that nobody sets");
        Assert.Throws<NullReferenceException>(() => _ = nothing!.Length);
    }
}
