using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Which plans of a graph are wanted.</summary>
public sealed record GraphBuildOptions
{
    /// <summary>What <see cref="OperationGraph.Build(CudnnHandle, GraphBuildOptions?)"/> does without options.</summary>
    public static GraphBuildOptions Default { get; } = new();

    /// <summary>The heuristics to ask, one after the other, until one has a plan.</summary>
    public IReadOnlyList<HeuristicMode> Modes { get; init; } = [HeuristicMode.A, HeuristicMode.Fallback];

    /// <summary>The most workspace allowed, in bytes.</summary>
    public long WorkspaceLimit { get; init; } = long.MaxValue;

    /// <summary>Whether the plan must give the same bits every time: no engine with the note <see cref="cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC"/>.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Numerical notes no engine may have, such as reduced precision or Winograd.</summary>
    public IReadOnlyList<cudnnBackendNumericalNote_t> ExcludedNumericalNotes { get; init; } = [];

    /// <summary>Behaviour notes no engine may have, such as compilation at run time.</summary>
    public IReadOnlyList<cudnnBackendBehaviorNote_t> ExcludedBehaviorNotes { get; init; } = [];

    /// <summary>Behaviour notes the engine must have, such as support of <see cref="BoundPlan.CreateCudaGraph"/>.</summary>
    public IReadOnlyList<cudnnBackendBehaviorNote_t> RequiredBehaviorNotes { get; init; } = [];

    /// <summary>How many multiprocessors the heuristics should plan for; null: all.</summary>
    public int? MultiprocessorTarget { get; init; }

    /// <summary>Why an engine is not wanted; null where it is.</summary>
    internal string? WhyNot(EngineConfiguration configuration)
    {
        if (!Deterministic && ExcludedNumericalNotes.Count == 0 && ExcludedBehaviorNotes.Count == 0 && RequiredBehaviorNotes.Count == 0)
        {
            return null;
        }

        foreach (cudnnBackendNumericalNote_t note in configuration.NumericalNotes)
        {
            if (ExcludedNumericalNotes.Contains(note) || (Deterministic && note == cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC))
            {
                return $"has the note {note}";
            }
        }

        foreach (cudnnBackendBehaviorNote_t note in configuration.BehaviorNotes)
        {
            if (ExcludedBehaviorNotes.Contains(note))
            {
                return $"has the note {note}";
            }
        }

        foreach (cudnnBackendBehaviorNote_t note in RequiredBehaviorNotes)
        {
            if (!configuration.BehaviorNotes.Contains(note))
            {
                return $"lacks the note {note}";
            }
        }

        return null;
    }
}
