using System.Globalization;

namespace CudnnNet;

/// <summary>A tensor of an <see cref="OperationGraph"/>: what goes into it, what comes out, and what only goes from one operation to the next.</summary>
/// <remarks>
/// <para>Results of operations are virtual: they need no memory, and a fused plan never writes them. <see cref="Output"/> makes a result one that is written to memory.</para>
/// <para>It can be changed until its graph is first used; then it is fixed.</para>
/// </remarks>
public sealed class GraphTensor
{
    private DataType _natural;

    // The operand whose type a result takes; null where the operation decides itself.
    private GraphTensor? _heirOf;
    private readonly long[] _dimensions;
    private long[] _strides;
    private DataType? _type;
    private bool _isOutput;

    internal GraphTensor(OperationGraph graph, long uid, string name, DataType natural, GraphTensor? heirOf, long[] dimensions, long[] strides, GraphOperation? producer)
    {
        Graph = graph;
        Uid = uid;
        Name = name;
        _natural = natural;
        _heirOf = heirOf;
        _dimensions = dimensions;
        _strides = strides;
        Producer = producer;
    }

    /// <summary>The graph it belongs to.</summary>
    public OperationGraph Graph { get; }

    /// <summary>The unique id by which cuDNN knows it: its number in the graph, unless <see cref="WithUid"/> chose another.</summary>
    public long Uid { get; private set; }

    /// <summary>The name error texts call it by.</summary>
    public string Name { get; private set; }

    /// <summary>The dimensions: N, C, then the spatial ones of images; batches, rows, columns of matrices.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>The distances between neighbours along each dimension, in elements.</summary>
    public ReadOnlySpan<long> Strides => _strides;

    /// <summary>The type of the elements. Of a result that was given none by <see cref="As"/>: <see cref="OperationGraph.IntermediateType"/> while it is virtual, else the type of its operation's first operand.</summary>
    public DataType Type => _type ?? (IsVirtual ? Graph.Intermediate(Inherited) : Inherited);

    /// <summary>Whether it only goes from one operation to the next, and needs no memory.</summary>
    public bool IsVirtual => Producer is not null && !_isOutput;

    /// <summary>Whether it is a number that is passed from the host, see <see cref="OperationGraph.Scalar"/>.</summary>
    public bool IsByValue { get; private init; }

    /// <summary>The number, where it is passed by value.</summary>
    public double Value { get; private init; }

    /// <summary>What the address of its memory is a multiple of, in bytes.</summary>
    public int Alignment { get; private set; } = 16;

    /// <summary>The number of elements.</summary>
    public long Elements => Product(_dimensions);

    /// <summary>The memory it spans, gaps between its elements included, in bytes.</summary>
    public long Bytes
    {
        get
        {
            long last = 0;
            for (int i = 0; i < _dimensions.Length; i++)
            {
                last += (_dimensions[i] - 1) * _strides[i];
            }

            return (last + 1) * Type.SizeInBytes();
        }
    }

    /// <summary>The operation whose result it is; null for what comes from outside.</summary>
    public GraphOperation? Producer { get; }

    /// <summary>The type its results inherit: the one that stays in memory.</summary>
    internal DataType Natural => _type is { } type && !IsVirtual ? type : Inherited;

    private DataType Inherited => _heirOf?.Natural ?? _natural;

    internal long[] Extents => _dimensions;

    internal long[] Steps => _strides;

    /// <summary>Makes this result one that the graph writes to memory.</summary>
    /// <param name="name">Its name from now on; null: the one it has.</param>
    /// <exception cref="InvalidOperationException">The graph is in use already, or this is no result of an operation.</exception>
    public GraphTensor Output(string? name = null)
    {
        Graph.RequireOpen(this);
        if (Producer is null)
        {
            throw new InvalidOperationException($"{this} was to be an output, but no operation makes it. Only results of operations are outputs.");
        }

        _isOutput = true;
        Name = name ?? Name;
        return this;
    }

