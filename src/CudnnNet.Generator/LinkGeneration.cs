using CudnnNet.Generator.Facts;
using CudnnNet.Generator.Native;

namespace CudnnNet.Generator;

/// <summary>
/// Which symbols stand behind which file name of NVIDIA's libraries: the linker scripts of the CPU device's folder of links, and
/// the headers under NVIDIA's names that a program without NVIDIA's SDK is compiled with.
/// </summary>
internal static class LinkGeneration
{
    private const string Folder = "native/links/generated";
    private const string IncludeFolder = "native/links/include";

    // cuDNN's parts without a C interface: a program may load them by name before it loads the rest.
    private static readonly string[] s_emptyParts = ["engines_precompiled", "engines_runtime_compiled", "engines_tensor_ir", "heuristic"];

    public static void Write(IReadOnlyList<LibraryFacts> libraries, LibraryFacts runtime, Output output)
    {
        WriteMaps(libraries, output);
        WriteHeaders(libraries, runtime, output);
    }

    private static void WriteHeaders(IReadOnlyList<LibraryFacts> libraries, LibraryFacts runtime, Output output)
    {
        output.Owns(IncludeFolder, "*");
        output.Add($"{IncludeFolder}/.clang-format", CHeaderWriter.WriteFormatExemption());
        (LibraryId Id, string Header, string? PerThreadMacro)[] headers =
        [
            (LibraryId.Cuda, "cuda.h", "CUDA_API_PER_THREAD_DEFAULT_STREAM"), (LibraryId.Cudnn, "cudnn.h", null),
            (LibraryId.Cublas, "cublas_v2.h", null), (LibraryId.CublasLt, "cublasLt.h", null), (LibraryId.Nccl, "nccl.h", null),
        ];
        foreach ((LibraryId id, string header, string? perThreadMacro) in headers)
        {
            output.Add($"{IncludeFolder}/{header}", NamesHeaderWriter.Write(libraries.First(l => l.Id == id), $"abi/{id.NativeName}.h", perThreadMacro));
        }
        foreach (int major in RuntimeGeneration.Majors)
        {
            output.Add($"{IncludeFolder}/cuda{major}/cuda_runtime_api.h", NamesHeaderWriter.Write(
                RuntimeGeneration.Of(runtime, major), $"../abi/cudart{major}.h", "CUDA_API_PER_THREAD_DEFAULT_STREAM"));
        }
    }

    private static void WriteMaps(IReadOnlyList<LibraryFacts> libraries, Output output)
    {
        output.Owns(Folder, "*");
        void Map(string name, bool tagged, IEnumerable<string> symbols)
        {
            output.Add($"{Folder}/{name}.map", ExportMapWriter.Write(tagged ? name : null, symbols));
            output.Add($"{Folder}/{name}.names", ExportMapWriter.WriteNames(symbols));
        }
        LibraryFacts Of(LibraryId id) => libraries.First(l => l.Id == id);

        // libcuda and libnccl carry no version tags; the others tag every symbol with the library's own name.
        Map("libcuda.so.1", false, Exported(Of(LibraryId.Cuda)).Select(f => f.Name));
        Map("libnccl.so.2", false, Exported(Of(LibraryId.Nccl)).Select(f => f.Name));
        Map("libcudnn.so.9", true, Exported(Of(LibraryId.Cudnn)).Select(f => f.Name));
        foreach (IGrouping<string?, FunctionFact> part in Exported(Of(LibraryId.Cudnn)).GroupBy(f => f.SubLibrary).Where(g => g.Key is not null))
        {
            Map($"libcudnn_{part.Key}.so.9", true, part.Select(f => f.Name));
        }
        foreach (string part in s_emptyParts)
        {
            Map($"libcudnn_{part}.so.9", true, []);
        }
        foreach (int major in RuntimeGeneration.Majors)
        {
            Map($"libcublas.so.{major}", true, FactVersion.Exports(Of(LibraryId.Cublas), major));
            Map($"libcublasLt.so.{major}", true, FactVersion.Exports(Of(LibraryId.CublasLt), major));
        }
    }

    private static IEnumerable<FunctionFact> Exported(LibraryFacts library) => library.Functions.Where(f => f.Exported);
}
