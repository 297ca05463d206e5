using System.Diagnostics.CodeAnalysis;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>
/// A computation as cuDNN's graph API sees it: operations with the tensors between them, which cuDNN may compute in one kernel.
/// Described once, independent of any device; then <see cref="Build(CudnnHandle, GraphBuildOptions?)"/> makes a plan of it, which is bound to memory and executed.
/// </summary>
/// <remarks>
/// <para>Every operation is a method that takes tensors and returns its result. A result is virtual, needing no memory, until <see cref="GraphTensor.Output"/> says that it is to be written.</para>
/// <para>Names are for error texts: of the graph, of its tensors and of its operations. They make no difference to a plan.</para>
/// <para>A graph is fixed when it is first asked about, built or looked up; from then on several threads may use it.</para>
/// <para>An operation that takes a tensor of another graph throws <see cref="ArgumentException"/>; one that is added after the graph was fixed, <see cref="InvalidOperationException"/>.</para>
/// </remarks>
public sealed partial class OperationGraph
{
    private readonly List<GraphTensor> _tensors = [];
    private readonly List<GraphOperation> _operations = [];
    private GraphKey? _key;

    /// <summary>An empty graph.</summary>
    /// <param name="name">The name error texts call it by.</param>
    public OperationGraph(string name = "graph") => Name = name;

    /// <summary>The name error texts call it by.</summary>
    public string Name { get; }

    /// <summary>The type sums and functions are computed in; single precision unless set.</summary>
    public DataType ComputeType { get; init; } = DataType.Float32;

    /// <summary>The type of virtual results that were given none by <see cref="GraphTensor.As"/>; unless set, single precision where the operands are floats of 16 bits, else that of the operands.</summary>
    public DataType? IntermediateType { get; init; }

    /// <summary>The tensors in the order they were added.</summary>
    public IReadOnlyList<GraphTensor> Tensors => _tensors;

    /// <summary>The operations in the order they were added.</summary>
    public IReadOnlyList<GraphOperation> Operations => _operations;

    /// <summary>What makes two graphs the same computation. Asking for it fixes the graph.</summary>
    internal GraphKey Key
    {
        get
        {
            if (Volatile.Read(ref _key) is { } key)
            {
                return key;
            }

            if (_operations.Count == 0)
            {
                throw new InvalidOperationException($"{this} has no operations. Add one before it is used.");
            }

            Volatile.Write(ref _key, key = new GraphKey(this));
            return key;
        }
    }

    /// <summary>A tensor from outside, of images or volumes.</summary>
    /// <param name="name">The name error texts call it by.</param>
    /// <param name="shape">Dimensions, type and layout.</param>
    /// <exception cref="ArgumentException">No tensor has that shape, or its channels lie in vectors.</exception>
    public GraphTensor Tensor(string name, TensorShape shape)
    {
        shape.Validate(nameof(shape));
        TensorStrides strides = shape.Layout == TensorLayout.NchwVector
            ? throw new ArgumentException($"'{name}' is {shape}; graphs have no layout for channels in vectors. Use Nchw or Nhwc.", nameof(shape))
            : shape.Strides;
        return shape.IsVolume
            ? Tensor(name, shape.Type, [shape.N, shape.C, shape.D, shape.H, shape.W], [strides.N, strides.C, strides.D, strides.H, strides.W])
            : Tensor(name, shape.Type, [shape.N, shape.C, shape.H, shape.W], [strides.N, strides.C, strides.H, strides.W]);
    }

    /// <summary>Filters from outside.</summary>
    /// <param name="name">The name error texts call them by.</param>
    /// <param name="shape">Dimensions, type and layout; the dimensions are K, C, R, S in every layout.</param>
    /// <exception cref="ArgumentException">No filter has that shape, or its channels lie in vectors.</exception>
    public GraphTensor Tensor(string name, FilterShape shape)
    {
        shape.Validate(nameof(shape));
        return Tensor(name, new TensorShape(shape.K, shape.C, shape.R, shape.S, shape.Type, shape.Layout) { D = shape.T });
    }

    /// <summary>A tensor from outside, of any number of dimensions.</summary>
    /// <param name="name">The name error texts call it by.</param>
    /// <param name="type">The type of the elements.</param>
    /// <param name="dimensions">The dimensions, 1 to 8.</param>
    /// <param name="strides">The distances between neighbours in elements; without any, packed, the last dimension fastest.</param>
    /// <exception cref="ArgumentException">A dimension is less than 1, a stride negative, or there are not as many strides as dimensions.</exception>
    public GraphTensor Tensor(string name, DataType type, ReadOnlySpan<long> dimensions, ReadOnlySpan<long> strides = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        CheckDimensions(name, dimensions, nameof(dimensions));
        long[] steps = strides.IsEmpty ? GraphLayout.Packed(dimensions) : strides.ToArray();
        if (steps.Length != dimensions.Length || steps.AsSpan().ContainsAnyInRange(long.MinValue, -1))
        {
            throw new ArgumentException(
                $"'{name}' was given {dimensions.Length} dimensions and the strides {string.Join(", ", steps)}; each dimension needs one, 0 or more.", nameof(strides));
        }

        return AddTensor(name, type, null, dimensions.ToArray(), steps, null);
    }

