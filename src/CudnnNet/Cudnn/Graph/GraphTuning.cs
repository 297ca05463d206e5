namespace CudnnNet;

/// <summary>What was measured of a plan.</summary>
/// <param name="EngineIndex">The number of its engine.</param>
/// <param name="WorkspaceBytes">Its workspace, in bytes.</param>
/// <param name="Milliseconds">The shortest time of an execution on the device.</param>
/// <param name="Runs">How often it was timed.</param>
public readonly record struct GraphMeasurement(long EngineIndex, long WorkspaceBytes, float Milliseconds, int Runs);

/// <summary>How long <see cref="OperationGraph.Tune"/> measures.</summary>
public sealed record GraphTuningOptions
{
    /// <summary>Which plans are candidates.</summary>
    public GraphBuildOptions Build { get; init; } = new() { Modes = [HeuristicMode.A] };

    /// <summary>The most candidates, in the order the heuristics propose them.</summary>
    public int MostCandidates { get; init; } = 16;

    /// <summary>The most rounds; in each every candidate is timed once.</summary>
    public int MostRounds { get; init; } = 20;

    /// <summary>It is settled when the fastest one has been the same, and its time not more than this part shorter, for <see cref="SettledRounds"/> rounds.</summary>
    public double Tolerance { get; init; } = 0.01;

    /// <summary>How many rounds without a change settle it.</summary>
    public int SettledRounds { get; init; } = 3;

    /// <summary>A candidate this many times slower than the fastest is not timed again.</summary>
    public double GiveUpFactor { get; init; } = 2;
}

/// <summary>The outcome of <see cref="OperationGraph.Tune"/>.</summary>
/// <param name="Plan">The fastest plan, which belongs to the caller.</param>
/// <param name="Measurements">All candidates, the fastest first.</param>
/// <param name="Rounds">How many rounds it took.</param>
/// <param name="Settled">Whether the times had settled; false where the rounds ended first.</param>
public sealed record GraphTuning(GraphPlan Plan, IReadOnlyList<GraphMeasurement> Measurements, int Rounds, bool Settled);
