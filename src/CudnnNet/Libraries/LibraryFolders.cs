namespace CudnnNet;

/// <summary>The folders outside the operating system's own search path in which NVIDIA's libraries are usually found.</summary>
internal static class LibraryFolders
{
    private static readonly string[] s_homes = ["CUDA_HOME", "CUDA_PATH"];

    /// <summary>Folders the user named: searched before anything else.</summary>
    public static IEnumerable<string> FromUser(LibraryEnvironment environment) => environment.Paths("CUDNNNET_LIBRARY_PATH");

    /// <summary>The CUDA toolkit, a conda environment, then the wheels of Python: searched after the system's loader.</summary>
    public static IEnumerable<string> OfToolkits(LibraryEnvironment environment)
    {
        bool windows = environment.Platform == Platform.Windows;
        string[] parts = windows ? ["bin/x64", "bin"] : ["lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"];
        IEnumerable<string> homes = s_homes.Select(environment.Variable).OfType<string>();
        if (!windows)
        {
            homes = homes.Append("/usr/local/cuda");
        }
        IEnumerable<string> folders = homes.SelectMany(home => parts.Select(part => Path.Combine([home, .. part.Split('/')])));
        if (environment.Variable("CONDA_PREFIX") is { } conda)
        {
            folders = folders.Concat(windows ? [Path.Combine(conda, "Library", "bin")] : [Path.Combine(conda, "lib")]);
        }
        return folders.Concat(PythonFolders.OfWheels(environment)).Distinct();
    }
}
