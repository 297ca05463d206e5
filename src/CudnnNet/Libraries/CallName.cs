namespace CudnnNet;

/// <summary>Finds the C name of a function in the text of a call.</summary>
internal static class CallName
{
    /// <summary>"Cuda.cuInit(0)" is cuInit; an expression that is no call stays as it is.</summary>
    public static string Of(string? call)
    {
        if (string.IsNullOrWhiteSpace(call))
        {
            return "the call";
        }
        int open = call.IndexOf('(', StringComparison.Ordinal);
        string name = open < 0 ? call : call[..open];
        return name[(name.LastIndexOf('.') + 1)..].Trim();
    }
}
