using System.Diagnostics;
using Golden;

namespace CudnnNet.Tests;

/// <summary>The programs of samples/, run as a reader would.</summary>
public sealed class SampleTests
{
    [Test]
    public void Processes_sum_what_each_of_them_has()
    {
        string output = Run("AllReduce", "3");
        Assert.That(
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            Is.EqualTo(new[] { "rank 0 of 3: 6, 60, 600", "rank 1 of 3: 6, 60, 600", "rank 2 of 3: 6, 60, 600" }));
    }

    private static string Run(string name, params string[] arguments)
    {
        string? program = RepositoryFolder.Path("samples", name, "bin", "Release", "net10.0", $"{name}.dll");
        if (program is null || !File.Exists(program))
        {
            Assert.Ignore($"skipped: samples/{name} is not built: dotnet build samples/{name} -c Release");
        }

        ProcessStartInfo start = new("dotnet", [program!, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("the sample did not end within two minutes");
        }

        Assert.That(process.ExitCode, Is.Zero, output + errors.Result);
        return output;
    }
}
