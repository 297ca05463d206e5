using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.Native;

/// <summary>Writes a header under NVIDIA's name: the declarations, and the names by which C programs call them.</summary>
internal static class NamesHeaderWriter
{
    /// <param name="library">Whose functions.</param>
    /// <param name="declarations">The file that declares them under their linker names.</param>
    /// <param name="perThreadMacro">The macro under which calls mean the calling thread's default stream; null where there is none.</param>
    public static string Write(LibraryFacts library, string declarations, string? perThreadMacro)
    {
        // A name means what it means in the reference version: not a newer variant, nor one that is gone.
        List<string> newer = [.. library.Versions.SkipWhile(v => v != library.Reference).Skip(1)];
        List<FunctionFact> functions = [.. library.Functions
            .Where(f => f.Exported && f.Kind == "default" && !newer.Contains(f.Since) && (f.Until is null || f.Until == library.Reference || newer.Contains(f.Until)))
            .OrderBy(f => f.ApiName, StringComparer.Ordinal)];
        var w = new SourceWriter(2);
        w.Line(CHeaderWriter.Banner);
        w.Line($"// The C interface of {library.Id.DisplayName} for programs that are compiled without NVIDIA's SDK.").Line("#pragma once").Line();
        w.Line($"#include \"{declarations}\"").Line();
        if (perThreadMacro is not null && functions.Any(f => f.PerThread is not null))
        {
            w.Line($"#ifdef {perThreadMacro}");
            Define(w, functions.Where(f => f.PerThread is not null), f => f.PerThread!);
            w.Line("#else");
            Define(w, functions.Where(f => f.PerThread is not null && f.Name != f.ApiName), f => f.Name);
            w.Line("#endif");
        }
        else
        {
            perThreadMacro = null;
        }
        Define(w, functions.Where(f => f.Name != f.ApiName && (perThreadMacro is null || f.PerThread is null)), f => f.Name);
        return w.ToString();
    }

    private static void Define(SourceWriter w, IEnumerable<FunctionFact> functions, Func<FunctionFact, string> symbol)
    {
        foreach (FunctionFact f in functions)
        {
            w.Line($"#define {f.ApiName} {symbol(f)}");
        }
    }
}
