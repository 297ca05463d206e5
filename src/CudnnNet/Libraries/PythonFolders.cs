namespace CudnnNet;

/// <summary>Where Python keeps its packages: NVIDIA's wheels (nvidia-cudnn-cu13 and the like) put their libraries below nvidia/ there.</summary>
internal static class PythonFolders
{
    private static readonly string[] s_environments = ["VIRTUAL_ENV", "CONDA_PREFIX"];
    private static readonly string[] s_machine = ["/usr/local", "/usr"];
    private static readonly string[] s_libraries = ["lib", "lib64"];

    /// <summary>The folders of the wheels' libraries: nvidia/cudnn/lib, nvidia/cu13/lib and so on, those of the active environment first.</summary>
    public static IEnumerable<string> OfWheels(LibraryEnvironment environment)
    {
        string[] parts = environment.Platform == Platform.Windows ? ["bin/x86_64", "bin"] : ["lib"];
        return Sites(environment).Distinct()
            .SelectMany(site => environment.Folders(Path.Combine(site, "nvidia"), "*"))
            .SelectMany(package => parts.Select(part => Path.Combine([package, .. part.Split('/')])));
    }

    // The active environment first, then what PYTHONPATH names, every Python on the path, the user's own packages, and the machine's.
    private static IEnumerable<string> Sites(LibraryEnvironment environment)
    {
        bool windows = environment.Platform == Platform.Windows;
        IEnumerable<string> roots = s_environments.Select(environment.Variable).OfType<string>();
        return roots.SelectMany(root => OfInstallation(environment, root))
            .Concat(environment.Paths("PYTHONPATH"))
            .Concat(OnPath(environment).SelectMany(root => OfInstallation(environment, root)))
            .Concat(OfUser(environment))
            .Concat(windows ? [] : s_machine.SelectMany(root => OfInstallation(environment, root)));
    }

    // A Python on the path may be a link, from a virtual environment to the Python it was made with: both have packages.
    private static IEnumerable<string> OnPath(LibraryEnvironment environment)
    {
        string[] names = environment.Platform == Platform.Windows ? ["python.exe"] : ["python3", "python"];
        foreach (string folder in environment.Paths("PATH"))
        {
            if (names.Select(name => Path.Combine(folder, name)).FirstOrDefault(environment.FileExists) is not { } python)
            {
                continue;
            }
            foreach (string? home in (string?[])[folder, Path.GetDirectoryName(environment.FinalTarget(python))])
            {
                if (home is null)
                {
                    continue;
                }
                // On Windows the program lies in the installation itself, but in Scripts of a virtual environment.
                if (environment.Platform == Platform.Windows)
                {
                    yield return home;
                }
                if (Path.GetDirectoryName(home) is { } root)
                {
                    yield return root;
                }
            }
        }
    }

    private static IEnumerable<string> OfUser(LibraryEnvironment environment)
    {
        if (environment.Platform == Platform.Windows)
        {
            return environment.Variable("APPDATA") is { } roaming
                ? environment.Folders(Path.Combine(roaming, "Python"), "Python3*").Select(version => Path.Combine(version, "site-packages"))
                : [];
        }
        string? own = environment.Variable("PYTHONUSERBASE") ?? (environment.Variable("HOME") is { } home ? Path.Combine(home, ".local") : null);
        return own is null ? [] : OfInstallation(environment, own);
    }

    // Debian says dist-packages, everybody else site-packages; some distributions have lib64 beside lib.
    private static IEnumerable<string> OfInstallation(LibraryEnvironment environment, string root)
        => environment.Platform == Platform.Windows
            ? [Path.Combine(root, "Lib", "site-packages")]
            : s_libraries
                .SelectMany(lib => environment.Folders(Path.Combine(root, lib), "python3*"))
                .SelectMany(version => new[] { Path.Combine(version, "site-packages"), Path.Combine(version, "dist-packages") });
}
