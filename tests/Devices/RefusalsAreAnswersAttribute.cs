using CudnnNet;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace Devices;

/// <summary>
/// On a GPU, a test that ends because the library says NOT_SUPPORTED is skipped with the library's words: no cuDNN has an engine for every
/// layout, type and geometry that is tried here, and which it has depends on its version and on the GPU. A wrong result still fails.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class RefusalsAreAnswersAttribute : NUnitAttribute, ITestAction
{
    /// <inheritdoc/>
    public ActionTargets Targets => ActionTargets.Test;

    /// <inheritdoc/>
    public void BeforeTest(ITest test)
    {
    }

    /// <inheritdoc/>
    public void AfterTest(ITest test)
    {
        TestResult result = TestExecutionContext.CurrentContext.CurrentResult;
        if (NativeLibraries.Selected == DeviceKind.Cuda && IsRefusal(result.ResultState, result.Message))
        {
            result.SetResult(ResultState.Ignored, $"skipped: this device refuses it: {result.Message}");
        }
    }

    /// <summary>Whether a test ended with an exception in which the library says that it does not support what was asked for.</summary>
    public static bool IsRefusal(ResultState state, string? message)
        => state.Status == TestStatus.Failed && state.Label == ResultState.Error.Label && message is not null
            && message.Contains("_STATUS_NOT_SUPPORTED", StringComparison.Ordinal)
            && (message.StartsWith("CudnnNet.CudnnException", StringComparison.Ordinal)
                || message.StartsWith("CudnnNet.CublasException", StringComparison.Ordinal)
                || message.StartsWith("System.InvalidOperationException : A", StringComparison.Ordinal));
}
