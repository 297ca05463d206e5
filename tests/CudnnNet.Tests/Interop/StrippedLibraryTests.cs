using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Real libraries, built beside the CPU device, that lack one function each: build/native/stripped.</summary>
[CpuDeviceOnly("a second library under the name of one that is in the process already would not be loaded by that name")]
public sealed unsafe class StrippedLibraryTests
{
    [Test]
    public void Only_the_function_that_is_missing_fails_and_the_message_names_function_version_and_the_version_that_has_it()
    {
        string folder = RealFolders.Built("stripped");
        using var machine = new RealFolders(new Dictionary<string, string> { ["CUDNNNET_DEVICE"] = "cuda", ["CUDNNNET_LIBRARY_PATH"] = folder });
        LibraryResolver resolver = new(machine);
        var create = (delegate* unmanaged<cudnnHandle_t*, cudnnStatus_t>)resolver.Function(NativeLibraryId.Cudnn, "cudnnCreate");
        cudnnHandle_t handle;
        cudnnStatus_t status = create(&handle);
        MissingFunctionException cudnn = Assert.Throws<MissingFunctionException>(() => resolver.Function(NativeLibraryId.Cudnn, "cudnnBackendPopulateCudaGraph"))!;
        MissingFunctionException driver = Assert.Throws<MissingFunctionException>(() => resolver.Function(NativeLibraryId.Cuda, "cuCtxCreate_v4"))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(resolver.Selected, Is.EqualTo(DeviceKind.Cuda));
            Assert.That(status, Is.EqualTo(cudnnStatus_t.CUDNN_STATUS_SUCCESS));
            Assert.That(resolver.TryFind(NativeLibraryId.Cuda, "cuCtxCreate_v2", out _));
            Assert.That(cudnn.Message, Is.EqualTo(
                $"cudnnBackendPopulateCudaGraph is missing in {Path.Combine(folder, "libcudnn.so.9")}, version 9.3.0: "
                + "cuDNN has it since version 9.8.0; install that version or a newer one, or do without the function."));
            Assert.That(driver.Message, Is.EqualTo(
                $"cuCtxCreate_v4 is missing in {Path.Combine(folder, "libcuda.so.1")}, version 12.4: "
                + "the CUDA driver has it since version 12.8; install that version or a newer one, or do without the function."));
            Assert.That(cudnn.Function, Is.EqualTo("cudnnBackendPopulateCudaGraph"));
            Assert.That(resolver.Describe(), Does.Contain("libcuda.so.1 counts 1 device").And.Contain("libcudnn.so.9, version 9.3.0"));
        }
    }
}
