namespace CudnnNet;

/// <summary>The folders outside the operating system's own search path in which NVIDIA's libraries are usually found.</summary>
internal static class LibraryFolders
{
    /// <summary>Folders the user named: searched before anything else.</summary>
    public static IEnumerable<string> FromUser(LibraryEnvironment environment)
        => environment.Variable("CUDNNNET_LIBRARY_PATH") is { } value
            ? value.Split(environment.Platform == Platform.Windows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [];

    /// <summary>The CUDA toolkit, then the wheels of Python (nvidia-cudnn-cu13 and the like): searched last.</summary>
    public static IEnumerable<string> OfToolkits(LibraryEnvironment environment)
    {
        bool windows = environment.Platform == Platform.Windows;
        foreach (string variable in (string[])["CUDA_HOME", "CUDA_PATH"])
        {
            if (environment.Variable(variable) is { } home)
            {
                foreach (string part in windows ? (string[])["bin", "bin/x64"] : ["lib64", "lib", "targets/x86_64-linux/lib"])
                {
                    yield return Path.Combine([home, .. part.Split('/')]);
                }
            }
        }
        foreach (string package in PythonSites(environment).Distinct().SelectMany(site => environment.Folders(Path.Combine(site, "nvidia"), "*")))
        {
            yield return Path.Combine(package, windows ? "bin" : "lib");
        }
    }

    // The active environment first, then what PYTHONPATH names, the user's own packages, and the machine's.
    private static IEnumerable<string> PythonSites(LibraryEnvironment environment)
    {
        bool windows = environment.Platform == Platform.Windows;
        foreach (string variable in (string[])["VIRTUAL_ENV", "CONDA_PREFIX"])
        {
            if (environment.Variable(variable) is { } root)
            {
                foreach (string site in windows ? [Path.Combine(root, "Lib", "site-packages")] : OfVersions(Path.Combine(root, "lib"), "site-packages"))
                {
                    yield return site;
                }
            }
        }
        foreach (string folder in environment.Variable("PYTHONPATH")?.Split(windows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
        {
            yield return folder;
        }
        if (windows)
        {
            yield break;
        }
        if (environment.Variable("HOME") is { } user)
        {
            foreach (string site in OfVersions(Path.Combine(user, ".local", "lib"), "site-packages"))
            {
                yield return site;
            }
        }
        foreach (string site in OfVersions("/usr/local/lib", "dist-packages").Concat(OfVersions("/usr/local/lib", "site-packages")).Append("/usr/lib/python3/dist-packages"))
        {
            yield return site;
        }

        IEnumerable<string> OfVersions(string parent, string name) => environment.Folders(parent, "python3*").Select(p => Path.Combine(p, name));
    }
}
