using CudnnNet.Generator.CSharp;
using CudnnNet.Generator.Facts;
using CudnnNet.Generator.Native;

namespace CudnnNet.Generator;

/// <summary>From the facts to every generated file.</summary>
internal static class Generation
{
    private const string NativeFolder = "native/cpu/generated";
    private const string InteropFolder = "src/CudnnNet/Interop";
    private const string DriverFolder = "src/CudnnNet/Driver";
    private const string TestFolder = "tests/CudnnNet.Tests/Generated";

    /// <summary>Reads the facts under <paramref name="root"/> and makes all files in memory.</summary>
    /// <exception cref="FactException">The facts cannot be read or used.</exception>
    public static Output Run(string root)
    {
        string facts = Path.Combine(root, "native", "abi");
        IReadOnlyList<LibraryFacts> libraries = FactReader.ReadAll(facts);
        LibraryFacts runtime = FactReader.Read(facts, LibraryId.Cudart);
        HashSet<string> shared = [.. libraries.Append(runtime).SelectMany(l => l.Structs.Select(s => s.CTag))
            .GroupBy(name => name).Where(g => g.Count() > 1).Select(g => g.Key)];
        var output = new Output();
        WriteNative(libraries, shared, output);
        RuntimeGeneration.Write(libraries, runtime, shared, output);
        LinkGeneration.Write(libraries, runtime, output);
        WriteCSharp(libraries, output);
        return output;
    }

    private static void WriteNative(IReadOnlyList<LibraryFacts> libraries, IReadOnlySet<string> shared, Output output)
    {
        List<LibraryFacts> served = [.. libraries.Where(l => l.Id.ServedByCpuDevice)];
        var writer = new CHeaderWriter(libraries, shared);
        output.Owns(NativeFolder, "*.h");
        output.Owns(NativeFolder, "*.cpp");
        output.Add($"{NativeFolder}/.clang-format", CHeaderWriter.WriteFormatExemption());
        output.Add($"{NativeFolder}/runtime_types.h", writer.WriteRuntimeTypes());
        output.Add($"{NativeFolder}/layout_checks.cpp", CHeaderWriter.WriteLayoutChecks([.. served.Select(l => (l, $"{l.Id.NativeName}.h"))]));
        foreach (LibraryFacts library in served)
        {
            output.Add($"{NativeFolder}/{library.Id.NativeName}.h", writer.WriteHeader(library));
            output.Add($"{NativeFolder}/exports_{library.Id.NativeName}.cpp", CHeaderWriter.WriteExports(library, $"{library.Id.NativeName}.h", ("cpu", "engine/")));
        }
    }

    private static void WriteCSharp(IReadOnlyList<LibraryFacts> libraries, Output output)
    {
        var types = new CSharpTypes(libraries);
        var writer = new InteropWriter(types);
        var layoutTests = new LayoutTestWriter(types, new StructAlignment(libraries));
        output.Owns(InteropFolder, "*.g.cs");
        output.Owns(DriverFolder, "*.g.cs");
        output.Owns(TestFolder, "*.g.cs");
        output.Add($"{InteropFolder}/NativeSymbols.g.cs", SymbolTableWriter.Write(libraries));
        output.Add($"{DriverFolder}/CudaKernel.Launch.g.cs", LaunchWriter.Write());
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
