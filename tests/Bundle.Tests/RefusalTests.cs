using Devices;
using NUnit.Framework.Interfaces;

namespace Bundle.Tests;

/// <summary>Which failures on a GPU count as the library's answer that it does not support what a test asked for.</summary>
public sealed class RefusalTests
{
    [TestCase("CudnnNet.CudnnException : cudnnConvolutionForward answered CUDNN_STATUS_NOT_SUPPORTED_LAYOUT (3003): ...", ExpectedResult = true)]
    [TestCase("CudnnNet.CublasException : cublasGemmEx answered CUBLAS_STATUS_NOT_SUPPORTED (15)", ExpectedResult = true)]
    [TestCase("System.InvalidOperationException : An algorithm with at most 5 bytes ... cuDNN offers A: CUDNN_STATUS_NOT_SUPPORTED. Allow more workspace.", ExpectedResult = true)]
    [TestCase("CudnnNet.CudnnException : cudnnConvolutionForward answered CUDNN_STATUS_EXECUTION_FAILED (5000)", ExpectedResult = false)]
    [TestCase("CudnnNet.CudaException : cuLaunchKernel answered CUDA_ERROR_NOT_SUPPORTED (801)", ExpectedResult = false)]
    [TestCase("System.NullReferenceException : CUDNN_STATUS_NOT_SUPPORTED", ExpectedResult = false)]
    [TestCase(null, ExpectedResult = false)]
    public bool An_exception_in_which_the_library_declines(string? message) => RefusalsAreAnswersAttribute.IsRefusal(ResultState.Error, message);

    [Test]
    public void A_wrong_result_is_never_one()
        => Assert.That(RefusalsAreAnswersAttribute.IsRefusal(ResultState.Failure, "CudnnNet.CudnnException : CUDNN_STATUS_NOT_SUPPORTED"), Is.False);
}
