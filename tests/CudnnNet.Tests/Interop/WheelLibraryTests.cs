using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Real libraries laid out as NVIDIA's wheels, built beside the CPU device: build/native/wheels12 and wheels13. None knows where the others lie.</summary>
[CpuDeviceOnly("a second library under the name of one that is in the process already would not be loaded by that name")]
public sealed unsafe class WheelLibraryTests
{
    [TestCase(12)]
    [TestCase(13)]
    public void What_the_wheels_load_by_name_is_found_without_a_search_path(int generation)
    {
        using RealFolders machine = Machine(generation);
        var resolver = new LibraryResolver(machine);
        var create = (delegate* unmanaged<cudnnHandle_t*, cudnnStatus_t>)resolver.Function(NativeLibraryId.Cudnn, "cudnnCreate");
        cudnnHandle_t handle;
        Assert.That(create(&handle), Is.EqualTo(cudnnStatus_t.CUDNN_STATUS_SUCCESS), "1002 is: a part of the library could not be loaded");
    }

    [TestCase(12, "cublas", "cuda_nvrtc")]
    [TestCase(13, "cu13", "cu13")]
    public void Every_library_of_a_generation_is_found_and_tells_its_version(int generation, string cublas, string nvrtc)
    {
        using RealFolders machine = Machine(generation);
        var resolver = new LibraryResolver(machine);
        foreach (NativeLibraryId library in (NativeLibraryId[])[NativeLibraryId.Nvrtc, NativeLibraryId.Cublas, NativeLibraryId.CublasLt, NativeLibraryId.Cudnn])
        {
            _ = resolver.Library(library);
        }
        string root = Root(generation);
        string site = Path.Combine(root, "lib", "python3.12", "site-packages", "nvidia");
        Assert.That(resolver.Describe(), Is.EqualTo(
            $"CUDA (CUDNNNET_DEVICE=cuda: {root}/libcuda.so.1 counts 1 device)\n"
            + $"the CUDA driver: {root}/libcuda.so.1, version {generation}.0\n"
            + $"cuBLAS: {site}/{cublas}/lib/libcublas.so.{generation}, version {generation}.0.0\n"
            + $"cuBLASLt: {site}/{cublas}/lib/libcublasLt.so.{generation}, version {generation}.0.0\n"
            + $"cuDNN: {site}/cudnn/lib/libcudnn.so.9, version 9.19.0\n"
            + $"NVRTC: {site}/{nvrtc}/lib/libnvrtc.so.{generation}, version {generation}.0"));
    }

    [TestCase(12, "cublasGemmGroupedBatchedEx")]
    [TestCase(13, "cublasSetEmulationStrategy")]
    public void A_function_that_the_library_lacks_fails_alone_with_function_version_and_the_version_that_has_it(int generation, string function)
    {
        using RealFolders machine = Machine(generation);
        var resolver = new LibraryResolver(machine);
        NativeSymbol symbol = NativeSymbols.Find(NativeLibraryId.Cublas, function)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(resolver.TryFind(NativeLibraryId.Cublas, "cublasGetProperty", out _));
            Assert.That(() => resolver.Function(NativeLibraryId.Cublas, function), Throws.TypeOf<MissingFunctionException>().With.Message.Matches(
                $@"^{function} is missing in .*/libcublas\.so\.{generation}, version {generation}\.0\.0: cuBLAS has it since version {symbol.Since.Replace(".", @"\.", StringComparison.Ordinal)}; "));
        }
    }

    [Test]
    public void CuDNN_of_CUDA_12_gets_the_cuBLASLt_of_CUDA_12_where_the_program_itself_uses_that_of_13()
    {
        string[] wheels = [Root(12), Root(13)];
        using var machine = new RealFolders(new Dictionary<string, string>
        {
            ["CUDNNNET_DEVICE"] = "cuda",
            ["CUDNNNET_LIBRARY_PATH"] = wheels[1],
            ["VIRTUAL_ENV"] = wheels[0],
            ["CONDA_PREFIX"] = wheels[1],
        });
        var resolver = new LibraryResolver(machine);
        _ = resolver.Library(NativeLibraryId.Cublas);
        var create = (delegate* unmanaged<cudnnHandle_t*, cudnnStatus_t>)resolver.Function(NativeLibraryId.Cudnn, "cudnnCreate");
        cudnnHandle_t handle;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(create(&handle), Is.EqualTo(cudnnStatus_t.CUDNN_STATUS_SUCCESS));
            Assert.That(resolver.Describe(), Does.Contain("/libcublas.so.13, version").And.Contain($"{wheels[0]}/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9"));
        }
    }

    private static RealFolders Machine(int generation) => new(new Dictionary<string, string>
    {
        ["CUDNNNET_DEVICE"] = "cuda",
        ["CUDNNNET_LIBRARY_PATH"] = Root(generation),
        ["VIRTUAL_ENV"] = Root(generation),
    });

    private static string Root(int generation) => RealFolders.Built($"wheels{generation}");
}
