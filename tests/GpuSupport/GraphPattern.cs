using System.Globalization;
using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;

namespace GpuSupport;

/// <summary>A graph taken apart into what decides whether there is an engine: operations, how they are connected, types and layout; the class of its shapes; the shapes themselves.</summary>
internal sealed class GraphPattern
{
    /// <summary>Attributes that are geometry: they belong to the shape.</summary>
    private static readonly int[] s_geometry = [.. ((cudnnBackendAttributeName_t[])
    [
        CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
        CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, CUDNN_ATTR_RESAMPLE_POST_PADDINGS, CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, CUDNN_ATTR_RESAMPLE_STRIDES,
    ]).Select(name => (int)name)];

    /// <summary>Attributes that say nothing where they have their initial value.</summary>
    private static readonly Dictionary<int, double> s_initial = new()
    {
        [(int)CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA] = 1,
        [(int)CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA] = 0,
        [(int)CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA] = 1,
        [(int)CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA] = 0,
        [(int)CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA] = 1,
        [(int)CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA] = 0,
        [(int)CUDNN_ATTR_OPERATION_POINTWISE_ALPHA1] = 1,
        [(int)CUDNN_ATTR_OPERATION_POINTWISE_ALPHA2] = 1,
        [(int)CUDNN_ATTR_OPERATION_RESAMPLE_FWD_ALPHA] = 1,
        [(int)CUDNN_ATTR_OPERATION_RESAMPLE_FWD_BETA] = 0,
        [(int)CUDNN_ATTR_OPERATION_RESAMPLE_BWD_ALPHA] = 1,
        [(int)CUDNN_ATTR_OPERATION_RESAMPLE_BWD_BETA] = 0,
        [(int)CUDNN_ATTR_REDUCTION_IS_DETERMINISTIC] = 0,
        [(int)CUDNN_ATTR_MATMUL_PADDING_VALUE] = 0,
    };

    private readonly List<FormTensor> _tensors = [];

    public GraphPattern(GraphForm form)
    {
        List<FormOperation> ordered = Order(form);
        List<string> structure = [], untyped = [], classes = [];
        List<double> shape = [];
        foreach (FormOperation operation in ordered)
        {
            string head = $"{(cudnnBackendDescriptorType_t)operation.Type}[{Attributes(operation)}]";
            FormPort[] ports = [.. operation.Ports.OrderBy(port => port.Attribute)];
            structure.Add($"{head}({string.Join(", ", ports.Select(port => $"{port.Attribute}={Number(port.Tensor)}:{Role(port.Tensor)}:{(cudnnDataType_t)port.Tensor.Type}"))})");
            untyped.Add($"{head}({string.Join(", ", ports.Select(port => $"{port.Attribute}={Number(port.Tensor)}:{Role(port.Tensor)}"))})");
            foreach (int attribute in s_geometry)
            {
                if (operation.Attributes.TryGetValue(attribute, out double[]? values))
                {
                    classes.Add($"{(cudnnBackendAttributeName_t)attribute} {Text(values)}");
                }
            }
        }

        foreach (FormTensor tensor in _tensors)
        {
            shape.AddRange(tensor.Dimensions.Select(dimension => (double)dimension));
            if (!tensor.IsByValue)
            {
                classes.Add(ClassOf(tensor, IsFilter(ordered, tensor)));
            }
        }

        Form = form;
        Structure = string.Join("; ", structure);
        Untyped = string.Join("; ", untyped);
        Layout = LayoutOf(_tensors);
        ShapeClass = string.Join(", ", classes.Distinct());
        Shape = [.. shape];
    }

    /// <summary>What was taken apart.</summary>
    public GraphForm Form { get; }

    /// <summary>Operations, connections and types.</summary>
    public string Structure { get; }

    /// <summary>Operations and connections without types.</summary>
    public string Untyped { get; }

    /// <summary>The order of images in memory: "channels last", "channels first", "mixed"; empty where no image says.</summary>
    public string Layout { get; }

    /// <summary>What of the shapes decides about engines: windows, strides, padding, and what the channels are multiples of.</summary>
    public string ShapeClass { get; }

    /// <summary>All dimensions.</summary>
    public double[] Shape { get; }

    /// <summary>Whether two layouts do not contradict each other.</summary>
    public static bool Agree(string one, string other) => one == other || one.Length == 0 || other.Length == 0;

    /// <summary>How far two shapes of one pattern are apart: the sum of the logarithms of the ratios of their dimensions.</summary>
    public double Distance(GraphPattern other) => Shape.Length != other.Shape.Length
        ? double.PositiveInfinity
        : Shape.Zip(other.Shape, (a, b) => Math.Abs(Math.Log(a / b))).Sum();

    private int Number(FormTensor tensor)
    {
        int number = _tensors.FindIndex(known => known.Uid == tensor.Uid);
        if (number < 0)
        {
            number = _tensors.Count;
            _tensors.Add(tensor);
        }

        return number;
    }

