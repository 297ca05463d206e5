namespace CudnnNet.Tests;

/// <summary>A graph of random operations, types and layouts, with the values of every tensor computed beside it in double precision, one operation after the other.</summary>
internal sealed class RandomGraph
{
    private static readonly PointwiseMode[] s_unary =
    [
        PointwiseMode.Relu, PointwiseMode.Tanh, PointwiseMode.Sigmoid, PointwiseMode.Elu, PointwiseMode.Swish, PointwiseMode.Absolute, PointwiseMode.Negate, PointwiseMode.Sine, PointwiseMode.Softplus, PointwiseMode.Identity,
    ];

    private static readonly PointwiseMode[] s_binary = [PointwiseMode.Add, PointwiseMode.Subtract, PointwiseMode.Multiply, PointwiseMode.Minimum, PointwiseMode.Maximum, PointwiseMode.TanhBackward];

    private readonly Random _random;
    private readonly List<Node> _nodes = [];
    private readonly DataType _type;

    public RandomGraph(int seed)
    {
        _random = new Random(seed);
        _type = _random.Next(3) == 0 ? DataType.BFloat16 : DataType.Float32;
        Graph = new OperationGraph($"random {seed}");
        _nodes.Add(Input([_random.Next(1, 4), _random.Next(1, 10), _random.Next(2, 7), _random.Next(2, 7)]));
        int operations = _random.Next(1, 9);
        while (Graph.Operations.Count < operations)
        {
            Grow();
        }

        // What nothing reads is written, and a few others.
        foreach (Node node in _nodes)
        {
            bool isRead = Graph.Operations.Any(operation => operation.Inputs.Contains(node.Tensor));
            if (node.Tensor.Producer is not null && (!isRead || _random.Next(5) == 0))
            {
                node.Tensor.Output();
                if (node.Tensor.Type is DataType.Float32 or DataType.BFloat16)
                {
                    // Whether a later operation reads the rounded value or the one before is the engine's choice: what is read again is not rounded.
                    node.Tensor.As(!isRead && _random.Next(2) == 0 ? _type : DataType.Float32);
                }
            }
        }
    }

    public OperationGraph Graph { get; }

    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>What the graph is, for messages.</summary>
    public override string ToString() => string.Join("\n", Graph.Operations);

    private void Grow()
    {
        int kind = _random.Next(8);

        // Arithmetic takes truth values as 0 and 1; what moves or sums elements takes numbers.
        Node[] candidates = kind < 4 ? [.. _nodes] : [.. _nodes.Where(node => node.Tensor.Type != DataType.Boolean)];
        Node x = candidates[_random.Next(candidates.Length)];
        switch (kind)
        {
            case 0 or 1:
                PointwiseMode one = s_unary[_random.Next(s_unary.Length)];
                Add(Graph.Pointwise(one, x.Tensor), Combine(one, x, null, null));
                break;
            case 2 or 3:
                PointwiseMode two = s_binary[_random.Next(s_binary.Length)];
                Node b = Partner(x);
                Add(Graph.Pointwise(two, x.Tensor, b.Tensor), Combine(two, x, b, null));
                break;
            case 4:
                Node limit = Partner(x), other = Partner(x);
                GraphTensor truth = Graph.Pointwise(PointwiseMode.Greater, x.Tensor, limit.Tensor);
                Node condition = new(truth, Combine(PointwiseMode.Greater, x, limit, null));
                _nodes.Add(condition);
                Add(Graph.Pointwise(PointwiseMode.Select, x.Tensor, other.Tensor, truth), Combine(PointwiseMode.Select, x, other, condition));
                break;
            case 5:
                int[] along = [.. ((int[])[0, 1, 2, 3]).Where(_ => _random.Next(2) == 0)];
                Add(Graph.Reduce(x.Tensor, TensorReductionMode.Maximum, along), Reduce(x, along));
                break;
            case 6 when x.Dimensions[1] <= 64:
                Convolve(x);
                break;
            default:
                Node joined = Input([x.Dimensions[0], _random.Next(1, 4), x.Dimensions[2], x.Dimensions[3]]);
                _nodes.Add(joined);
                Node concat = Join(x, joined);
                _nodes.Add(concat);
                break;
        }
    }

