using System.Diagnostics;

namespace Golden;

/// <summary>A program that a test ran to its end.</summary>
/// <param name="ExitCode">How it ended.</param>
/// <param name="Output">What it wrote on its standard output.</param>
/// <param name="Errors">What it wrote on its standard error.</param>
public sealed record FinishedProgram(int ExitCode, string Output, string Errors)
{
    /// <summary>The lines of the output that are not empty.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs a program.</summary>
    /// <param name="start">The program, its arguments and where it runs.</param>
    /// <param name="limit">How long it may take.</param>
    /// <exception cref="TimeoutException">It did not end; it was ended, with all that it had started.</exception>
    public static FinishedProgram Run(ProcessStartInfo start, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end within {limit.TotalMinutes} minutes");
        }

        return new FinishedProgram(process.ExitCode, output.Result, errors.Result);
    }
}
