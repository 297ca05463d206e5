using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.CSharp;

/// <summary>Writes the table of symbols with the version each came in and went.</summary>
internal static class SymbolTableWriter
{
    public static string Write(IReadOnlyList<LibraryFacts> libraries)
    {
        var w = new SourceWriter(4);
        w.Line(InteropWriter.Banner).Line("#nullable enable").Line();
        w.Line("namespace CudnnNet;").Line();
        w.Block("public static partial class NativeSymbols", () =>
        {
            w.Line("// One symbol a line: name, the first version that has it, the last one (\"-\": the newest known has it).");
            w.Block("private static string Text(NativeLibraryId library) => library switch", () =>
            {
                foreach (LibraryFacts library in libraries)
                {
                    w.Line($"NativeLibraryId.{library.Id.ClassName} => \"\"\"");
                    foreach (FunctionFact f in library.Functions.OrderBy(f => f.Name, StringComparer.Ordinal))
                    {
                        w.Line($"    {f.Name} {f.Since} {f.Until ?? "-"}{(f.Exported ? "" : " declared-only")}");
                    }
                    w.Line("    \"\"\",");
                }
                w.Line("_ => throw new ArgumentOutOfRangeException(nameof(library), library, \"not one of the six libraries\"),");
            }, "};");
            w.Line();
            w.Line("/// <summary>The versions whose headers were compared, oldest first.</summary>");
            w.Block("public static IReadOnlyList<string> ComparedVersions(NativeLibraryId library) => library switch", () =>
            {
                foreach (LibraryFacts library in libraries)
                {
                    w.Line($"NativeLibraryId.{library.Id.ClassName} => [{string.Join(", ", library.Versions.Select(v => $"\"{v}\""))}],");
                }
                w.Line("_ => throw new ArgumentOutOfRangeException(nameof(library), library, \"not one of the six libraries\"),");
            }, "};");
        });
        return w.ToString();
    }
}
