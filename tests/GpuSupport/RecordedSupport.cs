namespace GpuSupport;

/// <summary>What the records say of a graph.</summary>
public enum RecordedAnswer
{
    /// <summary>Nothing: no graph like it was asked about.</summary>
    NotRecorded,

    /// <summary>NVIDIA's cuDNN had a plan for graphs like it.</summary>
    Supported,

    /// <summary>It had none.</summary>
    NotSupported,
}

/// <summary>An answer with what it rests on.</summary>
/// <param name="Answer">Whether graphs like it have a plan.</param>
/// <param name="Records">The records, the nearest in shape first.</param>
/// <param name="Explanation">How they were chosen, for messages.</param>
public sealed record RecordedSupport(RecordedAnswer Answer, IReadOnlyList<PlanRecord> Records, string Explanation)
{
    /// <summary>The answer, how it came about and the first records.</summary>
    public override string ToString() => $"{Answer}: {Explanation}{string.Concat(Records.Take(5).Select(record => $"\n  {record}"))}";
}
