using System.Text.Json;

namespace Conformance;

/// <summary>How a case ended.</summary>
public enum CaseResult
{
    /// <summary>Every step answered as recorded.</summary>
    Same,

    /// <summary>A step calls a function that the CPU device says it does not implement; the steps before it answered as recorded.</summary>
    NotImplemented,

    /// <summary>A step answered otherwise.</summary>
    Different,

    /// <summary>The process died or hung in the case.</summary>
    Died,

    /// <summary>The case's library is not on this machine, or the case is true only without a GPU.</summary>
    LeftOut,
}

/// <summary>The outcome of one case.</summary>
/// <param name="Index">The case's place in its file as it is run.</param>
/// <param name="Id">The case.</param>
/// <param name="Family">Its family.</param>
/// <param name="Result">How it ended.</param>
/// <param name="Detail">The function that is not implemented, or the step with what was recorded and what was got, or why it was left out.</param>
public sealed record CaseOutcome(int Index, string Id, string Family, CaseResult Result, string Detail)
{
    /// <summary>One line of a report.</summary>
    public string ToLine() => JsonSerializer.Serialize(this);

    /// <summary>Reads a line of a report.</summary>
    public static CaseOutcome FromLine(string line) => JsonSerializer.Deserialize<CaseOutcome>(line)!;
}
