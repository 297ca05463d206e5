using System.Diagnostics;
using System.Globalization;

namespace Cifar;

/// <summary>What the yardstick program measured in one round.</summary>
/// <param name="Total">Milliseconds of all direct convolutions, each as often as the step contains it.</param>
/// <param name="Best">The same with Winograd's transformation where that was faster.</param>
/// <param name="Problems">Milliseconds of one occurrence of each, direct, and which of oneDNN's implementations ran.</param>
internal sealed record DirectSumRound(double Total, double Best, IReadOnlyList<(double Milliseconds, string Implementation)> Problems);

/// <summary>The program that times oneDNN's own convolutions on this machine's processors (native/bench/direct_sum.cpp); it waits for each round to be asked for.</summary>
internal sealed class DirectSum : IDisposable
{
    private readonly Process _process;

    /// <param name="problems">The convolutions.</param>
    /// <param name="precision">As the command line says it; oneDNN convolves in single precision and in bfloat16, so all but the latter is timed in single precision.</param>
    public DirectSum(IEnumerable<ConvolutionProblem> problems, string precision)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "direct_sum");
        if (!File.Exists(program))
        {
            throw new FileNotFoundException($"{program}, which times oneDNN's convolutions, is missing. Start the benchmark as ./resnet from the repository, which builds it.");
        }

        _process = Process.Start(new ProcessStartInfo(program, [precision == "bf16" ? precision : "f32"]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        foreach (ConvolutionProblem problem in problems)
        {
            _process.StandardInput.WriteLine(problem.ToLine());
        }
    }

    /// <summary>Runs every convolution once; before the first time it also runs all of them untimed.</summary>
    /// <exception cref="IOException">The program ended before the round did.</exception>
    public DirectSumRound Run()
    {
        _process.StandardInput.WriteLine("go");
        _process.StandardInput.Flush();
        double total = double.NaN;
        double best = double.NaN;
        List<(double, string)> problems = [];
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            switch (words[0])
            {
                case "total":
                    total = double.Parse(words[1], CultureInfo.InvariantCulture);
                    break;
                case "best":
                    best = double.Parse(words[1], CultureInfo.InvariantCulture);
                    break;
                case "problem":
                    problems.Add((double.Parse(words[2], CultureInfo.InvariantCulture), words.Length > 3 ? words[3] : ""));
                    break;
                case "end":
                    return new DirectSumRound(total, best, problems);
            }
        }

        _process.WaitForExit();
        throw new IOException($"direct_sum, which times oneDNN's convolutions, ended with exit code {_process.ExitCode} inside a round. What it said on the error stream says why; ./resnet builds it anew where its sources changed.");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
