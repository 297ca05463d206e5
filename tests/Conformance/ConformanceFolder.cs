using Golden;

namespace Conformance;

/// <summary>
/// The folder of recorded answers: the environment variable CONFORMANCE_DIR, else shared/conformance beside the repository,
/// else the part of it that the repository carries in tests/data/conformance.
/// </summary>
public static class ConformanceFolder
{
    // A table of plans and the signatures, no cases.
    private static readonly string[] s_noCases = ["abi", "resnet-plans"];

    private static readonly Lazy<(string? Folder, string Message)> s_found = new(Search);

    /// <summary>The folder, or null: then <see cref="Message"/> says what was looked for.</summary>
    public static string? Path => s_found.Value.Folder;

    /// <summary>Where the answers were found, or why there are none.</summary>
    public static string Message => s_found.Value.Message;

    /// <summary>The names of the files of cases, without .json; empty where there is no folder.</summary>
    public static IReadOnlyList<string> Files() => Path is null ? []
        : [.. Directory.GetFiles(Path, "*.json").Select(file => System.IO.Path.GetFileNameWithoutExtension(file)!)
            .Except(s_noCases).Order(StringComparer.Ordinal)];

    /// <summary>The full path of a file of cases.</summary>
    public static string File(string name) => Path is null
        ? throw new FileNotFoundException(Message)
        : System.IO.Path.Combine(Path, name + ".json");

    private static (string? Folder, string Message) Search()
    {
        string? given = Environment.GetEnvironmentVariable("CONFORMANCE_DIR");
        if (!string.IsNullOrEmpty(given))
        {
            return Holds(given)
                ? (System.IO.Path.GetFullPath(given), $"recorded answers: {given} (CONFORMANCE_DIR)")
                : (null, $"CONFORMANCE_DIR is '{given}', which holds no abi.json.");
        }

        string?[] places = [RepositoryFolder.Path("..", "shared", "conformance"), RepositoryFolder.Path("tests", "data", "conformance")];
        string? found = places.FirstOrDefault(place => place is not null && Holds(place));
        return found is not null
            ? (found, $"recorded answers: {found}")
            : (null, "There are no recorded answers: CONFORMANCE_DIR is not set and none of these folders holds an abi.json: "
                + string.Join(", ", places.Select(place => place ?? "(no repository above the program)")) + ".");
    }

    private static bool Holds(string folder) => System.IO.File.Exists(System.IO.Path.Combine(folder, "abi.json"));
}
