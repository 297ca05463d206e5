using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Golden;

namespace CudnnNet.Tests;

/// <summary>Both versions of libcudart export what their facts say, and docs/cpu-device-clients.md names all that they lack.</summary>
public sealed unsafe partial class RuntimeSymbolTests
{
    [TestCase("12")]
    [TestCase("13")]
    public void Every_symbol_of_the_runtime_is_exported_and_knows_whether_it_is_implemented(string version)
    {
        nint library = Load(version);
        using (Assert.EnterMultipleScope())
        {
            foreach (string name in Symbols(version))
            {
                Assert.That(NativeLibrary.TryGetExport(library, name, out _), name);
                Assert.That(IsImplemented(library, name), Is.AnyOf(0, 1), name);
            }
        }
    }

    [TestCase("12")]
    [TestCase("13")]
    public void What_is_not_implemented_answers_not_supported_and_leaves_its_name(string version)
    {
        nint library = Load(version);
        var lastError = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "cudaGetLastError");
        var text = (delegate* unmanaged<byte*, nuint, nuint>)NativeLibrary.GetExport(library, "cudnnnetRuntimeTakeLastError");
        byte* buffer = stackalloc byte[200];
        using (Assert.EnterMultipleScope())
        {
            foreach (string name in Missing(library, version))
            {
                // The stubs look at no argument; nulls are enough for any of them.
                var call = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, int>)NativeLibrary.GetExport(library, name);
                Assert.That(call(0, 0, 0, 0, 0, 0), Is.EqualTo(801), name);
                Assert.That(lastError(), Is.EqualTo(801), name);
                text(buffer, 200);
                Assert.That(Marshal.PtrToStringUTF8((nint)buffer), Is.EqualTo($"{name} is not implemented by the CPU device"));
            }
        }
    }

    [TestCase("12")]
    [TestCase("13")]
    public void The_document_names_what_the_runtime_lacks_and_nothing_else(string version)
    {
        nint library = Load(version);
        string document = File.ReadAllText(RepositoryFolder.Path("docs", "cpu-device-clients.md")!);
        string table = document[document.IndexOf("## What the runtime lacks", StringComparison.Ordinal)..];
        List<Regex> patterns = [.. TableRow().Matches(table).SelectMany(row => CodeName().Matches(row.Groups[1].Value))
            .Select(name => new Regex($"^{name.Groups[1].Value.Replace("*", @"\w*", StringComparison.Ordinal)}$"))];
        // The one name that says another thing in each version.
        IEnumerable<string> named = Symbols(version).Where(name => patterns.Any(p => p.IsMatch(name)) && !(version == "13" && name == "cudaGetDeviceProperties"));
        Assert.That(named, Is.EquivalentTo(Missing(library, version)));
    }

    private static List<string> Missing(nint library, string version) => [.. Symbols(version).Where(name => IsImplemented(library, name) == 0)];

    private static IEnumerable<string> Symbols(string version)
        => ExportedName().Matches(File.ReadAllText(RepositoryFolder.Path("native", "cudart", "generated", $"libcudart.so.{version}.map")!)).Select(m => m.Groups[1].Value)
            .Where(name => !name.StartsWith("cudnnnet", StringComparison.Ordinal));

    private static int IsImplemented(nint library, string name)
    {
        var ask = (delegate* unmanaged<byte*, int>)NativeLibrary.GetExport(library, "cudnnnetRuntimeIsImplemented");
        fixed (byte* bytes = Encoding.ASCII.GetBytes(name + '\0'))
        {
            return ask(bytes);
        }
    }

    private static nint Load(string version)
    {
        string? path = RepositoryFolder.Path("build", "native", "links", $"libcudart.so.{version}");
        if (!File.Exists(path))
        {
            Assert.Ignore($"build/native/links/libcudart.so.{version} is not built: cmake -S native -B build/native && cmake --build build/native");
        }
        return NativeLibrary.Load(path!);
    }

    [GeneratedRegex(@"^ {4}(\w+);$", RegexOptions.Multiline)]
    private static partial Regex ExportedName();

    [GeneratedRegex(@"^\| (`[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`((?:__)?cuda[\w*]*)`")]
    private static partial Regex CodeName();
}
