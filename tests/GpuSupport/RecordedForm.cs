using System.Text.Json;
using Conformance;
using CudnnNet.Interop;

namespace GpuSupport;

/// <summary>Reads graph, device and answer out of a recorded sequence of calls.</summary>
internal static class RecordedForm
{
    private const int TensorKind = (int)cudnnBackendDescriptorType_t.CUDNN_BACKEND_TENSOR_DESCRIPTOR;
    private const int GraphKind = (int)cudnnBackendDescriptorType_t.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR;
    private const int PlanKind = (int)cudnnBackendDescriptorType_t.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR;

    private static readonly HashSet<int> s_written = [.. ((cudnnBackendAttributeName_t[])
    [
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_POINTWISE_YDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_POINTWISE_DXDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_MEAN_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_VAR_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_MEAN_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_INV_STD_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_SCALE_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_BIAS_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_MATMUL_CDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_REDUCTION_YDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_SCALE_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_BIAS_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_DY_SCALE_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_X_SCALE_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_BIAS,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_RESAMPLE_FWD_IDXDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_CONCAT_OUTPUT_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_FWD_YDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_BWD_DSCALE_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_BWD_DBIAS_DESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_BWD_DXDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_RESHAPE_YDESC,
        cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_RNG_YDESC,
    ]).Select(name => (int)name)];

    /// <summary>What a case records; null where it makes no graph for a described device.</summary>
    public static PlanRecord? Read(ConformanceCase one)
    {
        Dictionary<string, Descriptor> descriptors = [];
        string? device = null;
        bool planned = false;
        long? workspace = null;
        foreach (ConformanceStep step in one.Steps)
        {
            switch (step.Function)
            {
                case "cudnnBackendCreateDescriptor" when step.Arguments[1].GetString() is ['&', .. string name]:
                    descriptors[name] = new(step.Arguments[0].GetInt32());
                    break;
                case "cudnnBackendSetAttribute" when Named(descriptors, step.Arguments[0]) is { } descriptor && step.Arguments[4].ValueKind == JsonValueKind.Object:
                    JsonProperty value = step.Arguments[4].EnumerateObject().First();
                    device = value.Name == "str" ? DeviceOf(value.Value.GetString()!) ?? device : device;
                    descriptor.Attributes[step.Arguments[1].GetInt32()] = value.Value.Clone();
                    break;
                case "cudnnBackendFinalize" when Named(descriptors, step.Arguments[0]) is { Kind: PlanKind }:
                    planned |= step.Status == 0;
                    break;
                case "cudnnBackendGetAttribute" when Named(descriptors, step.Arguments[0]) is { Kind: PlanKind }
                    && step.Arguments[1].GetInt32() == (int)cudnnBackendAttributeName_t.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE && step.Status == 0:
                    workspace = step.Outputs is { Count: > 1 } outputs && outputs[1].ValueKind == JsonValueKind.Number ? outputs[1].GetInt64() : null;
                    break;
            }
        }

        Descriptor? graph = descriptors.Values.FirstOrDefault(descriptor => descriptor.Kind == GraphKind);
        if (device is null || graph is null || !graph.Attributes.TryGetValue((int)cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATIONGRAPH_OPS, out JsonElement operations))
        {
            return null;
        }

        GraphForm form = new([.. operations.EnumerateArray().Select(name => Operation(descriptors, name))]);
        return new(one.Id, device, form, planned, workspace);
    }

    private static FormOperation Operation(Dictionary<string, Descriptor> descriptors, JsonElement name)
    {
        Descriptor operation = Named(descriptors, name)!;
        Dictionary<int, double[]> attributes = [];
        List<FormPort> ports = [];
        foreach ((int attribute, JsonElement value) in operation.Attributes)
        {
            if (value.EnumerateArray().FirstOrDefault().ValueKind != JsonValueKind.String)
            {
                attributes[attribute] = Numbers(value);
                continue;
            }

            foreach (JsonElement element in value.EnumerateArray())
            {
                Descriptor other = Named(descriptors, element)!;
                if (other.Kind == TensorKind)
                {
                    ports.Add(new(attribute, IsWritten(attribute, operation), Tensor(other)));
                }
                else
                {
                    foreach ((int part, JsonElement its) in other.Attributes)
                    {
                        attributes[part] = Numbers(its);
                    }
                }
            }
        }

        return new(operation.Kind, attributes, ports);
    }

    /// <summary>Mean and deviation of a forward norm are read in inference.</summary>
    private static bool IsWritten(int attribute, Descriptor operation) => s_written.Contains(attribute)
        && !(attribute is (int)cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC or (int)cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC
            && operation.Attributes.TryGetValue((int)cudnnBackendAttributeName_t.CUDNN_ATTR_OPERATION_NORM_FWD_PHASE, out JsonElement phase)
            && phase[0].GetInt32() == (int)cudnnBackendNormFwdPhase_t.CUDNN_NORM_FWD_INFERENCE);

    private static FormTensor Tensor(Descriptor tensor)
    {
        long[] Integers(cudnnBackendAttributeName_t name) =>
            tensor.Attributes.TryGetValue((int)name, out JsonElement value) ? [.. value.EnumerateArray().Select(number => number.GetInt64())] : [0];
        return new(
            Integers(cudnnBackendAttributeName_t.CUDNN_ATTR_TENSOR_UNIQUE_ID)[0],
            Integers(cudnnBackendAttributeName_t.CUDNN_ATTR_TENSOR_DATA_TYPE)[0],
            Integers(cudnnBackendAttributeName_t.CUDNN_ATTR_TENSOR_DIMENSIONS),
            Integers(cudnnBackendAttributeName_t.CUDNN_ATTR_TENSOR_STRIDES),
            Integers(cudnnBackendAttributeName_t.CUDNN_ATTR_TENSOR_IS_VIRTUAL)[0] != 0,
            Integers(cudnnBackendAttributeName_t.CUDNN_ATTR_TENSOR_IS_BY_VALUE)[0] != 0);
    }

    private static double[] Numbers(JsonElement value) =>
        [.. value.EnumerateArray().SelectMany(element => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray().Select(Number) : [Number(element)])];

    private static double Number(JsonElement element) => element.ValueKind == JsonValueKind.Number ? element.GetDouble() : double.NaN;

    private static Descriptor? Named(Dictionary<string, Descriptor> descriptors, JsonElement name) =>
        name.ValueKind == JsonValueKind.String && name.GetString() is ['$', .. string key] ? descriptors.GetValueOrDefault(key) : null;

    /// <summary>"sm_80" for a description that says deviceVer 800.</summary>
    private static string? DeviceOf(string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("deviceVer", out JsonElement version) ? $"sm_{version.GetInt64() / 10}" : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Descriptor(int Kind)
    {
        public Dictionary<int, JsonElement> Attributes { get; } = [];
    }
}
