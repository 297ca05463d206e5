namespace CudnnNet;

/// <summary>The folders outside the operating system's own search path in which NVIDIA's libraries are usually found.</summary>
internal static class LibraryFolders
{
    /// <summary>Folders the user named: searched before anything else.</summary>
    public static IEnumerable<string> FromUser(LibraryEnvironment environment)
        => environment.Variable("CUDNNNET_LIBRARY_PATH") is { } value
            ? value.Split(environment.Platform == Platform.Windows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [];

    /// <summary>The CUDA toolkit, then the wheels of an active Python environment (nvidia-cudnn-cu13 and the like): searched last.</summary>
    public static IEnumerable<string> OfToolkits(LibraryEnvironment environment)
    {
        bool windows = environment.Platform == Platform.Windows;
        foreach (string variable in (string[])["CUDA_HOME", "CUDA_PATH"])
        {
            if (environment.Variable(variable) is { } home)
            {
                yield return Path.Combine(home, windows ? "bin" : "lib64");
                if (windows)
                {
                    yield return Path.Combine(home, "bin", "x64");
                }
            }
        }
        foreach (string variable in (string[])["VIRTUAL_ENV", "CONDA_PREFIX"])
        {
            if (environment.Variable(variable) is not { } root)
            {
                continue;
            }
            IEnumerable<string> sites = windows
                ? [Path.Combine(root, "Lib", "site-packages")]
                : environment.Folders(Path.Combine(root, "lib"), "python3*").Select(p => Path.Combine(p, "site-packages"));
            foreach (string package in sites.SelectMany(site => environment.Folders(Path.Combine(site, "nvidia"), "*")))
            {
                yield return Path.Combine(package, windows ? "bin" : "lib");
            }
        }
    }
}
