namespace Golden;

/// <summary>
/// What a test run has to tell beside passed and failed: counts, lists, measured factors. The test command prints the reports at its end;
/// the runner's own short output shows nothing a passing test writes.
/// </summary>
public static class TestReport
{
    /// <summary>Writes build/reports/NAME.txt of the repository, in place of an older one; does nothing outside a clone.</summary>
    public static void Write(string name, IEnumerable<string> lines)
    {
        if (RepositoryFolder.Path("build", "reports") is not { } folder)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        string working = Path.Combine(folder, $"{name}.{Environment.ProcessId}");
        File.WriteAllLines(working, lines);
        File.Move(working, Path.Combine(folder, name + ".txt"), overwrite: true);
    }
}
