using System.Globalization;
using System.Text;
using CudnnNet;
using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace GpuSupport;

/// <summary>The records as a table for readers: one row for each kind of graph, one column for each device.</summary>
public static class SupportTable
{
    private static readonly string[] s_devices = ["sm_80", "sm_90"];

    /// <summary>The head of the table.</summary>
    public const string Head = "| operations | types | layout | sm_80 | sm_90 |\n|---|---|---|---|---|";

    /// <summary>From what the table is made.</summary>
    public static string Source(GpuRecords records)
    {
        ArgumentNullException.ThrowIfNull(records);
        return string.Create(CultureInfo.InvariantCulture, $"{records.All.Count - NetworkTable.Rows.Count} recorded graphs and {NetworkTable.Rows.Count} rows of networks");
    }

    /// <summary>The rows, in the order of their operations.</summary>
    public static IReadOnlyList<string> Rows(GpuRecords records)
    {
        ArgumentNullException.ThrowIfNull(records);
        return [.. records.All
            .Where(record => s_devices.Contains(record.Device))
            .GroupBy(record => $"| {Operations(record.Pattern.Form)} | {Types(record.Pattern.Form)} | {Layout(record.Pattern)} |")
            .Select(row => $"{row.Key} {string.Join(" | ", s_devices.Select(device => Cell([.. row.Where(record => record.Device == device)])))} |")
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>"yes", with the most workspace of a first plan; "no"; "3 of 5 shapes"; empty where nothing is recorded.</summary>
    private static string Cell(PlanRecord[] records)
    {
        // The same shape may have been asked of two heuristics.
        bool[] shapes = [.. records.GroupBy(record => string.Join(',', record.Pattern.Shape)).Select(same => same.Any(record => record.IsSupported))];
        if (shapes.Length == 0)
        {
            return "";
        }

        int supported = shapes.Count(supports => supports);
        string answer = supported == shapes.Length ? "yes" : supported == 0 ? "no" : $"{supported} of {shapes.Length} shapes";
        long? workspace = records.Max(record => record.WorkspaceBytes);
        return workspace is > 0 ? $"{answer}, {Size(workspace.Value)}" : answer;
    }

    /// <summary>The layout; images of one pixel, which have none, were asked about with channels last.</summary>
    private static string Layout(GraphPattern pattern) => pattern.Layout.Length > 0 || !pattern.Form.Operations.SelectMany(operation => operation.Ports).Any(port => IsImage(port.Tensor))
        ? pattern.Layout
        : "channels last";

    private static bool IsImage(FormTensor tensor) => tensor.Dimensions.Length > 3 && !IsParameter(tensor) && !tensor.IsByValue;

    private static bool IsParameter(FormTensor tensor) => tensor.Dimensions.Length > 3 && tensor.Dimensions.Where((_, i) => i != 1).All(dimension => dimension == 1);

    private static string Size(long bytes) => bytes < 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{(bytes + 1023) / 1024} KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");

    /// <summary>The operations in words.</summary>
    private static string Operations(GraphForm form) => string.Join(", ", form.Operations.Select(Operation));

    private static string Operation(FormOperation operation)
    {
        long Attribute(cudnnBackendAttributeName_t name) => operation.Attributes.TryGetValue((int)name, out double[]? value) ? (long)value[0] : -1;
        bool Has(cudnnBackendAttributeName_t name) => operation.Ports.Any(port => port.Attribute == (int)name);
        return (cudnnBackendDescriptorType_t)operation.Type switch
        {
            CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR => "convolution",
            CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR => "data gradient",
            CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR => "filter gradient",
            CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR => Words($"{(PointwiseMode)Attribute(CUDNN_ATTR_POINTWISE_MODE)}"),
            CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR => "statistics",
            CUDNN_BACKEND_OPERATION_BN_FINALIZE_STATISTICS_DESCRIPTOR => "finalize statistics",
            CUDNN_BACKEND_OPERATION_BN_BWD_WEIGHTS_DESCRIPTOR => "norm weight gradients",
            CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR =>
                Attribute(CUDNN_ATTR_OPERATION_NORM_FWD_PHASE) == (long)cudnnBackendNormFwdPhase_t.CUDNN_NORM_FWD_INFERENCE ? "norm inference"
                : Has(CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC) ? "norm training" : "norm training without running statistics",
            CUDNN_BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR => "norm gradient",
            CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR =>
                $"{Words($"{(ResampleMode)Attribute(CUDNN_ATTR_RESAMPLE_MODE)}")} pooling{(Has(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_IDXDESC) ? " with index" : "")}",
            CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR =>
                $"{Words($"{(ResampleMode)Attribute(CUDNN_ATTR_RESAMPLE_MODE)}")} pooling gradient{(Has(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_IDXDESC) ? " by index" : Has(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC) ? " by x and y" : "")}",
            CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR => "matmul",
            CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR => $"{Words($"{(TensorReductionMode)Attribute(CUDNN_ATTR_REDUCTION_OPERATOR)}")} over {Reduced(operation)}",
            var other => other.ToString(),
        };
    }

    private static string Reduced(FormOperation operation)
    {
        FormTensor x = operation.Ports.First(port => !port.IsWritten).Tensor;
        FormTensor? y = operation.Ports.FirstOrDefault(port => port.IsWritten).Tensor;
        return y is null ? "dimensions" : string.Concat(x.Dimensions.Select((dimension, i) => dimension != y.Dimensions[i] ? "NCHW"[i].ToString() : ""));
    }

    /// <summary>What is read and written in which type: images and matrices, parameters, what lies between.</summary>
    private static string Types(GraphForm form)
    {
        FormPort[] ports = [.. form.Operations.SelectMany(operation => operation.Ports).Where(port => !port.Tensor.IsByValue)];
        string Of(Func<FormPort, bool> which) => string.Join("/", ports.Where(which).Select(port => port.Tensor.Type).Distinct().Select(Name));
        string read = Of(port => !port.IsWritten && !port.Tensor.IsVirtual && !IsParameter(port.Tensor));
        string written = Of(port => port.IsWritten && !port.Tensor.IsVirtual && !IsParameter(port.Tensor));
        string parameters = Of(port => IsParameter(port.Tensor)), between = Of(port => port.Tensor.IsVirtual);
        StringBuilder text = new(read.Length == 0 ? written : read);
        if (written.Length > 0 && read.Length > 0 && written != read)
        {
            text.Append(" to ").Append(written);
        }

        if (parameters.Length > 0)
        {
            text.Append(text.Length > 0 ? ", " : "").Append("channels ").Append(parameters);
        }

        if (between.Length > 0 && between != read)
        {
            text.Append(", between ").Append(between);
        }

        int images = ports.Where(port => port.IsWritten && !port.Tensor.IsVirtual && IsImage(port.Tensor)).Select(port => port.Tensor.Uid).Distinct().Count();
        return images > 1 ? text.Append(CultureInfo.InvariantCulture, $", {images} images written").ToString() : text.ToString();
    }

    private static string Name(long type) => (cudnnDataType_t)type switch
    {
        cudnnDataType_t.CUDNN_DATA_FLOAT => "f32",
        cudnnDataType_t.CUDNN_DATA_DOUBLE => "f64",
        cudnnDataType_t.CUDNN_DATA_HALF => "f16",
        cudnnDataType_t.CUDNN_DATA_BFLOAT16 => "bf16",
        cudnnDataType_t.CUDNN_DATA_INT8 => "i8",
        var other => other.ToString(),
    };

    private static string Words(string name) => string.Concat(name.Select((letter, i) => char.IsAsciiLetterUpper(letter) ? $"{(i > 0 ? " " : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