    private Node Join(Node first, Node second)
    {
        // A concat takes tensors of one type that are in memory or not; the values stay what they are.
        GraphTensor y = Graph.Concat(1, [first.Tensor, second.Tensor]);
        long[] dimensions = y.Dimensions.ToArray();
        double[] values = new double[y.Elements];
        for (long i = 0; i < values.Length; i++)
        {
            long[] at = Coordinates(i, dimensions);
            bool inFirst = at[1] < first.Dimensions[1];
            Node source = inFirst ? first : second;
            values[i] = source.Values[Index(inFirst ? at : [at[0], at[1] - first.Dimensions[1], at[2], at[3]], source.Dimensions)];
        }

        return new(y, values);
    }

    private void Convolve(Node x)
    {
        int size = _random.Next(1, 4), padding = _random.Next(size), stride = _random.Next(1, 3);
        if (x.Dimensions[2] + (2 * padding) < size || x.Dimensions[3] + (2 * padding) < size)
        {
            return;
        }

        Node w = Input([_random.Next(1, 6), x.Dimensions[1], size, size]);
        _nodes.Add(w);
        GraphTensor y = Graph.Convolution(x.Tensor, w.Tensor, new Convolution(Padding: padding, Stride: stride));
        long[] dimensions = y.Dimensions.ToArray();
        double[] values = new double[y.Elements];
        for (long i = 0; i < values.Length; i++)
        {
            long[] at = Coordinates(i, dimensions);
            for (long c = 0; c < x.Dimensions[1]; c++)
            {
                for (int r = 0; r < size; r++)
                {
                    for (int s = 0; s < size; s++)
                    {
                        long h = (at[2] * stride) - padding + r, v = (at[3] * stride) - padding + s;
                        if (h >= 0 && h < x.Dimensions[2] && v >= 0 && v < x.Dimensions[3])
                        {
                            values[i] += x.Values[Index([at[0], c, h, v], x.Dimensions)] * w.Values[Index([at[1], c, r, s], w.Dimensions)];
                        }
                    }
                }
            }
        }

        Add(y, values);
    }

    /// <summary>Something of the same dimensions, or a constant, or one number for each channel.</summary>
    private Node Partner(Node x)
    {
        Node[] fitting = [.. _nodes.Where(node => node.Tensor.Type != DataType.Boolean && node.Dimensions.SequenceEqual(x.Dimensions))];
        switch (_random.Next(4))
        {
            case 0 when fitting.Length > 0:
                return fitting[_random.Next(fitting.Length)];
            case 1:
                double value = (float)((_random.NextDouble() * 2) - 1);
                return new(Graph.Scalar("constant", value), [value]);
            default:
                Node made = Input(_random.Next(2) == 0 ? x.Dimensions : [1, x.Dimensions[1], 1, 1]);
                _nodes.Add(made);
                return made;
        }
    }

    private Node Input(long[] dimensions)
    {
        long[] strides = _random.Next(3) switch
        {
            0 => GraphLayout.ChannelsLast(dimensions),
            1 => GraphLayout.Packed(dimensions),
            _ => [.. GraphLayout.Packed([dimensions[0], dimensions[1], dimensions[2], dimensions[3] + 1])],
        };
        GraphTensor tensor = Graph.Tensor($"input {_nodes.Count}", _type, dimensions, strides);
        double[] values = new double[tensor.Elements];
        for (int i = 0; i < values.Length; i++)
        {
            float value = (float)((_random.NextDouble() * 2) - 1);
            values[i] = _type == DataType.BFloat16 ? (float)(BFloat16)value : value;
        }

        return new(tensor, values);
    }

