namespace Cifar;

/// <summary>A data set could not be read. The message names the file, the byte offset where one is known, and what to do.</summary>
public sealed class DataException : Exception
{
    internal DataException(string message, string? file = null, long? offset = null, Exception? inner = null)
        : base(message, inner)
    {
        File = file;
        Offset = offset;
    }

    /// <summary>The file at fault; null where it is the folder.</summary>
    public string? File { get; }

    /// <summary>The offset in that file of the first byte that is wrong or missing; null where no single byte is to blame.</summary>
    public long? Offset { get; }
}
