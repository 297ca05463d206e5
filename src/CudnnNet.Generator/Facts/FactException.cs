namespace CudnnNet.Generator.Facts;

/// <summary>The facts cannot be used; the message names the file and the place in it.</summary>
internal sealed class FactException(string message, Exception? inner = null) : Exception(message, inner);
