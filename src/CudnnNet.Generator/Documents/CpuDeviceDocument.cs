using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.Documents;

/// <summary>Writes docs/cpu-device.md: which functions the CPU device implements, as the built library itself answers.</summary>
internal static unsafe class CpuDeviceDocument
{
    public const string Path = "docs/cpu-device.md";

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
        return Write(FactReader.ReadAll(System.IO.Path.Combine(root, "native", "abi")), symbol =>
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

    public static string Write(IReadOnlyList<LibraryFacts> libraries, Func<string, bool> isImplemented)
    {
        var w = new SourceWriter(0);
        w.Line("# What the CPU device implements").Line();
        w.Line("This file is written by `dotnet run --project src/CudnnNet.Generator -c Release -- --document`, which asks the built library.").Line();
        w.Line("Every function below can be called from C# under its C name (`CudnnNet.Interop.Cudnn.cudnnCreate`, ...) and is exported by the CPU device.");
        w.Line("One that is not implemented returns its library's code for \"not supported\" (NCCL: `ncclInvalidUsage`) and leaves its name as the last");
        w.Line("error, so that the exception names it; nothing pretends to succeed. \"Since\" is the first of the compared versions of NVIDIA's library");
        w.Line("that has the function. NVRTC is always NVIDIA's own library.").Line();
        w.Line("| library | C# class | functions | implemented |").Line("|---|---|---:|---:|");
        foreach (LibraryFacts library in libraries)
        {
            List<FunctionFact> functions = Exported(library);
            string implemented = library.Id.ServedByCpuDevice ? Number(functions.Count(f => isImplemented(f.Name))) : "NVIDIA's library";
            w.Line($"| {library.Id.DisplayName} | `{library.Id.ClassName}` | {Number(functions.Count)} | {implemented} |");
        }
        foreach (LibraryFacts library in libraries.Where(l => l.Id.ServedByCpuDevice))
        {
            string title = library.Id.DisplayName.StartsWith("the ", StringComparison.Ordinal) ? library.Id.DisplayName[4..] : library.Id.DisplayName;
            w.Line().Line($"## {title}");
            foreach (IGrouping<bool, FunctionFact> group in Exported(library).GroupBy(f => isImplemented(f.Name)).OrderByDescending(g => g.Key))
            {
                w.Line().Line($"<details{(group.Key ? " open" : "")}><summary>{Number(group.Count())} {(group.Key ? "implemented" : "not implemented")}</summary>").Line();
                w.Line("| function | since | CPU device |").Line("|---|---|---|");
                foreach (FunctionFact f in group)
                {
                    w.Line($"| `{f.Name}` | {f.Since}{(f.Until is null ? "" : $" to {f.Until}")} | {(group.Key ? "yes" : "not supported")} |");
                }
                w.Line().Line("</details>");
            }
        }
        return w.ToString();
    }

    private static List<FunctionFact> Exported(LibraryFacts library) => [.. library.Functions.Where(f => f.Exported).OrderBy(f => f.Name, StringComparer.Ordinal)];

    private static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);
}
