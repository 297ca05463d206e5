using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>What a failed call says, and what a successful one costs.</summary>
public sealed unsafe class CheckTests
{
    [Test]
    public void Success_passes_without_an_allocation()
    {
        Cuda.Check(CUresult.CUDA_SUCCESS);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Cuda.Check(CUresult.CUDA_SUCCESS);
            Cudnn.Check(cudnnStatus_t.CUDNN_STATUS_SUCCESS);
            Cublas.Check(cublasStatus_t.CUBLAS_STATUS_SUCCESS);
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void A_raw_call_allocates_nothing_after_the_first()
    {
        int version;
        _ = Cuda.cuDriverGetVersion(&version);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            _ = Cuda.cuDriverGetVersion(&version);
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void A_failure_names_the_call_the_code_and_the_librarys_own_words([Values] NativeLibraryId library)
    {
        if (library == NativeLibraryId.Nvrtc)
        {
            Assert.Ignore("NVRTC is always the real library; its texts are compared where it is installed");
        }
        Requires.TheCpuDevice("the texts compared are those of the CPU device");
        string function = CpuDevice.NotImplemented(library) ?? throw new IgnoreException($"every function of {library} is implemented, none refuses");
        var status = (int)CpuDevice.Call(function);
        string call = $"{library}.{function}(handle, 0)";
        (Action check, string code) = library switch
        {
            NativeLibraryId.Cuda => ((Action)(() => Cuda.Check((CUresult)status, call)), "CUDA_ERROR_NOT_SUPPORTED (801)"),
            NativeLibraryId.Cudnn => (() => Cudnn.Check((cudnnStatus_t)status, call), "CUDNN_STATUS_NOT_SUPPORTED (3000)"),
            NativeLibraryId.Cublas => (() => Cublas.Check((cublasStatus_t)status, call), "CUBLAS_STATUS_NOT_SUPPORTED (15)"),
            NativeLibraryId.CublasLt => (() => CublasLt.Check((cublasStatus_t)status, call), "CUBLAS_STATUS_NOT_SUPPORTED (15)"),
            _ => (() => Nccl.Check((ncclResult_t)status, call), "ncclInvalidUsage (5)"),
        };
        NativeLibraryException error = Assert.Catch<NativeLibraryException>(check)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Is.EqualTo($"{function} answered {code}: {function} is not implemented by the CPU device."));
            Assert.That(error.Detail, Is.EqualTo($"{function} is not implemented by the CPU device"));
        }
    }

    [Test]
    public void A_failure_carries_function_status_and_detail_for_programs()
    {
        CudaException error = Assert.Throws<CudaException>(() => Cuda.Check(CUresult.CUDA_ERROR_INVALID_VALUE, "Cuda.cuMemFree_v2(pointer)"))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Function, Is.EqualTo("cuMemFree_v2"));
            Assert.That(error.Status, Is.EqualTo(1));
            Assert.That(error.StatusName, Is.EqualTo("CUDA_ERROR_INVALID_VALUE"));
            Assert.That(error.Code, Is.EqualTo(CUresult.CUDA_ERROR_INVALID_VALUE));
        }
    }

    [Test]
    public void A_function_that_no_library_exports_is_an_error_that_says_so()
        => Assert.That(() => CublasLt.cublasLtDisableCpuInstructionsSetMask(0), Throws.TypeOf<MissingFunctionException>().With.Message.Matches(
            "^cublasLtDisableCpuInstructionsSetMask is missing in .+: the header of cuBLASLt declares it, but no known version exports it\\.$"));

    [TestCase("Cuda.cuMemAlloc_v2(&pointer, bytes)", "cuMemAlloc_v2")]
    [TestCase("Interop.Cudnn.cudnnCreate(&handle)", "cudnnCreate")]
    [TestCase("status", "status")]
    [TestCase("", "the call")]
    [TestCase(null, "the call")]
    public void The_functions_name_is_found_in_the_text_of_the_call(string? call, string expected)
        => Assert.That(CallName.Of(call), Is.EqualTo(expected));
}
