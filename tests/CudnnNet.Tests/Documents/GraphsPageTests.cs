namespace CudnnNet.Tests;

/// <summary>The code of docs/graphs.md: compiled here, run here, and quoted there word by word.</summary>
public sealed class GraphsPageTests
{
    [Test]
    public void A_convolution_with_bias_and_ReLU_runs_as_one_plan()
    {
        #region fused
        using CudaContext context = CudaContext.Primary();
        using CudaStream stream = context.CreateStream();
        using CudnnHandle cudnn = new(stream);

        // Described: what goes in, what is done with it, what comes out. Nothing is allocated on the device.
        OperationGraph graph = new("first layer");
        GraphTensor x = graph.Tensor("x", new TensorShape(N: 8, C: 16, H: 32, W: 32));
        GraphTensor w = graph.Tensor("w", new FilterShape(K: 32, C: 16, R: 3, S: 3));
        GraphTensor b = graph.Channels("b", 32);
        GraphTensor y = graph.Relu(graph.Add(graph.Convolution(x, w, new Convolution(Padding: 1)), b)).Output("y");

        // Built: cuDNN's heuristics propose engines, the first that fits makes the plan.
        using GraphPlan plan = graph.Build(cudnn, new GraphBuildOptions { WorkspaceLimit = 256.MiB() });

        // Bound: once for all executions with this memory.
        using DeviceMemory<byte> input = context.Allocate<byte>(x.Bytes), filters = context.Allocate<byte>(w.Bytes);
        using DeviceMemory<byte> bias = context.Allocate<byte>(b.Bytes), output = context.Allocate<byte>(y.Bytes);
        using DeviceMemory<byte> workspace = context.Allocate<byte>(Math.Max(1, plan.WorkspaceBytes));
        using BoundPlan bound = plan.Bind(cudnn, workspace, x.At(input), w.At(filters), b.At(bias), y.At(output));

        stream.Fill(input.Span.Cast<float>(), 1f);
        stream.Fill(filters.Span.Cast<float>(), 0.5f);
        stream.Fill(bias.Span.Cast<float>(), -40f);
        bound.Execute();                            // put into the stream: allocates nothing, waits for nothing

        float[] values = new float[y.Elements];
        stream.CopyToHost(output.Span.Cast<float>(), values.AsSpan());
        stream.Synchronize();
        #endregion

        // A corner sees four of nine pixels, 32 - 40; the middle all nine, 72 - 40. 16 channels each, N H W C in memory.
        Assert.That(values[0], Is.Zero);
        Assert.That(values[((5 * 32) + 5) * 32], Is.EqualTo(32f));
    }

    [Test]
    public void A_training_step_of_a_normalisation_falls_back_where_there_is_no_plan()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream stream = context.CreateStream();
        using CudnnHandle cudnn = new(stream);
        #region fallback
        OperationGraph graph = new("bn + add + relu") { IntermediateType = DataType.BFloat16 };
        TensorShape image = new(N: 4, C: 64, H: 8, W: 8, DataType.BFloat16);
        GraphTensor x = graph.Tensor("x", image), shortcut = graph.Tensor("shortcut", image);
        NormTraining norm = graph.NormTraining(
            NormMode.Batch, x, graph.Channels("scale", 64), graph.Channels("bias", 64), epsilon: 1e-5,
            running: (graph.Channels("running mean", 64), graph.Channels("running variance", 64)), momentum: 0.1, name: "bn1");
        norm.Mean!.Output("mean");                                   // saved for the backward pass
        norm.InverseDeviation.Output("inverse deviation");
        norm.RunningMean!.Output("next running mean");
        norm.RunningVariance!.Output("next running variance");
        graph.Relu(graph.Add(norm.Y, shortcut)).Output("y");

