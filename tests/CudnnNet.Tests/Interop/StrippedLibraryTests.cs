using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Real libraries, built beside the CPU device, that lack one function each: build/native/stripped.</summary>
public sealed unsafe class StrippedLibraryTests
{
    [Test]
    public void Only_the_function_that_is_missing_fails_and_the_message_names_function_version_and_the_version_that_has_it()
    {
        LibraryResolver resolver = new(new StrippedFolder());
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
                $"cudnnBackendPopulateCudaGraph is missing in {Path.Combine(StrippedFolder.Path, "libcudnn.so.9")}, version 9.3.0: "
                + "cuDNN has it since version 9.8.0; install that version or a newer one, or do without the function."));
            Assert.That(driver.Message, Is.EqualTo(
                $"cuCtxCreate_v4 is missing in {Path.Combine(StrippedFolder.Path, "libcuda.so.1")}, version 12.4: "
                + "the CUDA driver has it since version 12.8; install that version or a newer one, or do without the function."));
            Assert.That(cudnn.Function, Is.EqualTo("cudnnBackendPopulateCudaGraph"));
            Assert.That(resolver.Describe(), Does.Contain("libcuda.so.1 counts 1 device").And.Contain("libcudnn.so.9, version 9.3.0"));
        }
    }

    /// <summary>This machine, with the folder of stripped libraries as the one the user named.</summary>
    private sealed class StrippedFolder : LibraryEnvironment
    {
        public StrippedFolder()
        {
            if (!Directory.Exists(Path))
            {
                Assert.Ignore($"skipped: {Path} is not built: cmake -S native -B build/native && cmake --build build/native");
            }
        }

        public static string Path { get; } = Find();

        public override string? Variable(string name) => name switch
        {
            "CUDNNNET_LIBRARY_PATH" => Path,
            "CUDNNNET_DEVICE" => "cuda",
            _ => null,
        };

        private static string Find()
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "ResNetCudnn.sln")))
            {
                folder = folder.Parent;
            }

            return System.IO.Path.Combine(folder?.FullName ?? AppContext.BaseDirectory, "build", "native", "stripped");
        }
    }
}