    /// <summary>Gives it a type.</summary>
    /// <exception cref="InvalidOperationException">The graph is in use already.</exception>
    public GraphTensor As(DataType type)
    {
        Graph.RequireOpen(this);
        _type = type;
        return this;
    }

    /// <summary>Gives it a type that its results inherit, even while it is virtual.</summary>
    internal GraphTensor Become(DataType type)
    {
        (_natural, _heirOf) = (type, null);
        return As(type);
    }

    /// <summary>Gives it a name for error texts.</summary>
    /// <exception cref="InvalidOperationException">The graph is in use already.</exception>
    public GraphTensor Named(string name)
    {
        Graph.RequireOpen(this);
        Name = name;
        return this;
    }

    /// <summary>Gives it strides, in elements; without, results are packed in the order of their operation's first operand.</summary>
    /// <exception cref="ArgumentException">There are not as many strides as dimensions.</exception>
    /// <exception cref="InvalidOperationException">The graph is in use already.</exception>
    public GraphTensor WithStrides(params ReadOnlySpan<long> strides)
    {
        Graph.RequireOpen(this);
        if (strides.Length != _dimensions.Length)
        {
            throw new ArgumentException($"{strides.Length} strides were given for {this}; each of its {_dimensions.Length} dimensions needs one.", nameof(strides));
        }

        _strides = strides.ToArray();
        return this;
    }

    /// <summary>Says what the address of its memory is a multiple of, in bytes; 16 unless said otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is no positive multiple of an element's size.</exception>
    /// <exception cref="InvalidOperationException">The graph is in use already.</exception>
    public GraphTensor WithAlignment(int bytes)
    {
        Graph.RequireOpen(this);
        if (bytes < 1 || bytes % Type.SizeInBytes() != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, $"The alignment of {this} must be a positive multiple of the {Type.SizeInBytes()} byte(s) of an element.");
        }

        Alignment = bytes;
        return this;
    }

    /// <summary>Chooses the unique id by which cuDNN and its JSON know the tensor.</summary>
    /// <exception cref="ArgumentException">Another tensor of the graph has that id.</exception>
    /// <exception cref="InvalidOperationException">The graph is in use already.</exception>
    public GraphTensor WithUid(long uid)
    {
        Graph.RequireOpen(this);
        if (Graph.Find(uid) is { } other && !ReferenceEquals(other, this))
        {
            throw new ArgumentException($"{this} was to have the unique id {uid}, which is that of {other}. Choose another.", nameof(uid));
        }

        Uid = uid;
        return this;
    }

    /// <summary>Where its elements are in memory, for <see cref="GraphPlan.Bind"/>.</summary>
    public TensorPointer At(DevicePointer pointer) => new(this, pointer);

    /// <summary>"'x' (2 x 64 x 8 x 8 Float32, strides 4096, 1, 512, 64)", with what else it is.</summary>
    public override string ToString()
    {
        string what = IsByValue ? string.Create(CultureInfo.InvariantCulture, $", the value {Value}") : IsVirtual ? ", virtual" : "";
        return $"'{Name}' ({string.Join(" x ", _dimensions)} {Type}, strides {string.Join(", ", _strides)}{what})";
    }

    /// <summary>A number passed by value, with as many dimensions as the tensors around it.</summary>
    internal static GraphTensor ByValue(OperationGraph graph, long uid, string name, DataType type, int rank, double value)
    {
        long[] ones = new long[rank];
        Array.Fill(ones, 1);
        return new GraphTensor(graph, uid, name, type, null, ones, ones, null) { IsByValue = true, Value = value };
    }

    internal static long Product(ReadOnlySpan<long> dimensions)
    {
        long product = 1;
        foreach (long dimension in dimensions)
        {
            product = checked(product * dimension);
        }

        return product;
    }
}

/// <summary>Where a tensor of a graph is in memory. Made by <see cref="GraphTensor.At"/>.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Pointer">The address of its first element.</param>
public readonly record struct TensorPointer(GraphTensor Tensor, DevicePointer Pointer);
