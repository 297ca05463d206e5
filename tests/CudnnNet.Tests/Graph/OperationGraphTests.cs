namespace CudnnNet.Tests;

/// <summary>The description of graphs: shapes that follow, names in errors, what is refused before cuDNN is asked.</summary>
public sealed class OperationGraphTests
{
    [Test]
    public void Results_have_the_dimensions_types_and_layouts_that_follow_from_their_operands()
    {
        OperationGraph graph = new();
        GraphTensor x = graph.Tensor("x", new TensorShape(2, 8, 7, 9, DataType.BFloat16));
        GraphTensor w = graph.Tensor("w", new FilterShape(16, 8, 3, 3, DataType.BFloat16));
        GraphTensor y = graph.Convolution(x, w, new Convolution(Padding: 1, Stride: 2));
        Assert.That(y.Dimensions.ToArray(), Is.EqualTo(new long[] { 2, 16, 4, 5 }));
        Assert.That(y.Strides.ToArray(), Is.EqualTo(new long[] { 320, 1, 80, 16 }), "channels last as x");
        Assert.That((y.IsVirtual, y.Type), Is.EqualTo((true, DataType.Float32)), "between operations 16 bits are computed in 32");
        GraphTensor relu = graph.Relu(y).Output();
        Assert.That((relu.IsVirtual, relu.Type), Is.EqualTo((false, DataType.BFloat16)), "what is written has the type of x");
        ChannelSums sums = graph.GenerateStatistics(relu);
        Assert.That(sums.Sum.Dimensions.ToArray(), Is.EqualTo(new long[] { 1, 16, 1, 1 }));
        Assert.That(sums.Sum.Output().Type, Is.EqualTo(DataType.Float32));
        GraphTensor compared = graph.Pointwise(PointwiseMode.Greater, relu, graph.Scalar("zero", 0));
        Assert.That(compared.Type, Is.EqualTo(DataType.Boolean));
        GraphTensor planar = graph.Tensor("planar", new TensorShape(2, 8, 7, 9, Layout: TensorLayout.Nchw));
        Assert.That(graph.Resample(planar, ResampleMode.Max, new PoolingWindow(3, 1, 2)).Strides.ToArray(), Is.EqualTo(new long[] { 160, 20, 5, 1 }));
        GraphTensor converted = graph.Convert(planar, DataType.BFloat16);
        Assert.That((converted.Type, graph.Relu(converted).Output().Type), Is.EqualTo((DataType.BFloat16, DataType.BFloat16)), "a conversion changes what follows");
        OperationGraph narrow = new() { IntermediateType = DataType.BFloat16 };
        Assert.That(narrow.Relu(narrow.Tensor("x", new TensorShape(1, 8, 2, 2))).Type, Is.EqualTo(DataType.BFloat16));
    }

    [Test]
    public void What_does_not_fit_is_refused_by_the_names_of_operation_tensors_and_graph()
    {
        OperationGraph graph = new("block");
        GraphTensor x = graph.Tensor("image", new TensorShape(2, 8, 7, 9));
        GraphTensor w = graph.Tensor("filters", new FilterShape(16, 3, 3, 3));
        Refused(() => graph.Convolution(x, w, new Convolution(Padding: 1), name: "conv1"), "operation 'conv1' (convolution forward", "'image' (2 x 8 x 7 x 9", "'filters' (16 x 3 x 3 x 3", "graph 'block'");
        Refused(() => graph.Convolution(x, graph.Tensor("large", new FilterShape(1, 8, 9, 9)), new Convolution()), "larger than the padded input");
        Refused(() => graph.Add(x, graph.Tensor("shortcut", new TensorShape(2, 8, 5, 9)), "add"), "operation 'add' (add", "'shortcut'", "dimension 2");
        Refused(() => graph.Pointwise(PointwiseMode.Select, x), "select takes 3 operand(s), 1 were given");
        Refused(() => graph.Pointwise(PointwiseMode.Relu, x, x), "relu takes 1 operand(s), 2 were given");
        Refused(() => graph.Matmul(x, x, "product"), "operation 'product' (matmul");
        Refused(() => graph.Reduce(x, TensorReductionMode.Add, [4]), "dimension 4");
        Refused(() => graph.Reshape(x, [3, 5]), "15 elements, x has 1008");
        Refused(() => graph.Concat(1, [x, graph.Tensor("other", new TensorShape(2, 4, 7, 8))], name: "join"), "operation 'join' (concat", "not in 3");
        Refused(() => graph.NormTraining(NormMode.Layer, x, graph.Channels("scale", 8), null, 1e-5, (x, x)), "layer norm forward", "only a batch normalisation");
        Refused(() => graph.Resample(x, ResampleMode.Max, new PoolingWindow(12, 1, 1), name: "pool"), "operation 'pool' (resample forward");
        Refused(() => graph.Tensor("empty", DataType.Float32, [2, 0]), "'empty'", "2 x 0");
        Refused(() => graph.Tensor("strides", DataType.Float32, [2, 3], [3]), "'strides'", "2 dimensions");
        Refused(() => x.WithUid(w.Uid), "unique id 2", "'filters'");
        OperationGraph other = new("other");
        Refused(() => other.Relu(x, "rectify"), "operation 'rectify' (relu) of graph 'other'", "tensor 'image' of graph 'block'");
        Assert.That(graph.Operations, Is.Empty, "what was refused is not part of the graph");
        Assert.That(() => x.Output(), Throws.InvalidOperationException.With.Message.Contains("'image'"));
    }

