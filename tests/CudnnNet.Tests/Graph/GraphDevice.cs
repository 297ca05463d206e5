namespace CudnnNet.Tests;

/// <summary>A device with a handle, and ways to run graphs on it; what most tests of the graph API start with.</summary>
internal sealed class GraphDevice : IDisposable
{
    private readonly TestDevice _device = new();

    public GraphDevice() => Cudnn = _device.Own(new CudnnHandle(_device.Stream));

    public CudnnHandle Cudnn { get; }

    public CudaContext Context => _device.Context;

    public CudaStream Stream => _device.Stream;

    public T Own<T>(T owner)
        where T : IDisposable => _device.Own(owner);

    public DeviceMemory<T> Upload<T>(params ReadOnlySpan<T> values)
        where T : unmanaged => _device.Upload(values);

    public T[] Download<T>(DeviceMemory<T> memory)
        where T : unmanaged => _device.Download(memory.Span);

    /// <summary>Memory for a tensor, full of what must not be read.</summary>
    public DeviceMemory<byte> Memory(GraphTensor tensor)
    {
        byte[] bytes = new byte[tensor.Bytes];
        Array.Fill(bytes, (byte)0xFF);
        return _device.Upload<byte>(bytes);
    }

    public DeviceMemory<byte> Workspace(GraphPlan plan) => Own(Context.Allocate<byte>(Math.Max(1, plan.WorkspaceBytes)));

    /// <summary>Builds, binds and executes a graph.</summary>
    public void Run(OperationGraph graph, params ReadOnlySpan<TensorPointer> tensors)
    {
        GraphPlan plan = Own(graph.Build(Cudnn));
        Own(plan.Bind(Cudnn, Workspace(plan), tensors)).Execute();
    }

    public void Dispose() => _device.Dispose();
}

/// <summary>y = relu(conv(x, w) + b), of images of 2 x 8 x 6 x 6 and 4 filters of 3 x 3.</summary>
internal sealed class SmallGraph
{
    public SmallGraph(DataType type = DataType.Float32, string name = "small", int channels = 8)
    {
        ImageShape = new(2, channels, 6, 6, type);
        FilterShape = new(4, channels, 3, 3, type);
        Graph = new OperationGraph(name);
        X = Graph.Tensor("image", ImageShape);
        W = Graph.Tensor("filters", FilterShape);
        B = Graph.Channels("bias", 4);
        Convolved = Graph.Convolution(X, W, new Convolution(Padding: 1), name: "first convolution");
        Y = Graph.Relu(Graph.Add(Convolved, B, "add bias"), "rectify").Output("result");
    }

    public OperationGraph Graph { get; }

    public TensorShape ImageShape { get; }

    public FilterShape FilterShape { get; }

    public GraphTensor X { get; }

    public GraphTensor W { get; }

    public GraphTensor B { get; }

    public GraphTensor Convolved { get; }

    public GraphTensor Y { get; }

    /// <summary>Where its tensors are, in single precision.</summary>
    public (TensorPointer[] Tensors, DeviceMemory<float> Result) Place(GraphDevice device, float image = 1, float bias = 0.25f)
    {
        float[] x = new float[X.Elements], w = new float[W.Elements], b = new float[4];
        Array.Fill(x, image);
        Array.Fill(w, 0.5f);
        Array.Fill(b, bias);
        DeviceMemory<float> result = device.Upload(new float[Y.Elements]);
        return ([X.At(device.Upload<float>(x)), W.At(device.Upload<float>(w)), B.At(device.Upload<float>(b)), Y.At(result)], result);
    }

    /// <summary>The result in a corner (4 of 9 pixels) and in the middle.</summary>
    public static (float Corner, float Middle) Expected(float image = 1, float bias = 0.25f, int channels = 8) =>
        (Math.Max(0, (4 * channels * 0.5f * image) + bias), Math.Max(0, (9 * channels * 0.5f * image) + bias));

    public static void AssertHolds(float[] result, (float Corner, float Middle) expected)
    {
        // N, H, W, C with 4 channels: the first pixel is a corner, that of row 2, column 2 is in the middle.
        Assert.That(result[0], Is.EqualTo(expected.Corner).Within(1e-4));
        Assert.That(result[((2 * 6) + 2) * 4], Is.EqualTo(expected.Middle).Within(1e-4));
    }
}
