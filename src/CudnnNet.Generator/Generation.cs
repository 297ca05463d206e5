using CudnnNet.Generator.Facts;
using CudnnNet.Generator.Native;

namespace CudnnNet.Generator;

/// <summary>From the facts to every generated file.</summary>
internal static class Generation
{
    private const string NativeFolder = "native/cpu/generated";

    /// <summary>Reads the facts under <paramref name="root"/> and makes all files in memory.</summary>
    /// <exception cref="FactException">The facts cannot be read or used.</exception>
    public static Output Run(string root)
    {
        IReadOnlyList<LibraryFacts> libraries = FactReader.ReadAll(Path.Combine(root, "native", "abi"));
        var output = new Output();
        WriteNative(libraries, output);
        return output;
    }

    private static void WriteNative(IReadOnlyList<LibraryFacts> libraries, Output output)
    {
        var writer = new CHeaderWriter(libraries);
        output.Owns(NativeFolder, "*.h");
        output.Owns(NativeFolder, "*.cpp");
        output.Add($"{NativeFolder}/.clang-format", CHeaderWriter.WriteFormatExemption());
        output.Add($"{NativeFolder}/runtime_types.h", writer.WriteRuntimeTypes());
        output.Add($"{NativeFolder}/layout_checks.cpp", writer.WriteLayoutChecks());
        foreach (LibraryFacts library in libraries.Where(l => l.Id.ServedByCpuDevice))
        {
            output.Add($"{NativeFolder}/{library.Id.NativeName}.h", writer.WriteHeader(library));
            output.Add($"{NativeFolder}/exports_{library.Id.NativeName}.cpp", CHeaderWriter.WriteExports(library));
        }
    }
}