    /// <summary>One number for each channel from outside, packed as 1 x C x 1 x 1: bias, scale, statistics.</summary>
    /// <param name="name">The name error texts call it by.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="type">The type of the elements.</param>
    /// <param name="rank">The number of dimensions of the tensors it goes with.</param>
    /// <exception cref="ArgumentException">There are less than 1 channels or 2 dimensions.</exception>
    public GraphTensor Channels(string name, long channels, DataType type = DataType.Float32, int rank = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 2);
        long[] dimensions = ChannelDimensions(channels, rank);
        return Tensor(name, type, dimensions, GraphLayout.ChannelsLast(dimensions));
    }

    /// <summary>A number passed from the host by value, such as an epsilon. It is part of the graph; <see cref="BoundPlan.SetValue"/> changes it from one execution to the next.</summary>
    /// <param name="name">The name error texts call it by.</param>
    /// <param name="value">The number.</param>
    /// <param name="type">Its type.</param>
    /// <param name="rank">The number of dimensions of the tensors it goes with; each of its own is 1.</param>
    public GraphTensor Scalar(string name, double value, DataType type = DataType.Float32, int rank = 4)
    {
        ArgumentNullException.ThrowIfNull(name);
        RequireOpen(this);
        GraphTensor tensor = GraphTensor.ByValue(this, NextUid(), name, type, rank, value);
        _tensors.Add(tensor);
        return tensor;
    }

    /// <summary>"graph 'name'".</summary>
    public override string ToString() => $"graph '{Name}'";

    internal GraphTensor? Find(long uid)
    {
        foreach (GraphTensor tensor in _tensors)
        {
            if (tensor.Uid == uid)
            {
                return tensor;
            }
        }

        return null;
    }

    internal DataType Intermediate(DataType natural) => IntermediateType ?? (natural is DataType.Float16 or DataType.BFloat16 ? DataType.Float32 : natural);

    internal void RequireOpen(object changed)
    {
        if (_key is not null)
        {
            Throw(changed);
        }

        [DoesNotReturn]
        void Throw(object changed) => throw new InvalidOperationException(
            $"{(ReferenceEquals(changed, this) ? "A new tensor or operation" : changed)} was to be added or changed, but {this} is in use already and fixed. Describe it wholly before it is first built, or make another.");
    }

    internal GraphTensor AddTensor(string name, DataType type, GraphTensor? heirOf, long[] dimensions, long[] strides, GraphOperation? producer)
    {
        RequireOpen(this);
        GraphTensor tensor = new(this, NextUid(), name, type, heirOf, dimensions, strides, producer);
        _tensors.Add(tensor);
        return tensor;
    }

    /// <summary>Begins an operation; its operands are checked before anything is added.</summary>
    private GraphOperation Begin(string kind, string? name, cudnnBackendDescriptorType_t type, params ReadOnlySpan<GraphTensor?> operands)
    {
        RequireOpen(this);
        string title = name ?? $"{kind} {_operations.Count + 1}";
        foreach (GraphTensor? operand in operands)
        {
            if (operand is not null && !ReferenceEquals(operand.Graph, this))
            {
                throw new ArgumentException(
                    $"operation '{title}' ({kind}) of {this} was given the tensor '{operand.Name}' of {operand.Graph}. Give it a tensor of its own graph.");
            }
        }

        GraphOperation operation = new(this, title, kind, type);
        _operations.Add(operation);
        return operation;
    }

    /// <summary>Takes an operation back whose operands turned out not to fit.</summary>
    [DoesNotReturn]
    private void Refuse(GraphOperation operation, string why)
    {
        _operations.Remove(operation);
        throw new ArgumentException($"{operation}: {why}");
    }

    private DataType StatisticsType => ComputeType == DataType.Float64 ? DataType.Float64 : DataType.Float32;

    private static long[] ChannelDimensions(long channels, int rank)
    {
        long[] dimensions = new long[rank];
        Array.Fill(dimensions, 1);
        dimensions[1] = channels;
        return dimensions;
    }

    private static void CheckDimensions(string name, ReadOnlySpan<long> dimensions, string parameter)
    {
        const int Most = 8;
        if (dimensions.Length is < 1 or > Most || dimensions.ContainsAnyInRange(long.MinValue, 0))
        {
            throw new ArgumentException(
                $"'{name}' was given the dimensions {string.Join(" x ", dimensions.ToArray())}; a tensor has 1 to {Most}, each at least 1.", parameter);
        }
    }

    private long NextUid()
    {
        long uid = _tensors.Count + 1;
        while (Find(uid) is not null)
        {
            uid++;
        }

        return uid;
    }
}