    [Test]
    public void What_cuDNN_refuses_is_named_too()
    {
        using GraphDevice device = new();
        OperationGraph graph = new("block");
        GraphTensor x = graph.Tensor("image", new TensorShape(1, 8, 4, 4)), scale = graph.Channels("scale", 8);
        NormTraining norm = graph.NormTraining(NormMode.Batch, x, scale, graph.Channels("bias", 8), 1e-5, name: "norm");

        // The inverse deviation has another type than the mean, which the library finds when the operation is finalized.
        norm.InverseDeviation.Output().As(DataType.Float64);
        norm.Mean!.Output();
        norm.Y.Output("normalised");
        CudnnException refused = Assert.Throws<CudnnException>(() => graph.Prepare(device.Cudnn))!;
        Assert.That(refused.Message, Does.Contain("operation 'norm' (batch norm forward: x = 'image' (1 x 8 x 4 x 4 Float32"));
        Assert.That(refused.Message, Does.Contain("'normalised'").And.Contain("graph 'block'"));
        Assert.That(() => graph.IsSupported(device.Cudnn), Throws.TypeOf<CudnnException>(), "a mistake is no answer");
    }

    [Test]
    public void A_graph_in_use_is_fixed()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        small.Graph.Build(device.Cudnn).Dispose();
        Assert.That(() => small.Graph.Relu(small.Y), Throws.InvalidOperationException.With.Message.Contains("graph 'small' is in use already"));
        Assert.That(() => small.Y.As(DataType.BFloat16), Throws.InvalidOperationException.With.Message.Contains("'result'"));
        Assert.That(() => small.Graph.Tensor("late", DataType.Float32, [1]), Throws.InvalidOperationException);
        Assert.That(() => new OperationGraph("empty").Build(device.Cudnn), Throws.InvalidOperationException.With.Message.Contains("graph 'empty' has no operations"));
    }

    [Test]
    public void Binding_names_the_tensor_whose_memory_is_missing_twice_there_or_not_wanted()
    {
        using GraphDevice device = new();
        SmallGraph small = new();
        using GraphPlan plan = small.Graph.Build(device.Cudnn);
        (TensorPointer[] tensors, _) = small.Place(device);
        DeviceMemory<byte> workspace = device.Workspace(plan);
        Refused(() => plan.Bind(device.Cudnn, workspace, tensors.AsSpan(1)), "'image'", "was given no memory", "graph 'small'");
        Refused(() => plan.Bind(device.Cudnn, workspace, [.. tensors, tensors[0]]), "'image'", "twice");
        Refused(() => plan.Bind(device.Cudnn, workspace, [.. tensors[..3], small.Y.At(default)]), "'result'", "null");
        Refused(() => plan.Bind(device.Cudnn, workspace, [.. tensors, small.Convolved.At(tensors[0].Pointer)]), "which is virtual");
        Refused(() => plan.Bind(device.Cudnn, workspace, [.. tensors[..3], small.Y.At(tensors[3].Pointer.Offset(4))]), "'result'", "alignment of 16 bytes");
        Refused(() => plan.Bind(device.Cudnn, workspace, [.. tensors, new SmallGraph(channels: 4, name: "other").X.At(tensors[0].Pointer)]), "which none of the operations uses");
        if (plan.WorkspaceBytes > 0)
        {
            Refused(() => plan.Bind(device.Cudnn, workspace.Span.Slice(0, 0), tensors), $"{plan.WorkspaceBytes} bytes");
        }
    }

    [Test]
    public void Strides_ids_and_alignments_are_those_that_were_given()
    {
        using GraphDevice device = new();
        OperationGraph graph = new();

        // Every second element of x into a transposed y, at addresses that are multiples of 4 bytes only.
        GraphTensor x = graph.Tensor("x", DataType.Float32, [1, 1, 2, 3], [12, 12, 6, 2]).WithAlignment(4).WithUid(77);
        GraphTensor y = graph.Pointwise(PointwiseMode.Negate, x).Output("y").WithStrides(6, 6, 1, 2).WithAlignment(4).WithUid(5);
        Assert.That((x.Uid, y.Uid, x.Bytes), Is.EqualTo((77L, 5L, 44L)));
        DeviceMemory<float> input = device.Upload<float>(-1, 0, 9, 1, 9, 2, 9, 3, 9, 4, 9, 5);
        DeviceMemory<float> output = device.Upload(new float[7]);
        device.Run(graph, x.At(new DevicePointer(input.Address).Offset(4)), y.At(new DevicePointer(output.Address).Offset(4)));
        Assert.That(device.Download(output), Is.EqualTo(new float[] { 0, 0, -3, -1, -4, -2, -5 }));
    }

    private static void Refused(Action call, params string[] words)
    {
        string message = Assert.Throws<ArgumentException>(call)!.Message;
        foreach (string word in words)
        {
            Assert.That(message, Does.Contain(word));
        }
    }
}
