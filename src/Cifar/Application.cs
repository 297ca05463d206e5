using System.CommandLine;
using CudnnNet;

namespace Cifar;

/// <summary>The program: command line in, exit code out. Errors become one clear message on the error stream.</summary>
/// <param name="factory">Puts networks on the device.</param>
/// <param name="output">Where results go.</param>
/// <param name="error">Where messages about errors go.</param>
internal sealed class Application(ITrainingFactory factory, TextWriter output, TextWriter error)
{
    /// <summary>Runs one command.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public int Run(string[] arguments)
    {
        var root = new RootCommand(
            "Trains residual networks on CIFAR through cuDNN: on an NVIDIA GPU, or on the CPU device that comes with the program. "
            + "With no data at hand it trains on handwritten digits it carries.")
        {
            HelpName = "resnet",
        };
        root.Subcommands.Add(TrainCommand.Create(factory, output));
        root.Subcommands.Add(EvalCommand.Create(factory, output));
        root.Subcommands.Add(BenchmarkCommand.Create(output));
        TeachingHelp.Install(root);

        var parsed = root.Parse(arguments);
        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            // Errors get our words and exit codes, signals are the training loop's: it finishes its step and saves.
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };

        if (arguments.Length == 0)
        {
            root.Parse(["--help"]).Invoke(configuration);
            return ExitCode.WrongUsage;
        }

        if (parsed.Errors.Count > 0 && parsed.Action is not TeachingHelp)
        {
            foreach (string problem in Spelling.Explain(parsed))
            {
                error.WriteLine($"resnet: {problem}");
            }

            string command = parsed.CommandResult.Command == root ? "resnet" : $"resnet {parsed.CommandResult.Command.Name}";
            error.WriteLine($"What there is: {command} --help");
            return ExitCode.WrongUsage;
        }

        try
        {
            return parsed.Invoke(configuration);
        }
        catch (UsageException e)
        {
            error.WriteLine($"resnet: {e.Message}");
            return ExitCode.WrongUsage;
        }
        catch (Exception e) when (e is DataException or DeviceException or RunFolderException or NativeLibraryException or DivergedException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            error.WriteLine($"resnet: {e.Message}");
            return ExitCode.Failed;
        }
    }
}
