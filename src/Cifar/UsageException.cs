namespace Cifar;

/// <summary>The command line asks for something that cannot be; ends the program with <see cref="ExitCode.WrongUsage"/>.</summary>
internal sealed class UsageException(string message) : Exception(message);
