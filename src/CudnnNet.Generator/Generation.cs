using CudnnNet.Generator.CSharp;
using CudnnNet.Generator.Facts;
using CudnnNet.Generator.Native;

namespace CudnnNet.Generator;

/// <summary>From the facts to every generated file.</summary>
internal static class Generation
{
    private const string NativeFolder = "native/cpu/generated";
    private const string InteropFolder = "src/CudnnNet/Interop";
    private const string TestFolder = "tests/CudnnNet.Tests/Generated";

    /// <summary>Reads the facts under <paramref name="root"/> and makes all files in memory.</summary>
    /// <exception cref="FactException">The facts cannot be read or used.</exception>
    public static Output Run(string root)
    {
        IReadOnlyList<LibraryFacts> libraries = FactReader.ReadAll(Path.Combine(root, "native", "abi"));
        var output = new Output();
        WriteNative(libraries, output);
        WriteCSharp(libraries, output);
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

    private static void WriteCSharp(IReadOnlyList<LibraryFacts> libraries, Output output)
    {
        var types = new CSharpTypes(libraries);
        var writer = new InteropWriter(types);
        var layoutTests = new LayoutTestWriter(types, new StructAlignment(libraries));
        output.Owns(InteropFolder, "*.g.cs");
        output.Owns(TestFolder, "*.g.cs");
        output.Add($"{InteropFolder}/NativeSymbols.g.cs", SymbolTableWriter.Write(libraries));
        foreach (LibraryFacts library in libraries)
        {
            string name = library.Id.ClassName;
            output.Add($"{InteropFolder}/{name}.Functions.g.cs", writer.WriteFunctions(library));
            output.Add($"{InteropFolder}/{name}.Enums.g.cs", writer.WriteEnums(library));
            output.Add($"{InteropFolder}/{name}.Types.g.cs", writer.WriteTypes(library));
            output.Add($"{InteropFolder}/{name}.Constants.g.cs", writer.WriteConstants(library));
            if (library.Structs.Count > 0)
            {
                output.Add($"{TestFolder}/{name}LayoutTests.g.cs", layoutTests.Write(library));
            }
        }
    }
}
