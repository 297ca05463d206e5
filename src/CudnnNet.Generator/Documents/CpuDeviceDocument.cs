using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.Documents;

/// <summary>Writes docs/cpu-device.md: the words beside this file, and which functions there are on which floor, as the built library and the sources say.</summary>
internal static unsafe class CpuDeviceDocument
{
    public const string Path = "docs/cpu-device.md";
    public const string Words = "src/CudnnNet.Generator/Documents/cpu-device.md";

    /// <summary>Asks a built CPU device about every function of the facts.</summary>
    /// <param name="root">The repository.</param>
    /// <param name="library">The file of the CPU device.</param>
    /// <exception cref="FactException">There is no such library, or it does not know a function of the facts.</exception>
    public static string Write(string root, string library)
    {
        if (!NativeLibrary.TryLoad(library, out nint handle) || !NativeLibrary.TryGetExport(handle, "cudnnnetCpuIsImplemented", out nint f))
        {
            throw new FactException($"{library} is not there or is not the CPU device: build it first (cmake -S native -B build/native && cmake --build build/native)");
        }
        var ask = (delegate* unmanaged<byte*, int>)f;
        IReadOnlyList<LibraryFacts> libraries = FactReader.ReadAll(System.IO.Path.Combine(root, "native", "abi"));
        string words = File.ReadAllText(System.IO.Path.Combine(root, Words));
        return Write(words, libraries, TypedFloor.Read(root, libraries), symbol =>
        {
            fixed (byte* name = Encoding.ASCII.GetBytes(symbol + '\0'))
            {
                return ask(name) switch
                {
                    1 => true,
                    0 => false,
                    _ => throw new FactException($"{library} does not know {symbol}: it was built from other facts; build it again"),
                };
            }
        });
    }

    /// <summary>Puts the tables into the words.</summary>
    /// <exception cref="FactException">The words lack a place for a table.</exception>
    public static string Write(
        string words, IReadOnlyList<LibraryFacts> libraries, IReadOnlyDictionary<string, IReadOnlyList<string>> typed, Func<string, bool> isImplemented)
    {
        string text = words;
        foreach ((string place, string table) in ((string, string)[])
            [("counts", Counts(libraries, typed, isImplemented)), ("families", Families(libraries, isImplemented)), ("tables", Tables(libraries, typed, isImplemented))])
        {
            string mark = $"<!-- {place} -->\n";
            if (!text.Contains(mark, StringComparison.Ordinal))
            {
                throw new FactException($"{Words} has no line {mark.TrimEnd()}, where a table belongs");
            }
            text = text.Replace(mark, table, StringComparison.Ordinal);
        }
        return text;
    }

    private static string Counts(IReadOnlyList<LibraryFacts> libraries, IReadOnlyDictionary<string, IReadOnlyList<string>> typed, Func<string, bool> isImplemented)
    {
        var w = new SourceWriter(0);
        w.Line("| library | C# class | functions | typed | on the CPU device |").Line("|---|---|---:|---:|---:|");
        foreach (LibraryFacts library in libraries)
        {
            List<FunctionFact> functions = Exported(library);
            string implemented = library.Id.ServedByCpuDevice ? Number(functions.Count(f => isImplemented(f.Name))) : "NVIDIA's library";
            w.Line($"| {library.Id.DisplayName} | `{library.Id.ClassName}` | {Number(functions.Count)} | {Number(functions.Count(f => typed.ContainsKey(f.Name)))} | {implemented} |");
        }
        return w.ToString();
    }

    private static string Families(IReadOnlyList<LibraryFacts> libraries, Func<string, bool> isImplemented)
    {
        var w = new SourceWriter(0);
        w.Line("| library | family | functions missing | why |").Line("|---|---|---:|---|");
        foreach (LibraryFacts library in libraries.Where(l => l.Id.ServedByCpuDevice))
        {
            ILookup<FunctionFamily, FunctionFact> missing = Exported(library).Where(f => !isImplemented(f.Name)).ToLookup(f => FunctionFamily.Of(library.Id, f.Name));
            foreach (FunctionFamily family in FunctionFamily.All.Where(missing.Contains))
            {
                w.Line($"| {library.Id.DisplayName} | {family.Name} | {Number(missing[family].Count())} | {family.Reason} |");
            }
        }
        return w.ToString();
    }

    private static string Tables(IReadOnlyList<LibraryFacts> libraries, IReadOnlyDictionary<string, IReadOnlyList<string>> typed, Func<string, bool> isImplemented)
    {
        var w = new SourceWriter(0);
        foreach (LibraryFacts library in libraries)
        {
            string title = library.Id.DisplayName.StartsWith("the ", StringComparison.Ordinal) ? library.Id.DisplayName[4..] : library.Id.DisplayName;
            w.Line($"## {title}");
            foreach (IGrouping<string, FunctionFact> group in Exported(library).GroupBy(f => !library.Id.ServedByCpuDevice ? "of NVIDIA's library" : isImplemented(f.Name) ? "implemented" : "not implemented")
                .OrderBy(group => group.Key, StringComparer.Ordinal))
            {
                bool missing = group.Key == "not implemented";
                w.Line().Line($"<details{(missing ? "" : " open")}><summary>{Number(group.Count())} {group.Key}</summary>").Line();
                w.Line("| function | raw | typed | CPU device | since |").Line("|---|---|---|---|---|");
                foreach (FunctionFact f in group)
                {
                    string classes = typed.TryGetValue(f.Name, out IReadOnlyList<string>? callers) ? string.Join(", ", callers) : "";
                    string answer = !library.Id.ServedByCpuDevice ? "NVIDIA's" : missing ? $"refused: {FunctionFamily.Of(library.Id, f.Name).Name}" : "yes";
                    w.Line($"| `{f.Name}` | {library.Id.ClassName} | {classes} | {answer} | {f.Since}{(f.Until is null ? "" : $" to {f.Until}")} |");
                }
                w.Line().Line("</details>").Line();
            }
        }
        return w.ToString().TrimEnd('\n') + "\n";
    }

    private static List<FunctionFact> Exported(LibraryFacts library) => [.. library.Functions.Where(f => f.Exported).OrderBy(f => f.Name, StringComparer.Ordinal)];

    private static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);
}
