namespace CudnnNet.Tests;

/// <summary>
/// This machine with other variables. What was loaded goes with it: a file with the name of a library of NVIDIA's that stayed in the process
/// would be taken for it later.
/// </summary>
/// <param name="variables">The environment's variables.</param>
/// <param name="program">The program's folder; null: the tests' own.</param>
internal sealed class RealFolders(IReadOnlyDictionary<string, string> variables, string? program = null) : LibraryEnvironment, IDisposable
{
    private readonly Stack<nint> _loaded = new();

    /// <summary>A folder below build/native of the repository; the test is skipped where it is not built.</summary>
    public static string Built(string name)
    {
        string? path = Golden.RepositoryFolder.Path("build", "native", name);
        if (!Directory.Exists(path))
        {
            Assert.Ignore($"skipped: build/native/{name} is not built: cmake -S native -B build/native && cmake --build build/native");
        }

        return path!;
    }

    public override string BaseDirectory => program ?? base.BaseDirectory;

    public override string? Variable(string name) => variables.GetValueOrDefault(name);

    // Python on the machine itself has no part in this.
    public override bool FolderExists(string path) => IsOurs(path) && base.FolderExists(path);

    public override IEnumerable<string> Folders(string parent, string pattern) => IsOurs(parent) ? base.Folders(parent, pattern) : [];

    public override nint Load(string pathOrName, out string error)
    {
        if (!Path.IsPathRooted(pathOrName))
        {
            error = "";
            return 0;
        }
        nint handle = base.Load(pathOrName, out error);
        if (handle != 0)
        {
            _loaded.Push(handle);
        }
        return handle;
    }

    public void Dispose()
    {
        while (_loaded.TryPop(out nint handle))
        {
            System.Runtime.InteropServices.NativeLibrary.Free(handle);
        }
    }

    private bool IsOurs(string path) => variables.Values.Any(value => path.StartsWith(value, StringComparison.Ordinal));
}
