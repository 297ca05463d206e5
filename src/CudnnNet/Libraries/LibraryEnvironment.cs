using System.Runtime.InteropServices;

namespace CudnnNet;

/// <summary>What the resolver sees of the process around it; tests put their own in its place.</summary>
internal class LibraryEnvironment
{
    public virtual Platform Platform => LibraryNames.Current;

    public virtual string BaseDirectory => AppContext.BaseDirectory;

    public virtual string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>The folders that a variable lists, separated as the platform does it.</summary>
    public IEnumerable<string> Paths(string variable)
        => Variable(variable)?.Split(Platform == Platform.Windows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    public virtual bool FileExists(string path) => File.Exists(path);

    public virtual bool FolderExists(string path) => Directory.Exists(path);

    /// <summary>The folders directly below one, in a fixed order; none where it cannot be read.</summary>
    public virtual IEnumerable<string> Folders(string parent, string pattern) => Listing(parent, pattern, Directory.GetDirectories);

    /// <summary>The files directly below a folder, in a fixed order; none where it cannot be read.</summary>
    public virtual IEnumerable<string> Files(string folder, string pattern) => Listing(folder, pattern, Directory.GetFiles);

    /// <summary>What a file is after all links; the path itself where it is none.</summary>
    public virtual string FinalTarget(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            return path;
        }
    }

    /// <summary>Loads a file by its full path, or by name as the operating system's loader finds it.</summary>
    /// <returns>The handle, or 0 with the loader's reason in <paramref name="error"/>; that is empty where there is simply no such file.</returns>
    public virtual nint Load(string pathOrName, out string error)
    {
        try
        {
            error = "";
            return Path.IsPathRooted(pathOrName)
                ? NativeLibrary.Load(pathOrName)
                : NativeLibrary.Load(pathOrName, typeof(LibraryEnvironment).Assembly, null);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            error = Reason(e.Message, Path.GetFileName(pathOrName));
            return 0;
        }
    }

    /// <summary>The address of an exported symbol, or 0.</summary>
    public virtual nint Export(nint library, string symbol) => NativeLibrary.TryGetExport(library, symbol, out nint address) ? address : 0;

    private static string[] Listing(string folder, string pattern, Func<string, string, string[]> list)
    {
        try
        {
            string[] entries = Directory.Exists(folder) ? list(folder, pattern) : [];
            Array.Sort(entries, StringComparer.Ordinal);
            return entries;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // The runtime tries several spellings of a name and lists what the loader said to each. Only what goes beyond "there is no such file"
    // is worth telling, for instance a dependency that is missing.
    internal static string Reason(string message, string name)
    {
        bool listed = false;
        foreach (string line in message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Skip(1))
        {
            listed = true;
            string file = Path.GetFileName(line.Split(':')[0]);
            bool absent = file.Contains(Path.GetFileNameWithoutExtension(name), StringComparison.Ordinal)
                && line.Contains("cannot open shared object file: No such file", StringComparison.Ordinal);
            if (!absent)
            {
                return line;
            }
        }
        return listed ? "" : message.Trim();
    }
}
