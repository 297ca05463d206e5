using System.Diagnostics;
using Golden;

namespace CudnnNet.Tests;

/// <summary>A program of samples/, run as a reader would.</summary>
internal static class SampleProgram
{
    /// <summary>The samples' names, which are those of their folders; none outside the repository.</summary>
    public static string[] Names => RepositoryFolder.Path("samples") is { } samples && Directory.Exists(samples)
        ? [.. Directory.GetFiles(samples, "Program.cs", SearchOption.AllDirectories).Select(file => Path.GetFileName(Path.GetDirectoryName(file))!).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Runs a sample that is to succeed.</summary>
    public static FinishedProgram Run(string name, params string[] arguments)
    {
        FinishedProgram run = RunToTheEnd(name, arguments);
        Assert.That(run.ExitCode, Is.Zero, run.Output + run.Errors);
        return run;
    }

    public static FinishedProgram RunToTheEnd(string name, params string[] arguments)
    {
        string? program = RepositoryFolder.Path("samples", name, "bin", "Release", "net10.0", $"{name}.dll");
        if (program is null || !File.Exists(program))
        {
            Assert.Ignore($"skipped: samples/{name} is not built: dotnet build samples/{name} -c Release");
        }

        return FinishedProgram.Run(new ProcessStartInfo("dotnet", [program!, .. arguments]), TimeSpan.FromMinutes(2));
    }
}
