using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Plans of graphs: answers, engines, bindings, executions, JSON.</summary>
public sealed class GraphPlanTests
{
    [Test]
    public void A_graph_is_executed_as_often_as_wanted_and_each_execution_allocates_no_managed_memory()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using GraphPlan plan = small.Graph.Build(device.Cudnn);
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        using BoundPlan bound = plan.Bind(device.Cudnn, device.Workspace(plan), tensors);
        Assert.That(TestDevice.AllocatedBytes(bound.Execute), Is.Zero);
        Assert.That(plan.EngineIndex, Is.Not.Null);
        Assert.That(plan.BehaviorNotes, Is.All.Matches<cudnnBackendBehaviorNote_t>(Enum.IsDefined));
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
    }

    [Test]
    public void A_graph_that_a_device_has_no_plan_for_is_an_answer_with_the_librarys_reason()
    {
        using GraphDevice device = new();
        OperationGraph graph = new("mean of pixels");
        GraphTensor x = graph.Tensor("x", new TensorShape(2, 4, 5, 5));

        // The graph API has no such reduction, on any device.
        graph.Reduce(x, TensorReductionMode.Norm2, [2, 3], name: "norm").Output();
        GraphSupport support = graph.IsSupported(device.Cudnn);
        Assert.That(support.IsSupported, Is.False);
        Assert.That((int)support.Status / 1000, Is.EqualTo(3), "the family of NOT_SUPPORTED");
        Assert.That(support.Reason, Does.Contain("operation 'norm' (reduction: x = 'x' (2 x 4 x 5 x 5 Float32"));
        Assert.That(support.Reason, Does.Contain("graph 'mean of pixels'"));
        CudnnException refused = Assert.Throws<CudnnException>(() => graph.Build(device.Cudnn))!;
        Assert.That(refused.Code, Is.EqualTo(support.Status));
        Assert.That(refused.Message, Does.Contain(support.Reason.TrimEnd('.')));
        Assert.That(new SmallGraph().Graph.IsSupported(device.Cudnn), Is.EqualTo(new GraphSupport(true, "", cudnnStatus_t.CUDNN_STATUS_SUCCESS)));
    }

    [Test]
    public void A_limit_of_workspace_below_what_every_engine_wants_is_an_answer_that_says_how_much()
    {
        using GraphDevice device = new();
        SmallGraph small = new(DataType.BFloat16);
        using PreparedGraph prepared = small.Graph.Prepare(device.Cudnn);
        long least = long.MaxValue;
        foreach (HeuristicMode mode in GraphBuildOptions.Default.Modes)
        {
            foreach (EngineConfiguration configuration in prepared.GetConfigurations(mode))
            {
                using (configuration)
                using (GraphPlan plan = configuration.Build())
                {
                    least = Math.Min(least, plan.WorkspaceBytes);
                }
            }
        }

        Requires.Device(least > 0, "engine that needs workspace for this graph");
        GraphSupport support = prepared.TryBuild(new GraphBuildOptions { WorkspaceLimit = least - 1 }, out GraphPlan? none);
        Assert.That(support.IsSupported, Is.False);
        Assert.That(none, Is.Null);
        Assert.That(support.Reason, Does.Contain($"{least - 1} are allowed"));
        Assert.That(prepared.TryBuild(new GraphBuildOptions { WorkspaceLimit = least }, out GraphPlan? fits).IsSupported, Is.True);
        fits!.Dispose();
    }

    [Test]
    public void Engines_tell_their_numbers_notes_and_workspace_and_options_choose_among_them()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using PreparedGraph prepared = small.Graph.Prepare(device.Cudnn);
        IReadOnlyList<EngineConfiguration> proposed = prepared.GetConfigurations();
        Assert.That(proposed, Is.Not.Empty);
        foreach (EngineConfiguration configuration in proposed)
        {
            device.Own(configuration);
            Assert.That(configuration.EngineIndex, Is.InRange(0, prepared.EngineCount - 1));
            Assert.That(configuration.NumericalNotes, Is.All.Matches<cudnnBackendNumericalNote_t>(Enum.IsDefined));
            Assert.That(configuration.BehaviorNotes, Is.All.Matches<cudnnBackendBehaviorNote_t>(Enum.IsDefined));
        }

        cudnnBackendBehaviorNote_t[] notes = [.. proposed.SelectMany(configuration => configuration.BehaviorNotes).Distinct()];
        GraphBuildOptions without = new() { ExcludedBehaviorNotes = notes, Modes = [HeuristicMode.A] };
        if (proposed.All(configuration => configuration.BehaviorNotes.Count > 0))
        {
            GraphSupport support = prepared.TryBuild(without, out _);
            Assert.That(support.IsSupported, Is.False);
            Assert.That(support.Reason, Does.Contain($"has the note {proposed[0].BehaviorNotes[0]}"));
        }

        GraphSupport required = prepared.TryBuild(
            new GraphBuildOptions { RequiredBehaviorNotes = [cudnnBackendBehaviorNote_t.CUDNN_BEHAVIOR_NOTE_REQUIRES_BIAS_INT8x32_REORDER] }, out _);
        Assert.That(required.Reason, Does.Contain("lacks the note CUDNN_BEHAVIOR_NOTE_REQUIRES_BIAS_INT8x32_REORDER"));
    }

    [Test]
    [CpuDeviceOnly("a GPU's engines do not take every value of every knob")]
    public void An_engine_whose_knobs_are_set_by_hand_computes_the_same()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using PreparedGraph prepared = small.Graph.Prepare(device.Cudnn);
        EngineConfiguration first = device.Own(prepared.GetConfigurations()[0]);
        using GraphEngine engine = prepared.GetEngine(first.EngineIndex);
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        foreach (EngineKnob knob in engine.Knobs)
        {
            foreach (long value in (long[])[knob.Minimum, knob.Maximum])
            {
                using EngineConfiguration configuration = engine.Configure(new KnobChoice(knob.Type, value));
                using GraphPlan plan = configuration.Build();
                using BoundPlan bound = plan.Bind(device.Cudnn, device.Workspace(plan), tensors);
                device.Stream.Fill(result.Span, float.NaN);
                bound.Execute();
                SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
            }
        }

        ArgumentException refused = Assert.Throws<ArgumentException>(() => engine.Configure(new KnobChoice(cudnnBackendKnobType_t.CUDNN_KNOB_TYPE_TILE_SIZE, -7)))!;
        Assert.That(refused.Message, Does.Contain($"Engine {engine.Index} for graph 'small'").And.Contain("-7"));
    }

    [Test]
    public void A_plan_comes_back_from_its_own_JSON()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using GraphPlan plan = small.Graph.Build(device.Cudnn);
        string json = plan.ToJson();
        using GraphPlan loaded = new SmallGraph().Graph.LoadPlan(device.Cudnn, json);
        Assert.That(loaded.WorkspaceBytes, Is.EqualTo(plan.WorkspaceBytes));
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        using BoundPlan bound = loaded.Bind(device.Cudnn, device.Workspace(loaded), tensors);
        bound.Execute();
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
        CudnnException refused = Assert.Throws<CudnnException>(() => small.Graph.LoadPlan(device.Cudnn, "{}"))!;
        Assert.That(refused.Message, Does.Contain("a plan from JSON for graph 'small'"));
    }

    [Test]
    [CpuDeviceOnly("NVIDIA's library makes no promise about damaged text")]
    public void Text_that_is_no_plan_or_a_damaged_one_never_becomes_a_plan_that_computes_something_else()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using GraphPlan plan = small.Graph.Build(device.Cudnn);
        byte[] json = System.Text.Encoding.UTF8.GetBytes(plan.ToJson());
        Random random = new(7);
        int refused = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. json];
            int at = random.Next(damaged.Length);
            damaged = (i % 3) switch
            {
                0 => damaged[..at],
                1 => [.. damaged[..at], (byte)random.Next(32, 127), .. damaged[(at + 1)..]],
                _ => [.. damaged[..at], .. damaged[Math.Min(at + 1 + random.Next(20), damaged.Length)..]],
            };
            try
            {
                // A digit of a dimension may change into another graph's plan; what matters is that nothing crashes.
                small.Graph.LoadPlan(device.Cudnn, System.Text.Encoding.UTF8.GetString(damaged)).Dispose();
            }
            catch (Exception error) when (error is CudnnException or ArgumentException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(200));
    }

    [Test]
    public void A_plan_outlives_its_graphs_preparation_and_a_binding_outlives_its_plan()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        PreparedGraph prepared = small.Graph.Prepare(device.Cudnn);
        EngineConfiguration configuration = prepared.GetConfigurations()[0];
        GraphPlan plan = configuration.Build();
        prepared.Dispose();
        configuration.Dispose();
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        BoundPlan bound = plan.Bind(device.Cudnn, device.Workspace(plan), tensors);
        plan.Dispose();
        plan.Dispose();
        bound.Execute();
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
        bound.Dispose();
        Assert.That(bound.Execute, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => plan.ToJson(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => prepared.EngineCount, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => configuration.Build(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_plan_is_bound_for_handles_of_its_own_context_only()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using GraphPlan plan = small.Graph.Build(device.Cudnn);
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        using CudaStream second = device.Context.CreateStream();
        using CudnnHandle beside = new(second);
        device.Stream.Synchronize();
        using BoundPlan bound = plan.Bind(beside, device.Workspace(plan), tensors);
        bound.Execute();
        second.Synchronize();
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());

        using CudaContext other = CudaContext.Create();
        using CudaStream elsewhere = other.CreateStream();
        using CudnnHandle foreign = new(elsewhere);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => plan.Bind(foreign, device.Workspace(plan), tensors))!;
        Assert.That(refused.Message, Does.Contain("for graph 'small'").And.Contain("another context"));
    }

    [Test]
    public void A_value_passed_by_value_can_change_from_one_execution_to_the_next()
    {
        using GraphDevice device = new();
        OperationGraph graph = new("scaled");
        GraphTensor x = graph.Tensor("x", DataType.Float32, [1, 1, 1, 4]), factor = graph.Scalar("factor", 2);
        GraphTensor y = graph.Multiply(x, factor).Output();
        DeviceMemory<float> result = device.Upload(new float[4]);
        using GraphPlan plan = graph.Build(device.Cudnn);
        using BoundPlan bound = plan.Bind(device.Cudnn, device.Workspace(plan), x.At(device.Upload<float>(1, 2, 3, 4)), y.At(result));
        bound.Execute();
        Assert.That(device.Download(result), Is.EqualTo(new float[] { 2, 4, 6, 8 }));
        bound.SetValue(factor, -0.5);
        bound.Execute();

        // Enqueued work keeps the value it was enqueued with.
        bound.SetValue(factor, 100);
        Assert.That(device.Download(result), Is.EqualTo(new[] { -0.5f, -1, -1.5f, -2 }));
        Assert.That(() => bound.SetValue(x, 1), Throws.ArgumentException.With.Message.Contains("'x'"));
        Assert.That(TestDevice.AllocatedBytes(() => bound.SetValue(factor, 3)), Is.Zero);
    }

    [Test]
    public void A_CUDA_graph_made_of_a_plan_does_what_the_plan_does_and_takes_other_memory()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using GraphPlan plan = small.Graph.Build(
            device.Cudnn, new GraphBuildOptions { RequiredBehaviorNotes = [cudnnBackendBehaviorNote_t.CUDNN_BEHAVIOR_NOTE_SUPPORTS_CUDA_GRAPH_NATIVE_API] });
        (TensorPointer[] first, DeviceMemory<float> firstResult) = small.Place(device);
        (TensorPointer[] second, DeviceMemory<float> secondResult) = small.Place(device, image: -1, bias: 40);
        using BoundPlan one = plan.Bind(device.Cudnn, device.Workspace(plan), first);
        using BoundPlan other = plan.Bind(device.Cudnn, device.Workspace(plan), second);
        using CudaGraph graph = one.CreateCudaGraph();
        using CudaGraphExecutable executable = graph.Instantiate();
        one.Dispose();
        executable.Launch(device.Stream);
        SmallGraph.AssertHolds(device.Download(firstResult), SmallGraph.Expected());

        other.UpdateCudaGraph(graph);
        Assert.That(executable.TryUpdate(graph).Succeeded, Is.True);
        executable.Launch(device.Stream);
        SmallGraph.AssertHolds(device.Download(secondResult), SmallGraph.Expected(image: -1, bias: 40));

        using CudaGraph foreign = device.Context.CreateGraph();
        CudnnException refused = Assert.Throws<CudnnException>(() => other.UpdateCudaGraph(foreign))!;
        Assert.That(refused.Message, Does.Contain("for graph 'small'"));
    }

    [Test]
    public void An_execution_under_capture_becomes_part_of_the_CUDA_graph()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using GraphPlan plan = small.Graph.Build(device.Cudnn);
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        using BoundPlan bound = plan.Bind(device.Cudnn, device.Workspace(plan), tensors);
        bound.Execute();
        using CudaGraph graph = device.Stream.Capture(() =>
        {
            device.Stream.Fill(result.Span, float.NaN);
            bound.Execute();
        });
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(device.Stream);
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
    }
}