    /// <summary>Those whose operands are there first; among them by what they are and are made of, so that the order of description does not matter.</summary>
    private static List<FormOperation> Order(GraphForm form)
    {
        Dictionary<long, FormOperation> producers = [];
        foreach (FormOperation operation in form.Operations)
        {
            foreach (FormPort port in operation.Ports.Where(port => port.IsWritten))
            {
                producers[port.Tensor.Uid] = operation;
            }
        }

        Dictionary<FormOperation, (int Depth, string Key)> keys = new(ReferenceEqualityComparer.Instance);
        return [.. form.Operations.OrderBy(operation => KeyOf(operation, 0).Depth).ThenBy(operation => KeyOf(operation, 0).Key, StringComparer.Ordinal)];

        (int Depth, string Key) KeyOf(FormOperation operation, int nesting)
        {
            if (keys.TryGetValue(operation, out (int, string) known) || nesting > form.Operations.Count)
            {
                return known;
            }

            int depth = 0;
            List<string> operands = [];
            foreach (FormPort port in operation.Ports.OrderBy(port => port.Attribute))
            {
                string source = $"{Role(port.Tensor)} {port.Tensor.Type}";
                if (!port.IsWritten && producers.TryGetValue(port.Tensor.Uid, out FormOperation? producer) && !ReferenceEquals(producer, operation))
                {
                    (int below, string key) = KeyOf(producer, nesting + 1);
                    depth = Math.Max(depth, below + 1);
                    source += $" of ({key})";
                }

                operands.Add($"{port.Attribute} {source}");
            }

            return keys[operation] = (depth, $"{operation.Type}[{Attributes(operation)}]({string.Join(", ", operands)})");
        }
    }

    private static string Attributes(FormOperation operation)
    {
        IEnumerable<string> own = operation.Attributes
            .Where(attribute => !s_geometry.Contains(attribute.Key) && !(s_initial.TryGetValue(attribute.Key, out double initial) && attribute.Value is [var value] && value == initial))
            .OrderBy(attribute => attribute.Key)
            .Select(attribute => $"{attribute.Key}={Text(attribute.Value)}");
        return string.Join(" ", own.Concat(Reduced(operation)));
    }

    /// <summary>Along which dimensions a reduction goes, which its shapes say.</summary>
    private static IEnumerable<string> Reduced(FormOperation operation)
    {
        if (operation.Type != (int)cudnnBackendDescriptorType_t.CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR || operation.Ports is not [var x, var y])
        {
            yield break;
        }

        yield return "along " + string.Concat(Enumerable.Range(0, Math.Min(x.Tensor.Dimensions.Length, y.Tensor.Dimensions.Length)).Where(i => x.Tensor.Dimensions[i] != y.Tensor.Dimensions[i]));
    }

    private static string Role(FormTensor tensor)
    {
        long[] dimensions = tensor.Dimensions;
        string extent = dimensions.All(dimension => dimension == 1) ? "one"
            : dimensions.Length < 4 ? $"{string.Concat(dimensions.Select(dimension => dimension == 1 ? '1' : 'n'))}{Order(tensor)}"
            : dimensions.Where((_, i) => i != 1).All(dimension => dimension == 1) ? "channels" : "full";
        return $"{extent}{dimensions.Length}{(tensor.IsVirtual ? " virtual" : tensor.IsByValue ? " by value" : "")}";
    }

    /// <summary>Whether a matrix lies by rows or by columns.</summary>
    private static string Order(FormTensor matrix) =>
        matrix.Dimensions.Length < 2 || matrix.Dimensions[^1] == 1 || matrix.Dimensions[^2] == 1 ? "" : matrix.Strides[^1] == 1 ? " by rows" : matrix.Strides[^2] == 1 ? " by columns" : " strided";

    private static string LayoutOf(List<FormTensor> tensors)
    {
        string found = "";
        foreach (FormTensor tensor in tensors)
        {
            long[] dimensions = tensor.Dimensions, strides = tensor.Strides;
            if (dimensions.Length < 4 || dimensions[1] == 1 || dimensions.AsSpan(2).IndexOfAnyExcept(1) < 0)
            {
                continue;
            }

            string its = strides[1] == 1 ? "channels last" : strides[^1] == 1 ? "channels first" : "strided";
            if (found.Length > 0 && found != its)
            {
                return "mixed";
            }

            found = its;
        }

        return found;
    }

    private static bool IsFilter(List<FormOperation> operations, FormTensor tensor) => operations.Any(operation => operation.Ports.Any(port => port.Tensor.Uid == tensor.Uid && port.Attribute is
        (int)CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W or (int)CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W or (int)CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW));

    /// <summary>Vectors of elements go up to eight: what counts is whether channels are a multiple of 8, 4, 2 or 1.</summary>
    private static string ClassOf(FormTensor tensor, bool isFilter)
    {
        long[] dimensions = tensor.Dimensions;
        if (dimensions.Length < 4)
        {
            return $"matrix multiples of {string.Join(" and ", dimensions.TakeLast(2).Select(Multiple))}";
        }

        return isFilter ? $"filter {string.Join(" x ", dimensions.Skip(2))}, multiples of {Multiple(dimensions[0])} and {Multiple(dimensions[1])}" : $"channels multiple of {Multiple(dimensions[1])}";
    }

    private static long Multiple(long number) => number % 8 == 0 ? 8 : number % 4 == 0 ? 4 : number % 2 == 0 ? 2 : 1;

    private static string Text(double[] values) => string.Join(",", values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
}
