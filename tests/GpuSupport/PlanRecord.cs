namespace GpuSupport;

/// <summary>What NVIDIA's cuDNN answered for one graph and one described device.</summary>
public sealed class PlanRecord
{
    internal PlanRecord(string id, string device, GraphForm form, bool isSupported, long? workspaceBytes)
    {
        Id = id;
        Device = device;
        IsSupported = isSupported;
        WorkspaceBytes = workspaceBytes;
        Pattern = new GraphPattern(form);
    }

    /// <summary>Where it is recorded: the case's name, or the row of the table of networks.</summary>
    public string Id { get; }

    /// <summary>The device that was described: "sm_80".</summary>
    public string Device { get; }

    /// <summary>Whether it had a plan.</summary>
    public bool IsSupported { get; }

    /// <summary>The workspace of its first plan, in bytes; null where none is recorded.</summary>
    public long? WorkspaceBytes { get; }

    /// <summary>What was asked.</summary>
    internal GraphPattern Pattern { get; }

    /// <summary>"plan-sm80-conv-28: supported".</summary>
    public override string ToString() => $"{Id}: {(IsSupported ? "supported" : "not supported")}";
}
