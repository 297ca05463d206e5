using System.Text;

namespace CudnnNet;

/// <summary>A library in the process, with the path or the name it was loaded by.</summary>
internal sealed record LoadedLibrary(nint Handle, string File);

/// <summary>Tries files one after the other and remembers what became of each.</summary>
/// <param name="environment">The machine.</param>
/// <param name="prepare">Called with the full path of a file before it is loaded.</param>
internal sealed class LibrarySearch(LibraryEnvironment environment, Action<string>? prepare = null)
{
    private const int ShownFolders = 6;

    private readonly List<string> _failures = [];
    private readonly List<string> _notFound = [];
    private readonly List<string> _folders = [];
    private readonly HashSet<string> _foldersWithFiles = [];

    /// <summary>Folders which somebody named and will look for in the report; in each, the better name first.</summary>
    public LoadedLibrary? InNamedFolders(IEnumerable<string> folders, IReadOnlyList<string> names)
    {
        foreach (string folder in folders)
        {
            _folders.Add(folder);
            foreach (string name in names)
            {
                if (InFolder(folder, name) is { } found)
                {
                    return found;
                }
            }
        }
        return null;
    }

    /// <summary>Folders that are usual.</summary>
    public LoadedLibrary? InFolders(IEnumerable<string> folders, string name)
    {
        foreach (string folder in folders)
        {
            if (!_folders.Contains(folder) && environment.FolderExists(folder))
            {
                _folders.Add(folder);
            }
            if (InFolder(folder, name) is { } found)
            {
                return found;
            }
        }
        return null;
    }

    /// <summary>As the operating system's loader finds it.</summary>
    public LoadedLibrary? ByName(string name) => Try(name);

    /// <summary>What a file that was found lacks itself; null where that is not what went wrong.</summary>
    public MissingDependency? Lacking { get; private set; }

    /// <summary>In words: what was looked for and where, and what could not be loaded.</summary>
    public string Report()
    {
        var text = new StringBuilder();
        List<string> without = [.. _folders.Where(folder => !_foldersWithFiles.Contains(folder))];
        if (_notFound.Count > 0)
        {
            text.AppendJoin(" and ", _notFound).Append(_notFound.Count == 1 ? " was" : " were").Append(" not found by the system's loader");
            if (without.Count > 0)
            {
                text.Append(", nor in ").AppendJoin(", ", without.Take(ShownFolders));
                text.Append(without.Count > ShownFolders ? $" and {without.Count - ShownFolders} more folders" : "");
            }
        }
        foreach (string failure in _failures)
        {
            text.Append(text.Length > 0 ? "; " : "").Append(failure);
        }
        return text.ToString();
    }

    private LoadedLibrary? InFolder(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (!environment.FileExists(path))
        {
            return null;
        }
        _foldersWithFiles.Add(folder);
        prepare?.Invoke(path);
        return Try(path);
    }

    private LoadedLibrary? Try(string pathOrName)
    {
        nint handle = environment.Load(pathOrName, out string error);
        if (handle != 0)
        {
            return new LoadedLibrary(handle, pathOrName);
        }
        if (error.Length == 0)
        {
            _notFound.Add(pathOrName);
        }
        else
        {
            _failures.Add($"{pathOrName} could not be loaded ({error})");
            Lacking ??= MissingDependency.In(error);
        }
        return null;
    }
}
