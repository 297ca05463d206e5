using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <content>Functions of single elements.</content>
public sealed partial class OperationGraph
{
    /// <summary>y = f(x, b, t), element by element; operands whose dimension is 1 are repeated along it.</summary>
    /// <param name="mode">The function.</param>
    /// <param name="x">The first operand; of gradients the input of the forward function.</param>
    /// <param name="b">The second operand of functions that have one; of gradients dy.</param>
    /// <param name="t">The condition of <see cref="PointwiseMode.Select"/>.</param>
    /// <param name="options">The function's constants.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>The result, as large as the largest operand. Comparisons and logic give truth values, <see cref="PointwiseMode.Index"/> 32-bit integers, arithmetic with truth values (0 or 1) the type of the other operand.</returns>
    /// <exception cref="ArgumentException">The function has another number of operands, or their dimensions do not fit.</exception>
    public GraphTensor Pointwise(PointwiseMode mode, GraphTensor x, GraphTensor? b = null, GraphTensor? t = null, PointwiseOptions options = default, string? name = null)
    {
        bool isGradient = mode is >= PointwiseMode.ReluBackward and <= PointwiseMode.GeluTanhBackward;
        GraphOperation operation = Begin(KindOf(mode), name, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, Existing(x), b, t)
            .Read(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, "x", x)
            .Read(isGradient ? CUDNN_ATTR_OPERATION_POINTWISE_DYDESC : CUDNN_ATTR_OPERATION_POINTWISE_BDESC, isGradient ? "dy" : "b", b)
            .Read(CUDNN_ATTR_OPERATION_POINTWISE_TDESC, "t", t);
        int wanted = OperandsOf(mode), found = 1 + (b is null ? 0 : 1) + (t is null ? 0 : 1);
        if (wanted != found || (t is not null && b is null))
        {
            Refuse(operation, $"{KindOf(mode)} takes {wanted} operand(s), {found} were given");
        }

        Describe(operation, mode, options);
        (long[] dimensions, GraphTensor widest) = Broadcast(operation, x, b, t);
        cudnnBackendAttributeName_t result = isGradient ? CUDNN_ATTR_OPERATION_POINTWISE_DXDESC : CUDNN_ATTR_OPERATION_POINTWISE_YDESC;
        string label = isGradient ? "dx" : "y";
        return mode switch
        {
            >= PointwiseMode.Equal and <= PointwiseMode.Not => operation.WriteLike(result, label, DataType.Boolean, dimensions, widest),
            PointwiseMode.Index => operation.WriteLike(result, label, DataType.Int32, dimensions, widest),
            _ => operation.WriteLike(result, label, TypeOperand(widest, x, b), StatisticsType, dimensions, widest),
        };
    }

    /// <summary>x + b.</summary>
    /// <param name="x">The first operand.</param>
    /// <param name="b">The second, repeated where its dimension is 1: a bias, a shortcut.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public GraphTensor Add(GraphTensor x, GraphTensor b, string? name = null) => Pointwise(PointwiseMode.Add, x, b, name: name);

    /// <summary>x - b.</summary>
    /// <param name="x">The first operand.</param>
    /// <param name="b">The second, repeated where its dimension is 1.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public GraphTensor Subtract(GraphTensor x, GraphTensor b, string? name = null) => Pointwise(PointwiseMode.Subtract, x, b, name: name);

    /// <summary>x · b.</summary>
    /// <param name="x">The first operand.</param>
    /// <param name="b">The second, repeated where its dimension is 1: a scale, a mask.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public GraphTensor Multiply(GraphTensor x, GraphTensor b, string? name = null) => Pointwise(PointwiseMode.Multiply, x, b, name: name);

    /// <summary>max(x, 0).</summary>
    /// <param name="x">The operand.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public GraphTensor Relu(GraphTensor x, string? name = null) => Pointwise(PointwiseMode.Relu, x, name: name);

    /// <summary>The gradient of ReLU: dy where x > 0, else 0.</summary>
    /// <param name="x">Input or output of the forward function; both are above 0 in the same places.</param>
    /// <param name="dy">The gradient of the output.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public GraphTensor ReluBackward(GraphTensor x, GraphTensor dy, string? name = null) => Pointwise(PointwiseMode.ReluBackward, x, dy, name: name);

    /// <summary>x in another type, which later results inherit.</summary>
    /// <param name="x">The operand.</param>
    /// <param name="type">The type of the result.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public GraphTensor Convert(GraphTensor x, DataType type, string? name = null) => Pointwise(PointwiseMode.Identity, x, name: name).Become(type);

