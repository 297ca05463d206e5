using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Golden;

namespace Cifar.Tests;

/// <summary>The real program in a process of its own, its output kept.</summary>
internal sealed partial class ConsoleProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    public ConsoleProcess(string workingDirectory, params string[] arguments)
        : this(workingDirectory, threads: 1, arguments)
    {
    }

    // One thread is best for small networks: threads that wait for each other are slow where the machine is busy.
    private ConsoleProcess(string workingDirectory, int threads, string[] arguments)
    {
        ProcessStartInfo start = ProgramStart.Of(typeof(Application).Assembly, arguments);
        start.WorkingDirectory = workingDirectory;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment.Remove("CIFAR_DIR");
        start.Environment.Remove("CUDNNNET_DEVICE");
        HearSignals(start);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_error, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => Read(_output);

    public string Error => Read(_error);

    /// <summary>Runs the program to its end.</summary>
    public static (int Code, string Output, string Error) Run(string workingDirectory, params string[] arguments) => Run(workingDirectory, threads: 1, arguments);

    /// <summary>Runs the program to its end with a number of threads.</summary>
    public static (int Code, string Output, string Error) Run(string workingDirectory, int threads, params string[] arguments)
    {
        using var process = new ConsoleProcess(workingDirectory, threads, arguments);
        int code = process.WaitForExit();
        return (code, process.Output, process.Error);
    }

    public int WaitForExit()
    {
        if (!_process.WaitForExit(s_patience))
        {
            throw new TimeoutException($"the program did not end in {s_patience.TotalMinutes} minutes. Its output so far:\n{Output}\n{Error}");
        }

        // Waits for the last lines of both streams as well.
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void WaitForOutput(string text)
    {
        var clock = Stopwatch.StartNew();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited || clock.Elapsed > s_patience)
            {
                throw new TimeoutException($"\"{text}\" did not come. The output:\n{Output}\n{Error}");
            }

            Thread.Sleep(5);
        }
    }

    public void Signal(string name)
    {
        // The numbers of POSIX.
        int number = name switch
        {
            "INT" => 2,
            "TERM" => 15,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "INT or TERM"),
        };
        if (Kill(_process.Id, number) != 0)
        {
            throw new InvalidOperationException($"the signal {name} could not be sent to process {_process.Id}");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    /// <summary>What ignores a signal hands that on to what it starts: a shell does so to INT for all that runs behind an ampersand. The program is started as from a console.</summary>
    private static void HearSignals(ProcessStartInfo start)
    {
        start.ArgumentList.Insert(0, "--default-signal=INT,TERM");
        start.ArgumentList.Insert(1, start.FileName);
        start.FileName = "env";
    }

    private static void Keep(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.AppendLine(line);
            }
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
