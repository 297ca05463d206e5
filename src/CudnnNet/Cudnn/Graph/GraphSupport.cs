using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Whether cuDNN has a plan for a graph.</summary>
/// <param name="IsSupported">Whether it has one.</param>
/// <param name="Reason">Why not, in the library's words where it has any; empty where it has a plan.</param>
/// <param name="Status">The status that says so; success where it has a plan.</param>
public sealed record GraphSupport(bool IsSupported, string Reason, cudnnStatus_t Status)
{
    internal static GraphSupport Supported { get; } = new(true, "", cudnnStatus_t.CUDNN_STATUS_SUCCESS);

    /// <summary>The answer as an error, where a plan was asked for and there is none.</summary>
    internal CudnnException Refusal() => new("cudnnBackendFinalize", Status, Reason);

    /// <summary>"supported", or "not supported: " and the reason.</summary>
    public override string ToString() => IsSupported ? "supported" : $"not supported: {Reason}";
}