    private void Describe(GraphOperation operation, PointwiseMode mode, PointwiseOptions options)
    {
        List<GraphAttribute> attributes =
        [
            GraphAttribute.Of(CUDNN_ATTR_POINTWISE_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_POINTWISE_MODE, (long)mode),
            GraphAttribute.Of(CUDNN_ATTR_POINTWISE_MATH_PREC, ComputeType),
        ];
        AddReal(attributes, CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP, options.LowerClip);
        AddReal(attributes, CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, options.UpperClip);
        AddReal(attributes, CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, options.LowerClipSlope);
        AddReal(attributes, CUDNN_ATTR_POINTWISE_ELU_ALPHA, options.EluAlpha);
        AddReal(attributes, CUDNN_ATTR_POINTWISE_SOFTPLUS_BETA, options.SoftplusBeta);
        AddReal(attributes, CUDNN_ATTR_POINTWISE_SWISH_BETA, options.SwishBeta);
        if (options.Axis is { } axis)
        {
            attributes.Add(GraphAttribute.Of(CUDNN_ATTR_POINTWISE_AXIS, axis));
        }

        if (options.PropagatesNan is { } propagates)
        {
            attributes.Add(GraphAttribute.Of(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, cudnnBackendAttributeType_t.CUDNN_TYPE_NAN_PROPOGATION, propagates ? 1 : 0));
        }

        operation.Describe(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, [.. attributes]);
        AddReal(operation.Attributes, CUDNN_ATTR_OPERATION_POINTWISE_ALPHA1, options.Alpha1);
        AddReal(operation.Attributes, CUDNN_ATTR_OPERATION_POINTWISE_ALPHA2, options.Alpha2);
    }

    private void AddReal(List<GraphAttribute> attributes, cudnnBackendAttributeName_t name, double? value)
    {
        if (value is { } given)
        {
            attributes.Add(GraphAttribute.Real(name, given, ComputeType));
        }
    }

    /// <summary>The dimensions of a result, and the first operand that has them, or the one with most elements.</summary>
    private (long[] Dimensions, GraphTensor Widest) Broadcast(GraphOperation operation, GraphTensor x, GraphTensor? b, GraphTensor? t)
    {
        long[] dimensions = [.. x.Extents];
        GraphTensor widest = x;
        foreach (GraphTensor? other in (ReadOnlySpan<GraphTensor?>)[b, t])
        {
            if (other is null)
            {
                continue;
            }

            if (other.Extents.Length != dimensions.Length)
            {
                Refuse(operation, "the operands differ in their number of dimensions. Give them as many, 1 where there is nothing to say");
            }

            for (int i = 0; i < dimensions.Length; i++)
            {
                if (dimensions[i] != other.Extents[i] && dimensions[i] != 1 && other.Extents[i] != 1)
                {
                    Refuse(operation, $"in dimension {i} an operand has {dimensions[i]}, another {other.Extents[i]}; they must be equal, or one of them 1");
                }

                dimensions[i] = Math.Max(dimensions[i], other.Extents[i]);
            }

            if (other.Elements > widest.Elements)
            {
                widest = other;
            }
        }

        return (dimensions, widest);
    }

    /// <summary>The operand whose type the result takes: a number rather than a truth value, which may stand for 0 or 1 in a product.</summary>
    private static GraphTensor? TypeOperand(GraphTensor widest, GraphTensor x, GraphTensor? b)
    {
        foreach (GraphTensor? operand in (ReadOnlySpan<GraphTensor?>)[widest, x, b])
        {
            if (operand is not null && operand.Natural != DataType.Boolean)
            {
                return operand;
            }
        }

        return null;
    }

    private static int OperandsOf(PointwiseMode mode) => mode switch
    {
        PointwiseMode.Select => 3,
        PointwiseMode.SquareRoot or PointwiseMode.Not or PointwiseMode.Index => 1,
        >= PointwiseMode.Absolute and <= PointwiseMode.Reciprocal => 1,
        >= PointwiseMode.Relu and <= PointwiseMode.GeluTanh => 1,
        _ => 2,
    };

    /// <summary>"relu backward" for ReluBackward.</summary>
    private static string KindOf(PointwiseMode mode)
    {
        System.Text.StringBuilder words = new();
        foreach (char letter in mode.ToString())
        {
            if (char.IsAsciiLetterUpper(letter) && words.Length > 0)
            {
                words.Append(' ');
            }

            words.Append(char.ToLowerInvariant(letter));
        }

        return words.ToString();
    }
}
