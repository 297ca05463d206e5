namespace CudnnNet;

/// <content>Choosing a plan by measuring.</content>
public sealed partial class OperationGraph
{
    /// <summary>Times the plans that cuDNN proposes on the device and keeps the fastest; stops when the times have settled. Waits for the device.</summary>
    /// <remarks>The outputs and the workspace are overwritten. The stream must not be under capture.</remarks>
    /// <param name="cudnn">The handle of the device.</param>
    /// <param name="workspace">What the plans may use; those that want more are no candidates.</param>
    /// <param name="tensors">Where inputs and outputs are, as for <see cref="GraphPlan.Bind"/>.</param>
    /// <param name="options">How long to measure, and which plans; null: the defaults.</param>
    /// <exception cref="ArgumentException">The tensors are not those of the graph.</exception>
    /// <exception cref="CudnnException">There is no plan, or one fails.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public GraphTuning Tune(CudnnHandle cudnn, DeviceSpan<byte> workspace, ReadOnlySpan<TensorPointer> tensors, GraphTuningOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        options ??= new GraphTuningOptions();
        List<Candidate> candidates = [];
        try
        {
            GraphSupport none = Collect(cudnn, workspace, tensors, options, candidates);
            if (candidates.Count == 0)
            {
                throw none.Refusal();
            }

            using CudaEvent start = cudnn.Stream.Context.CreateEvent(timing: true), end = cudnn.Stream.Context.CreateEvent(timing: true);
            (int rounds, bool settled) = Measure(cudnn.Stream, start, end, candidates, options);
            candidates.Sort((a, b) => a.Best.CompareTo(b.Best));
            GraphMeasurement[] measurements = [.. candidates.Select(one => new GraphMeasurement(one.Plan.EngineIndex ?? -1, one.Plan.WorkspaceBytes, one.Best, one.Runs))];
            GraphPlan fastest = candidates[0].Take();
            return new(fastest, measurements, rounds, settled);
        }
        finally
        {
            candidates.ForEach(one => one.Dispose());
        }
    }

    private GraphSupport Collect(CudnnHandle cudnn, DeviceSpan<byte> workspace, ReadOnlySpan<TensorPointer> tensors, GraphTuningOptions options, List<Candidate> candidates)
    {
        GraphBuildOptions build = options.Build with { WorkspaceLimit = Math.Min(options.Build.WorkspaceLimit, workspace.Length) };
        GraphRefusals refusals = new(this);
        using PreparedGraph prepared = Prepare(cudnn);
        foreach (HeuristicMode mode in build.Modes)
        {
            foreach (GraphPlan plan in prepared.Plans(mode, build, options.MostCandidates - candidates.Count, refusals))
            {
                Candidate candidate = new(plan);
                candidates.Add(candidate);
                candidate.Bind(cudnn, workspace, tensors);
            }
        }

        return refusals.Summary;
    }

    private static (int Rounds, bool Settled) Measure(CudaStream stream, CudaEvent start, CudaEvent end, List<Candidate> candidates, GraphTuningOptions options)
    {
        foreach (Candidate candidate in candidates)
        {
            // Once without timing: code is loaded at the first execution.
            candidate.Bound!.Execute();
        }

        Candidate? leader = null;
        float leading = float.PositiveInfinity;
        int unchanged = 0;
        for (int round = 1; round <= options.MostRounds; round++)
        {
            foreach (Candidate candidate in candidates)
            {
                if (candidate.Runs > 0 && candidate.Best > leading * options.GiveUpFactor)
                {
                    continue;
                }

                stream.Record(start);
                candidate.Bound!.Execute();
                stream.Record(end);
                end.Synchronize();
                candidate.Best = Math.Min(candidate.Best, CudaEvent.ElapsedMilliseconds(start, end));
                candidate.Runs++;
            }

            Candidate first = candidates.MinBy(one => one.Best)!;
            unchanged = ReferenceEquals(first, leader) && first.Best >= leading * (1 - options.Tolerance) ? unchanged + 1 : 0;
            (leader, leading) = (first, first.Best);
            if (unchanged >= options.SettledRounds)
            {
                return (round, true);
            }
        }

        return (options.MostRounds, false);
    }

    private sealed class Candidate(GraphPlan plan) : IDisposable
    {
        private bool _taken;

        public GraphPlan Plan { get; } = plan;

        public BoundPlan? Bound { get; private set; }

        public float Best { get; set; } = float.PositiveInfinity;

        public int Runs { get; set; }

        public void Bind(CudnnHandle cudnn, DeviceSpan<byte> workspace, ReadOnlySpan<TensorPointer> tensors) => Bound = Plan.Bind(cudnn, workspace, tensors);

        public GraphPlan Take()
        {
            _taken = true;
            return Plan;
        }

        public void Dispose()
        {
            Bound?.Dispose();
            if (!_taken)
            {
                Plan.Dispose();
            }
        }
    }
}