    private void Add(GraphTensor tensor, double[] values) => _nodes.Add(new(tensor, values));

    private static double[] Combine(PointwiseMode mode, Node x, Node? b, Node? t)
    {
        long[] dimensions = [.. x.Dimensions];
        for (int i = 0; i < 4; i++)
        {
            dimensions[i] = Math.Max(dimensions[i], b?.Dimensions[i] ?? 1);
        }

        double[] values = new double[GraphTensor.Product(dimensions)];
        for (long i = 0; i < values.Length; i++)
        {
            long[] at = Coordinates(i, dimensions);
            values[i] = GraphOperationTests.Functions[mode](x.At(at), b?.At(at) ?? 0, t?.At(at) ?? 0);
        }

        return values;
    }

    private static double[] Reduce(Node x, int[] along)
    {
        long[] dimensions = [.. x.Dimensions.Select((dimension, i) => along.Contains(i) ? 1 : dimension)];
        double[] values = new double[GraphTensor.Product(dimensions)];
        Array.Fill(values, double.NegativeInfinity);
        for (long i = 0; i < x.Values.Length; i++)
        {
            long[] at = Coordinates(i, x.Dimensions);
            long place = Index([.. at.Select((coordinate, d) => along.Contains(d) ? 0 : coordinate)], dimensions);
            values[place] = Math.Max(values[place], x.Values[i]);
        }

        return values;
    }

    private static long[] Coordinates(long index, long[] dimensions)
    {
        long[] at = new long[dimensions.Length];
        for (int i = dimensions.Length - 1; i >= 0; i--)
        {
            (index, at[i]) = Math.DivRem(index, dimensions[i]);
        }

        return at;
    }

    private static long Index(long[] at, long[] dimensions)
    {
        long index = 0;
        for (int i = 0; i < dimensions.Length; i++)
        {
            index = (index * dimensions[i]) + at[i];
        }

        return index;
    }

    /// <summary>A tensor with its values, the last dimension fastest.</summary>
    internal sealed record Node(GraphTensor Tensor, double[] Values)
    {
        public long[] Dimensions { get; } = Tensor.Dimensions.ToArray();

        /// <summary>The value at a place of a tensor that may be larger where this one has 1.</summary>
        public double At(long[] place) => Values[Index([.. place.Select((coordinate, i) => Dimensions[i] == 1 ? 0 : coordinate)], Dimensions)];

        /// <summary>The tensor as it lies in memory; what lies between its elements is not a number.</summary>
        public byte[] ToBytes()
        {
            byte[] bytes = new byte[Tensor.Bytes];
            Array.Fill(bytes, (byte)0xFF);
            for (long i = 0; i < Values.Length; i++)
            {
                Span<byte> place = bytes.AsSpan(Offset(i));
                if (Tensor.Type == DataType.BFloat16)
                {
                    System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(place, ((BFloat16)(float)Values[i]).Bits);
                }
                else
                {
                    System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(place, (float)Values[i]);
                }
            }

            return bytes;
        }

        /// <summary>The values of memory in which the tensor lies.</summary>
        public double[] Read(byte[] bytes)
        {
            double[] values = new double[Values.Length];
            for (long i = 0; i < values.Length; i++)
            {
                ReadOnlySpan<byte> place = bytes.AsSpan(Offset(i));
                values[i] = Tensor.Type switch
                {
                    DataType.BFloat16 => BFloat16.FromBits(System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(place)),
                    DataType.Boolean => place[0],
                    _ => System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(place),
                };
            }

            return values;
        }

        private int Offset(long element)
        {
            long[] at = Coordinates(element, Dimensions);
            long offset = 0;
            for (int i = 0; i < at.Length; i++)
            {
                offset += at[i] * Tensor.Strides[i];
            }

            return (int)offset * Tensor.Type.SizeInBytes();
        }
    }
}
