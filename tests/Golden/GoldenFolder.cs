namespace Golden;

/// <summary>
/// The folder of golden values: the environment variable GOLDEN_DIR, else shared/golden beside the repository,
/// else the part of it that the repository carries in tests/data/golden.
/// </summary>
public static class GoldenFolder
{
    private static readonly Lazy<(string? Folder, string Message)> Found = new(Search);

    /// <summary>The folder with layers/, nets/ and interop/, or null: then <see cref="Message"/> says what was looked for.</summary>
    public static string? Path => Found.Value.Folder;

    /// <summary>Where the golden values were found, or why there are none.</summary>
    public static string Message => Found.Value.Message;

    /// <summary>True where the folder is the repository's own, which holds only a part of the cases.</summary>
    public static bool IsExcerpt => Path is not null && Path == RepositoryFolder.Path("tests", "data", "golden");

    /// <summary>The full path of a file of the folder; null where the folder or the file is missing.</summary>
    public static string? File(string relative)
    {
        if (Path is null)
        {
            return null;
        }

        string path = System.IO.Path.Combine(Path, relative);
        return System.IO.File.Exists(path) ? path : null;
    }

    /// <summary>The full path of a file that has to be there.</summary>
    /// <exception cref="FileNotFoundException">The folder or the file is missing; the message says which and where it was looked for.</exception>
    public static string Require(string relative) => File(relative)
        ?? throw new FileNotFoundException(Path is null ? Message : $"{relative} is not in the golden folder {Path}.");

    private static (string? Folder, string Message) Search()
    {
        string? given = Environment.GetEnvironmentVariable("GOLDEN_DIR");
        if (!string.IsNullOrEmpty(given))
        {
            return Holds(given)
                ? (System.IO.Path.GetFullPath(given), $"golden values: {given} (GOLDEN_DIR)")
                : (null, $"GOLDEN_DIR is '{given}', which holds no layers/ or nets/ folder.");
        }

        string?[] places = [RepositoryFolder.Path("..", "shared", "golden"), RepositoryFolder.Path("tests", "data", "golden")];
        foreach (string? place in places)
        {
            if (place is not null && Holds(place))
            {
                return (place, $"golden values: {place}");
            }
        }

        return (null, "There are no golden values: GOLDEN_DIR is not set and none of these folders exists: "
            + string.Join(", ", places.Select(place => place ?? "(no repository above the program)")) + ".");
    }

    private static bool Holds(string folder) =>
        Directory.Exists(System.IO.Path.Combine(folder, "layers")) || Directory.Exists(System.IO.Path.Combine(folder, "nets"));
}
