using CudnnNet;

namespace ResNet.Tests.Graphs;

/// <summary>Runs a graph of a step by itself: numbers go in, numbers come out, in the order in which they lie in memory.</summary>
internal sealed class GraphRun : IDisposable
{
    private readonly CudaContext _context = CudaContext.Primary();
    private readonly CudaStream _stream;
    private readonly CudnnHandle _cudnn;

    public GraphRun()
    {
        _stream = _context.CreateStream();
        _cudnn = new CudnnHandle(_stream);
    }

    /// <summary>What the outputs are; the test is skipped where the device has no plan.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inputs">The inputs with their numbers, which are rounded to the tensors' types.</param>
    /// <param name="inPlace">Outputs that take the memory of an input.</param>
    public Func<GraphTensor, double[]> Execute(StepGraph graph, (GraphTensor Tensor, double[] Values)[] inputs, params (GraphTensor Output, GraphTensor Input)[] inPlace)
    {
        GraphSupport support = graph.Graph.TryBuild(_cudnn, null, out GraphPlan? built);
        if (built is not { } plan)
        {
            Requires.TheCpuDevice(support.Reason);
            throw new InvalidOperationException(support.Reason);
        }

        using (plan)
        {
            Dictionary<GraphTensor, DeviceMemory<byte>> memory = [];
            foreach ((GraphTensor tensor, double[] values) in inputs)
            {
                memory[tensor] = _context.Allocate<byte>(tensor.Bytes);
                Write(memory[tensor], tensor.Type, values);
            }

            HashSet<GraphTensor> shared = [];
            foreach ((GraphTensor output, GraphTensor input) in inPlace)
            {
                memory[output] = memory[input];
                shared.Add(output);
            }

            foreach (GraphTensor tensor in graph.Graph.Tensors.Where(tensor => !tensor.IsVirtual && !tensor.IsByValue && !memory.ContainsKey(tensor)))
            {
                memory[tensor] = _context.Allocate<byte>(tensor.Bytes);
            }

            using DeviceMemory<byte> workspace = _context.Allocate<byte>(Math.Max(1, plan.WorkspaceBytes));
            using (BoundPlan bound = plan.Bind(_cudnn, workspace, [.. memory.Select(entry => entry.Key.At(entry.Value))]))
            {
                bound.Execute();
            }

            Dictionary<GraphTensor, double[]> results = memory.Where(entry => entry.Key.Producer is not null).ToDictionary(entry => entry.Key, entry => Read(entry.Value, entry.Key.Type));
            foreach ((GraphTensor tensor, DeviceMemory<byte> taken) in memory)
            {
                if (!shared.Contains(tensor))
                {
                    taken.Dispose();
                }
            }

            return tensor => results[tensor];
        }
    }

    /// <summary>Numbers as a type holds them.</summary>
    public static double[] Rounded(double[] values, DataType type) => type switch
    {
        DataType.BFloat16 => Array.ConvertAll(values, value => (double)(float)(BFloat16)(float)value),
        DataType.Float16 => Array.ConvertAll(values, value => (double)(Half)value),
        _ => Array.ConvertAll(values, value => (double)(float)value),
    };

    public void Dispose()
    {
        _cudnn.Dispose();
        _stream.Dispose();
        _context.Dispose();
    }

    private void Write(DeviceMemory<byte> memory, DataType type, double[] values)
    {
        switch (type)
        {
            case DataType.BFloat16:
                _stream.CopyToDevice<BFloat16>(Array.ConvertAll(values, value => (BFloat16)(float)value), memory.Span.Cast<BFloat16>());
                break;
            case DataType.Float16:
                _stream.CopyToDevice<Half>(Array.ConvertAll(values, value => (Half)value), memory.Span.Cast<Half>());
                break;
            default:
                _stream.CopyToDevice<float>(Array.ConvertAll(values, value => (float)value), memory.Span.Cast<float>());
                break;
        }

        _stream.Synchronize();
    }

    private double[] Read(DeviceMemory<byte> memory, DataType type) => type switch
    {
        DataType.BFloat16 => Array.ConvertAll(Read<BFloat16>(memory), value => (double)(float)value),
        DataType.Float16 => Array.ConvertAll(Read<Half>(memory), value => (double)value),
        _ => Array.ConvertAll(Read<float>(memory), value => (double)value),
    };

    private T[] Read<T>(DeviceMemory<byte> memory)
        where T : unmanaged
    {
        DeviceSpan<T> span = memory.Span.Cast<T>();
        T[] values = new T[span.Length];
        _stream.CopyToHost(span, values.AsSpan());
        _stream.Synchronize();
        return values;
    }
}
