using System.Runtime.InteropServices;

namespace CudnnNet;

/// <summary>What the resolver sees of the process around it; tests put their own in its place.</summary>
internal class LibraryEnvironment
{
    public virtual Platform Platform => LibraryNames.Current;

    public virtual string BaseDirectory => AppContext.BaseDirectory;

    public virtual string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    public virtual bool FileExists(string path) => File.Exists(path);

    public virtual IEnumerable<string> Folders(string parent, string pattern)
        => Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, pattern).Order(StringComparer.Ordinal) : [];

    /// <summary>Loads a file by its full path, or by name as the operating system's loader finds it.</summary>
    /// <returns>The handle, or 0 with the loader's words in <paramref name="error"/>.</returns>
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
            error = FirstLine(e.Message);
            return 0;
        }
    }

    /// <summary>The address of an exported symbol, or 0.</summary>
    public virtual nint Export(nint library, string symbol) => NativeLibrary.TryGetExport(library, symbol, out nint address) ? address : 0;

    // The runtime's message lists every variation of the name it tried; the first line is the one with the reason.
    private static string FirstLine(string message) => message.AsSpan().Trim() is var text && text.IndexOf('\n') is >= 0 and int end
        ? text[..end].Trim().ToString()
        : text.ToString();
}
