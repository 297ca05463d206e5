using System.Text.RegularExpressions;
using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.Documents;

/// <summary>Which typed classes call which functions, read from the hand-written sources of the bindings.</summary>
internal static partial class TypedFloor
{
    /// <summary>For each function that is called, the public types whose members call it, sorted.</summary>
    /// <param name="root">The repository.</param>
    /// <param name="libraries">The facts.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Read(string root, IReadOnlyList<LibraryFacts> libraries)
    {
        string folder = Path.Combine(root, "src", "CudnnNet");
        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".g.cs", StringComparison.Ordinal) && Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"));
        return Read(files.Order(StringComparer.Ordinal).Select(File.ReadAllText), libraries);
    }

    /// <summary>The same for source texts.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Read(IEnumerable<string> sources, IReadOnlyList<LibraryFacts> libraries)
    {
        Dictionary<string, HashSet<string>> functions = libraries.ToDictionary(l => l.Id.ClassName, l => l.Functions.Select(f => f.Name).ToHashSet());
        List<(string Type, bool Public, string Line)> lines = [.. sources.SelectMany(LinesOf)];
        HashSet<string> publicTypes = [.. lines.Where(line => line.Public).Select(line => line.Type)];
        ILookup<string, string> users = lines
            .SelectMany(line => Word().Matches(line.Line).Select(word => (User: line.Type, Used: word.Value))).Where(use => use.User != use.Used)
            .Distinct().ToLookup(use => use.Used, use => use.User);
        var callers = new Dictionary<string, SortedSet<string>>();
        foreach ((string type, _, string line) in lines)
        {
            foreach (Match call in Call().Matches(line))
            {
                string function = call.Groups["function"].Value;
                if (functions.TryGetValue(call.Groups["class"].Value, out HashSet<string>? known) && known.Contains(function))
                {
                    if (!callers.TryGetValue(function, out SortedSet<string>? found))
                    {
                        callers[function] = found = new(StringComparer.Ordinal);
                    }
                    found.UnionWith(PublicUsers(type, publicTypes, users));
                }
            }
        }
        return callers.Where(entry => entry.Value.Count > 0).ToDictionary(entry => entry.Key, entry => (IReadOnlyList<string>)[.. entry.Value]);
    }

    // A helper's calls are those of the public types that use it.
    private static HashSet<string> PublicUsers(string type, HashSet<string> publicTypes, ILookup<string, string> users)
    {
        var found = new HashSet<string>();
        var seen = new HashSet<string>();
        var next = new Queue<string>([type]);
        while (next.TryDequeue(out string? one))
        {
            if (!seen.Add(one))
            {
                continue;
            }
            if (publicTypes.Contains(one))
            {
                found.Add(one);
                continue;
            }
            foreach (string user in users[one])
            {
                next.Enqueue(user);
            }
        }
        return found;
    }

    // The lines of code with the outermost type they stand in.
    private static IEnumerable<(string Type, bool Public, string Line)> LinesOf(string source)
    {
        string type = "";
        bool isPublic = false;
        foreach (string raw in source.Split('\n'))
        {
            int comment = raw.IndexOf("//", StringComparison.Ordinal);
            string line = comment < 0 ? raw : raw[..comment];
            if (Declaration().Match(line) is { Success: true } declaration)
            {
                type = declaration.Groups["name"].Value;
                isPublic = declaration.Groups["access"].Value == "public";
            }
            yield return (type, isPublic, line);
        }
    }

    // At the start of the line: a type of the namespace, not one inside another.
    [GeneratedRegex(@"^(?<access>public|internal)\s[\w\s]*?\b(?:class|struct|interface|record(?:\s+(?:struct|class))?)\s+(?<name>\w+)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b(?<class>Cuda|Cudnn|Cublas|CublasLt|Nvrtc|Nccl)\.(?<function>[a-z]\w+)")]
    private static partial Regex Call();

    [GeneratedRegex(@"\b[A-Z]\w+")]
    private static partial Regex Word();
}
