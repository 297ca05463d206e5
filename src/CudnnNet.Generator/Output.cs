using System.Text;

namespace CudnnNet.Generator;

/// <summary>The generated files: path relative to the repository root -> content, before anything touches the disk.</summary>
internal sealed class Output
{
    private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly List<(string Folder, string Pattern)> _owned = [];

    public IReadOnlyDictionary<string, string> Files => _files;

    public void Add(string path, string content) => _files.Add(path, content);

    /// <summary>Everything that matches in this folder is generated: a file there that is not written again is left over and goes.</summary>
    public void Owns(string folder, string pattern) => _owned.Add((folder, pattern));

    /// <summary>What would change on the disk, one line a file; empty when everything is current.</summary>
    public IReadOnlyList<string> Differences(string root)
    {
        var result = new List<string>();
        foreach ((string path, string content) in _files)
        {
            string full = Path.Combine(root, path);
            if (!File.Exists(full))
            {
                result.Add($"{path} is missing");
            }
            else if (File.ReadAllText(full) != content)
            {
                result.Add($"{path} differs");
            }
        }
        result.AddRange(LeftOver(root).Select(path => $"{path} is left over"));
        return result;
    }

    /// <summary>Writes what differs, each file complete or not at all, and removes what is left over.</summary>
    /// <returns>The number of files written or removed.</returns>
    public int WriteTo(string root)
    {
        int changes = 0;
        foreach ((string path, string content) in _files)
        {
            string full = Path.Combine(root, path);
            if (File.Exists(full) && File.ReadAllText(full) == content)
            {
                continue;
            }
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            string temporary = full + ".new";
            File.WriteAllText(temporary, content, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(temporary, full, overwrite: true);
            changes++;
        }
        foreach (string path in LeftOver(root))
        {
            File.Delete(Path.Combine(root, path));
            changes++;
        }
        return changes;
    }

    private IEnumerable<string> LeftOver(string root) => _owned
        .Where(o => Directory.Exists(Path.Combine(root, o.Folder)))
        .SelectMany(o => Directory.EnumerateFiles(Path.Combine(root, o.Folder), o.Pattern, SearchOption.AllDirectories))
        .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
        .Where(path => !_files.ContainsKey(path))
        .Order(StringComparer.Ordinal);
}
