namespace Cifar;

/// <summary>How the program ends; scripts may rely on it.</summary>
public static class ExitCode
{
    /// <summary>Everything that was asked for is done.</summary>
    public const int Done = 0;

    /// <summary>Something failed: data, device, disk.</summary>
    public const int Failed = 1;

    /// <summary>The command line, or its combination with the data or the run to continue, makes no sense.</summary>
    public const int WrongUsage = 2;

    /// <summary>Interrupted by SIGINT or SIGTERM, after the step was finished and the state saved.</summary>
    public const int Interrupted = 130;
}
