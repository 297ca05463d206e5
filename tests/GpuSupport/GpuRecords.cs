using Conformance;
using CudnnNet;

namespace GpuSupport;

/// <summary>
/// What NVIDIA's cuDNN 9.19 answered when it was asked for plans for described devices: whether a graph of ours is among those it supports is known without a GPU.
/// </summary>
/// <remarks>
/// A record speaks for a graph with the same operations, connections, types and layout, and shapes of the same class: windows, strides, dilations and padding are equal, and channels are
/// multiples of the same power of two up to 8. Where such records disagree, only one of the very shape counts. What no record speaks for is not recorded; that is no promise either way.
/// </remarks>
public sealed class GpuRecords
{
    private static readonly Lazy<GpuRecords> s_all = new(Load);

    private readonly ILookup<(string Device, string Structure), PlanRecord> _byStructure;
    private readonly ILookup<(string Device, string Untyped), PlanRecord> _byUntyped;

    internal GpuRecords(IEnumerable<PlanRecord> records)
    {
        All = [.. records];
        _byStructure = All.ToLookup(record => (record.Device, record.Pattern.Structure));
        _byUntyped = All.ToLookup(record => (record.Device, record.Pattern.Untyped));
    }

    /// <summary>The records of the conformance folder; none where there is no folder.</summary>
    public static GpuRecords Recorded => s_all.Value;

    /// <summary>Every record.</summary>
    public IReadOnlyList<PlanRecord> All { get; }

    /// <summary>Whether the graph is among those that NVIDIA's cuDNN supports on a device.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="device">The device: "sm_80", "sm_90"; for the patterns of residual networks also "sm_75", "sm_100", "sm_120".</param>
    public RecordedSupport Check(OperationGraph graph, string device)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Check(new GraphPattern(GraphForm.Of(graph)), device, _ => true);
    }

    /// <summary>The answer of some of the records.</summary>
    internal RecordedSupport Check(GraphPattern pattern, string device, Func<PlanRecord, bool> counts)
    {
        PlanRecord[] alike = [.. _byStructure[(device, pattern.Structure)].Where(counts).Where(record => GraphPattern.Agree(record.Pattern.Layout, pattern.Layout))];
        PlanRecord[] similar = [.. alike.Where(record => record.Pattern.ShapeClass == pattern.ShapeClass).OrderBy(record => record.Pattern.Distance(pattern)).ThenByDescending(record => record.IsSupported)];
        if (similar.Length > 0)
        {
            bool isSupported = similar[0].IsSupported;
            bool agree = similar.All(record => record.IsSupported == isSupported), isExact = similar[0].Pattern.Distance(pattern) == 0;
            string found = $"{similar.Length} record(s) of the same operations, types and layout with similar shapes on {device}";
            return agree || isExact
                ? new(isSupported ? RecordedAnswer.Supported : RecordedAnswer.NotSupported, similar, isExact ? $"{found}, the very shape among them" : found)
                : new(RecordedAnswer.NotRecorded, similar, $"{found} disagree, and none has the very shape");
        }

        if (alike.Length > 0)
        {
            return new(RecordedAnswer.NotRecorded, alike, $"{alike.Length} record(s) of the same operations, types and layout on {device}, none with shapes of the class {pattern.ShapeClass}");
        }

        PlanRecord[] others = [.. _byUntyped[(device, pattern.Untyped)].Where(counts)];
        return new(
            RecordedAnswer.NotRecorded,
            others,
            others.Length > 0
                ? $"{others.Length} record(s) of the same operations on {device}, none with the same types and layout ({pattern.Structure}; {pattern.Layout})"
                : $"no record of these operations on {device} ({pattern.Structure})");
    }

    private static GpuRecords Load() => ConformanceFolder.Path is null
        ? new([])
        : new(ConformanceFolder.Files().Where(file => file.StartsWith("plans-", StringComparison.Ordinal))
            .SelectMany(file => ConformanceCase.Load(ConformanceFolder.File(file)))
            .Select(RecordedForm.Read)
            .OfType<PlanRecord>()
            .Concat(NetworkTable.Read()));
}
