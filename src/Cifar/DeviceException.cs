namespace Cifar;

/// <summary>The device asked for on the command line is not there; the message says what was found and what to do.</summary>
internal sealed class DeviceException(string message) : Exception(message);
