namespace Golden;

/// <summary>
/// The repository the running tests were built from: the nearest folder above the program that holds ResNetCudnn.sln, or the folder of a
/// bundle of tests, in which the files that they need stand where they stand in the repository.
/// </summary>
public static class RepositoryFolder
{
    private static readonly Lazy<string?> Found = new(Search);

    /// <summary>The repository's root, or null where the tests run outside a clone.</summary>
    public static string? Root => Found.Value;

    /// <summary>A path below the root, or null where there is no root.</summary>
    public static string? Path(params ReadOnlySpan<string> parts) =>
        Root is null ? null : System.IO.Path.GetFullPath(System.IO.Path.Combine([Root, .. parts]));

    private static string? Search()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "ResNetCudnn.sln")) || File.Exists(System.IO.Path.Combine(folder.FullName, "bundle.md")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
