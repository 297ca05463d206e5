using System.Diagnostics;

namespace CudnnNet.Tests;

/// <summary>The cache of plans: what it finds, what it remembers, what it costs.</summary>
public sealed class GraphPlanCacheTests
{
    [Test]
    public void The_same_graph_described_again_under_other_names_gets_the_plan_it_has()
    {
        using GraphDevice device = new();
        using GraphPlanCache cache = new();
        SmallGraph first = new(), again = new(name: "the same again");
        GraphPlan plan = cache.Get(device.Cudnn, first.Graph);
        Assert.That(cache.Get(device.Cudnn, again.Graph), Is.SameAs(plan));
        Assert.That(cache.Get(device.Cudnn, new SmallGraph(channels: 16).Graph), Is.Not.SameAs(plan));
        Assert.That(cache.Get(device.Cudnn, new SmallGraph(DataType.BFloat16).Graph), Is.Not.SameAs(plan));
        Assert.That(cache.Count, Is.EqualTo(3));

        // The tensors of the second description name those of the plan.
        (TensorPointer[] tensors, DeviceMemory<float> result) = again.Place(device);
        using BoundPlan bound = plan.Bind(device.Cudnn, device.Workspace(plan), tensors);
        bound.Execute();
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
    }

    [Test]
    public void Graphs_that_differ_in_one_number_are_different()
    {
        using GraphDevice device = new();
        using GraphPlanCache cache = new();
        OperationGraph[] graphs =
        [
            Scaled(1, PointwiseMode.Multiply, 4), Scaled(2, PointwiseMode.Multiply, 4), Scaled(1, PointwiseMode.Add, 4), Scaled(1, PointwiseMode.Multiply, 5),
            Scaled(1, PointwiseMode.Multiply, 4, alignment: 4), Scaled(1, PointwiseMode.Multiply, 4, slope: 0.1), Scaled(1, PointwiseMode.Multiply, 4, compute: DataType.Float64),
        ];
        Assert.That(graphs.Select(graph => cache.Get(device.Cudnn, graph)).Distinct().Count(), Is.EqualTo(graphs.Length));

        static OperationGraph Scaled(double value, PointwiseMode mode, int width, int alignment = 16, double? slope = null, DataType compute = DataType.Float32)
        {
            OperationGraph graph = new() { ComputeType = compute };
            GraphTensor x = graph.Tensor("x", DataType.Float32, [1, 1, 1, width]).WithAlignment(alignment);
            GraphTensor y = graph.Pointwise(mode, x, graph.Scalar("value", value));
            graph.Pointwise(PointwiseMode.Relu, y, options: new PointwiseOptions { LowerClipSlope = slope }).Output();
            return graph;
        }
    }

    [Test]
    public void What_is_unsupported_is_remembered_with_its_reason()
    {
        using GraphDevice device = new();
        using GraphPlanCache cache = new();
        GraphSupport first = cache.TryGet(device.Cudnn, Unsupported(), out GraphPlan? plan);
        Assert.That((first.IsSupported, plan), Is.EqualTo((false, (GraphPlan?)null)));
        Assert.That(first.Reason, Does.Contain("'norm'"));
        Assert.That(cache.TryGet(device.Cudnn, Unsupported(), out _), Is.SameAs(first), "it was not asked a second time");
        CudnnException refused = Assert.Throws<CudnnException>(() => cache.Get(device.Cudnn, Unsupported()))!;
        Assert.That(refused.Detail, Is.EqualTo(first.Reason));

        static OperationGraph Unsupported()
        {
            OperationGraph graph = new();
            graph.Reduce(graph.Tensor("x", new TensorShape(2, 4, 5, 5)), TensorReductionMode.Norm2, [2, 3], name: "norm").Output();
            return graph;
        }
    }

