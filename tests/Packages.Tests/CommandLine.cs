using System.Diagnostics;
using Golden;

namespace Packages.Tests;

/// <summary>Programs, run to their end.</summary>
internal static class CommandLine
{
    /// <summary>Runs a program that is to succeed.</summary>
    /// <param name="folder">The folder to run it in.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it wrote on its standard output.</returns>
    public static string Run(string folder, string program, params string[] arguments)
    {
        (int exitCode, string output) = RunToTheEnd(folder, program, arguments);
        Assert.That(exitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    /// <summary>Runs a program that may fail.</summary>
    /// <param name="folder">The folder to run it in.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its exit code; what it wrote on its standard output and, where it failed, on its standard error.</returns>
    public static (int ExitCode, string Output) RunToTheEnd(string folder, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = folder };
        // The test runner's own settings of MSBuild are not those of a user's shell.
        foreach (string variable in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        // No build server outlives the tests.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        // The packages restored here are restored for nobody else.
        if (folder.StartsWith(PackedRepository.Folder, StringComparison.Ordinal) && !folder.StartsWith(PackedRepository.Sources, StringComparison.Ordinal))
        {
            start.Environment["NUGET_PACKAGES"] = Path.Combine(PackedRepository.Folder, "cache");
        }

        FinishedProgram run = FinishedProgram.Run(start, TimeSpan.FromMinutes(5));
        return (run.ExitCode, run.ExitCode == 0 ? run.Output : run.Output + run.Errors);
    }
}
