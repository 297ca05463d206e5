namespace Cifar;

/// <summary>A run folder could not be made, read or continued. The message names the file and what to do.</summary>
internal sealed class RunFolderException(string message, Exception? inner = null) : Exception(message, inner);
