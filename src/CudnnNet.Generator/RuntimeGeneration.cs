using System.Globalization;
using CudnnNet.Generator.Facts;
using CudnnNet.Generator.Native;

namespace CudnnNet.Generator;

/// <summary>What the CUDA runtime of the CPU device is made of: one library for each major version, because structs and signatures differ between them.</summary>
internal static class RuntimeGeneration
{
    private const string Folder = "native/cudart/generated";

    public static IReadOnlyList<int> Majors { get; } = [12, 13];

    public static void Write(IReadOnlyList<LibraryFacts> libraries, LibraryFacts runtime, IReadOnlySet<string> shared, Output output)
    {
        output.Owns(Folder, "*");
        output.Add($"{Folder}/.clang-format", CHeaderWriter.WriteFormatExemption());
        output.Add($"{Folder}/error_names.cpp", WriteErrorNames(runtime));
        foreach (int major in Majors)
        {
            LibraryFacts facts = Of(runtime, major);
            string header = $"cudart{major}.h";
            output.Add($"{Folder}/{header}", new CHeaderWriter([.. libraries, facts], shared).WriteHeader(facts));
            output.Add($"{Folder}/layout_checks_{major}.cpp", CHeaderWriter.WriteLayoutChecks([(facts, header)]));
            output.Add($"{Folder}/exports_{major}.cpp", CHeaderWriter.WriteExports(facts, header, ("cudart", "")));
            output.Add($"{Folder}/libcudart.so.{major}.map", ExportMapWriter.Write($"libcudart.so.{major}", facts.Functions.Select(f => f.Name).Append("cudnnnetRuntimeIsImplemented").Append("cudnnnetRuntimeTakeLastError")));
        }
    }

    /// <summary>The runtime of one major version, together with the symbols that its headers do not declare.</summary>
    public static LibraryFacts Of(LibraryFacts runtime, int major)
    {
        LibraryFacts facts = FactVersion.Of(runtime, major);
        // Graphics interoperation and private functions; nobody but a program that has their headers knows the parameters, and
        // a refusal needs none. CUDA 12 still exports the properties under their old name, for a struct of CUDA 11.
        IEnumerable<string> unlisted = major == 12 ? runtime.UnlistedExports.Append("cudaGetDeviceProperties") : runtime.UnlistedExports;
        return facts with
        {
            Functions =
            [
                .. facts.Functions,
                .. unlisted.Where(name => facts.Functions.All(f => f.Name != name)).Select(name => new FunctionFact(
                    name, name, "unlisted", CHeaderWriter.StatusType(facts), [], facts.Reference, null, true, false, null, null, [])),
            ],
        };
    }

    private static string WriteErrorNames(LibraryFacts runtime)
    {
        EnumFact errors = runtime.Enums.First(e => e.Name == "cudaError_t");
        var w = new SourceWriter(2);
        w.Line(CHeaderWriter.Banner).Line("#include \"error_names.h\"").Line().Line("namespace cudart {");
        w.Line("const ErrorName k_error_names[] = {");
        foreach (EnumeratorFact e in errors.Values.OrderBy(e => e.Value))
        {
            w.Line($"    {{{e.Value.ToString(CultureInfo.InvariantCulture)}, \"{e.Name}\"}},");
        }
        w.Line("};").Line($"const int k_error_name_count = {errors.Values.Count};").Line("}  // namespace cudart");
        return w.ToString();
    }
}
