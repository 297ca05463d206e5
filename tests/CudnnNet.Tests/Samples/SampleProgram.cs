using System.Diagnostics;
using Golden;

namespace CudnnNet.Tests;

/// <summary>What a program said and how it ended.</summary>
internal sealed record SampleRun(int ExitCode, string Output, string Errors)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A program of samples/, run as a reader would.</summary>
internal static class SampleProgram
{
    /// <summary>The samples' names, which are those of their folders; none outside the repository.</summary>
    public static string[] Names => RepositoryFolder.Path("samples") is { } samples && Directory.Exists(samples)
        ? [.. Directory.GetFiles(samples, "Program.cs", SearchOption.AllDirectories).Select(file => Path.GetFileName(Path.GetDirectoryName(file))!).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Runs a sample that is to succeed.</summary>
    public static SampleRun Run(string name, params string[] arguments)
    {
        SampleRun run = RunToTheEnd(name, arguments);
        Assert.That(run.ExitCode, Is.Zero, run.Output + run.Errors);
        return run;
    }

    public static SampleRun RunToTheEnd(string name, params string[] arguments)
    {
        string? program = RepositoryFolder.Path("samples", name, "bin", "Release", "net10.0", $"{name}.dll");
        if (program is null || !File.Exists(program))
        {
            Assert.Ignore($"skipped: samples/{name} is not built: dotnet build samples/{name} -c Release");
        }

        ProcessStartInfo start = new("dotnet", [program!, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"the sample {name} did not end within two minutes");
        }

        return new SampleRun(process.ExitCode, output.Result, errors.Result);
    }
}