    [Test]
    public void A_warm_cache_answers_without_allocating_in_less_than_two_microseconds()
    {
        using GraphDevice device = new();
        using GraphPlanCache cache = new();
        OperationGraph graph = new SmallGraph().Graph, equal = new SmallGraph().Graph;
        cache.Get(device.Cudnn, graph);
        Assert.That(
            TestDevice.AllocatedBytes(() =>
            {
                _ = cache.Get(device.Cudnn, graph);
                _ = cache.Get(device.Cudnn, equal);
            }),
            Is.Zero);

        // A generous bound for a loaded machine, by the best of many short runs; bench graph measures.
        double best = double.PositiveInfinity;
        for (int run = 0; run < 200 && best > 500; run++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 100; i++)
            {
                _ = cache.Get(device.Cudnn, graph);
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / 100);
        }

        Assert.That(best, Is.LessThan(2000), "nanoseconds");
    }

    [Test]
    public void Threads_that_ask_together_get_one_plan()
    {
        using GraphDevice device = new();
        using GraphPlanCache cache = new();
        GraphPlan?[] plans = new GraphPlan?[8];
        Thread[] threads = [.. plans.Select((_, i) => new Thread(() =>
        {
            using CudaStream stream = device.Context.CreateStream();
            using CudnnHandle cudnn = new(stream);
            plans[i] = cache.Get(cudnn, new SmallGraph().Graph);
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.That(plans[0], Is.Not.Null);
        Assert.That(plans, Is.All.SameAs(plans[0]));
        Assert.That(cache.Count, Is.EqualTo(1));

        // The handle that built it is gone; the plan runs with another.
        SmallGraph small = new();
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        using BoundPlan bound = plans[0]!.Bind(device.Cudnn, device.Workspace(plans[0]!), tensors);
        bound.Execute();
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
    }

    [Test]
    public void A_plan_that_was_measured_or_loaded_takes_the_place_of_the_proposed_one()
    {
        using GraphDevice device = new();
        GraphPlanCache cache = new();
        SmallGraph small = new();
        GraphPlan proposed = cache.Get(device.Cudnn, small.Graph);
        GraphPlan loaded = small.Graph.LoadPlan(device.Cudnn, proposed.ToJson());
        cache.Store(device.Cudnn, loaded);
        Assert.That(cache.Get(device.Cudnn, new SmallGraph().Graph), Is.SameAs(loaded));
        cache.Dispose();
        cache.Dispose();
        Assert.That((proposed.IsDisposed, loaded.IsDisposed), Is.EqualTo((true, true)));
        Assert.That(() => cache.Get(device.Cudnn, small.Graph), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Measuring_returns_every_candidate_and_the_fastest_of_them_and_ends_when_the_times_have_settled()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        GraphTuningOptions options = new() { MostRounds = 200, Tolerance = 0.5, Build = new GraphBuildOptions { Modes = [HeuristicMode.A, HeuristicMode.Fallback] } };
        GraphTuning tuning = small.Graph.Tune(device.Cudnn, device.Own(device.Context.Allocate<byte>(1 << 20)), tensors, options);
        using GraphPlan plan = tuning.Plan;
        Assert.That(tuning.Measurements, Is.Not.Empty);
        Assert.That(tuning.Measurements.Select(one => one.Milliseconds), Is.Ordered.And.All.GreaterThanOrEqualTo(0));
        Assert.That(tuning.Measurements[0].EngineIndex, Is.EqualTo(plan.EngineIndex));
        Assert.That(tuning.Measurements.Select(one => one.Runs), Is.All.InRange(1, tuning.Rounds));
        Assert.That(tuning.Settled, Is.True);
        Assert.That(tuning.Rounds, Is.LessThan(200));
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
        using BoundPlan bound = plan.Bind(device.Cudnn, device.Workspace(plan), tensors);
        bound.Execute();

        GraphTuning one = small.Graph.Tune(device.Cudnn, device.Workspace(plan), tensors, options with { MostCandidates = 1, MostRounds = 2 });
        one.Plan.Dispose();
        Assert.That((one.Measurements.Count, one.Rounds, one.Settled), Is.EqualTo((1, 2, false)));
        Assert.That(() => small.Graph.Tune(device.Cudnn, default, tensors.AsSpan(1)), Throws.ArgumentException.Or.TypeOf<CudnnException>());
    }
}