        GraphSupport support = graph.IsSupported(cudnn);             // an answer, not an exception
        string how = support.IsSupported ? "fused" : $"separate calls, because {support.Reason}";
        #endregion
        Assert.That(support.IsSupported, Is.EqualTo(how == "fused"));
    }

    [Test]
    public void An_error_names_tensor_and_operation()
    {
        #region errors
        OperationGraph graph = new("block 3");
        GraphTensor x = graph.Tensor("image", new TensorShape(2, 64, 8, 8));
        GraphTensor w = graph.Tensor("filters", new FilterShape(128, 32, 3, 3));
        string message = "";
        try
        {
            graph.Convolution(x, w, new Convolution(Padding: 1), name: "conv1");
        }
        catch (ArgumentException error)
        {
            message = error.Message;
        }
        #endregion
        Assert.That(message, Is.EqualTo(
            "operation 'conv1' (convolution forward: x = 'image' (2 x 64 x 8 x 8 Float32, strides 4096, 1, 512, 64), w = 'filters' (128 x 32 x 3 x 3 Float32, strides 288, 1, 96, 32)) " +
            "of graph 'block 3': 1 groups were asked for, but 64 channels with filters of 32 make 2"));
        string? page = Golden.RepositoryFolder.Path("docs", "graphs.md");
        Assert.That(page is null || File.ReadAllText(page).Contains(message, StringComparison.Ordinal), Is.True, "the page shows the message");
    }

    [Test]
    public void Plans_are_cached_measured_and_kept_as_JSON()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream stream = context.CreateStream();
        using CudnnHandle cudnn = new(stream);
        #region cache
        using GraphPlanCache plans = new(new GraphBuildOptions { Deterministic = true });
        GraphPlan first = plans.Get(cudnn, Product("fc"));           // asks cuDNN
        GraphPlan again = plans.Get(cudnn, Product("fc, once more")); // finds the plan: names make no difference

        static OperationGraph Product(string name)
        {
            OperationGraph graph = new(name);
            GraphTensor a = graph.Tensor("a", DataType.Float32, [1, 32, 64]), b = graph.Tensor("b", DataType.Float32, [1, 64, 10]);
            graph.Matmul(a, b).Output("c");
            return graph;
        }
        #endregion
        Assert.That(again, Is.SameAs(first));
        OperationGraph graph = Product("tuned");
        (GraphTensor a, GraphTensor b, GraphTensor c) = (graph.Tensors[0], graph.Tensors[1], graph.Tensors[2]);
        using DeviceMemory<byte> left = context.Allocate<byte>(a.Bytes), right = context.Allocate<byte>(b.Bytes), result = context.Allocate<byte>(c.Bytes);
        using DeviceMemory<byte> workspace = context.Allocate<byte>(1 << 20);
        #region tune
        GraphTuning tuning = graph.Tune(cudnn, workspace, [a.At(left), b.At(right), c.At(result)]);   // times the candidates on the device
        string json = tuning.Plan.ToJson();                          // for the next start of the program
        plans.Store(cudnn, tuning.Plan);                             // the cache answers with it from now on
        using GraphPlan loaded = graph.LoadPlan(cudnn, json);
        #endregion
        Assert.That(plans.Get(cudnn, Product("later")), Is.SameAs(tuning.Plan));
        Assert.That(loaded.WorkspaceBytes, Is.EqualTo(tuning.Plan.WorkspaceBytes));
    }

    [Test]
    public void Engines_are_looked_at_one_by_one_and_devices_described()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream stream = context.CreateStream();
        using CudnnHandle cudnn = new(stream);
        OperationGraph graph = new("rectify");
        GraphTensor x = graph.Tensor("x", new TensorShape(1, 8, 4, 4));
        GraphTensor y = graph.Relu(x).Output("y");
        List<string> lines = [];
        #region engines
        using PreparedGraph prepared = graph.Prepare(cudnn);
        foreach (EngineConfiguration configuration in prepared.GetConfigurations(HeuristicMode.A))
        {
            using (configuration)
            using (GraphEngine engine = prepared.GetEngine(configuration.EngineIndex))
            {
                lines.Add($"engine {configuration.EngineIndex}: {string.Join(", ", configuration.NumericalNotes)}; knobs {string.Join(", ", engine.Knobs)}");
            }
        }
        #endregion
        Assert.That(lines, Is.Not.Empty);
        #region described
        using DeviceDescription there = DeviceDescription.FromJson(DeviceDescription.Of(0).ToJson());   // usually from a file of another machine
        GraphSupport support = graph.IsSupported(there);
        using GraphPlan plan = graph.Build(there);
        string json = plan.ToJson();                                 // LoadPlan takes it where the device is
        #endregion
        Assert.That((support.IsSupported, json.Length), Is.EqualTo((true, plan.ToJson().Length)));
        using DeviceMemory<byte> input = context.Allocate<byte>(x.Bytes), output = context.Allocate<byte>(y.Bytes);
        using GraphPlan here = graph.LoadPlan(cudnn, json);
        using DeviceMemory<byte> workspace = context.Allocate<byte>(Math.Max(1, here.WorkspaceBytes));
        using BoundPlan bound = here.Bind(cudnn, workspace, x.At(input), y.At(output));
        stream.Fill(input.Span.Cast<float>(), 2f);
        #region cudagraph
        using CudaGraph step = context.CreateGraph();
        using (CudaGraph part = bound.CreateCudaGraph())             // by cuDNN itself, without capturing a stream
        {
            step.AddChild(part);
        }

        using CudaGraphExecutable executable = step.Instantiate();
        executable.Launch(stream);
        #endregion
        float[] values = new float[y.Elements];
        stream.CopyToHost(output.Span.Cast<float>(), values.AsSpan());
        stream.Synchronize();
        Assert.That(values, Is.All.EqualTo(2f));
    }

    [Test]
    public void The_page_quotes_this_code_and_leaves_none_out() => QuotedCode.AssertQuoted("graphs.md", "GraphsPageTests.cs");
}
