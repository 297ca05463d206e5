using System.Globalization;
using System.Text.Json;
using Conformance;
using CudnnNet;

namespace GpuSupport;

/// <summary>One row of the table of networks.</summary>
/// <param name="Device">The described device.</param>
/// <param name="Type">bf16, f16 or f32.</param>
/// <param name="Pattern">The name of the pattern.</param>
/// <param name="Geometry">Channels, filters, size of the image, size of the filter, padding, stride.</param>
/// <param name="IsSupported">Whether there was a plan.</param>
public sealed record NetworkRow(string Device, string Type, string Pattern, NetworkGeometry Geometry, bool IsSupported)
{
    /// <summary>"resnet-plans sm_80 bf16 conv 64x64x56x3x1x1".</summary>
    public string Id => $"resnet-plans {Device} {Type} {Pattern} {Geometry}";
}

/// <summary>A square convolution of a network; of normalisations its output.</summary>
/// <param name="C">Channels of the input.</param>
/// <param name="K">Filters.</param>
/// <param name="Size">Rows and columns of the input.</param>
/// <param name="Filter">Rows and columns of a filter.</param>
/// <param name="Padding">Padding on every side.</param>
/// <param name="Stride">The stride.</param>
public readonly record struct NetworkGeometry(int C, int K, int Size, int Filter, int Padding, int Stride)
{
    /// <summary>Rows and columns of the output.</summary>
    public int OutputSize => ((Size + (2 * Padding) - Filter) / Stride) + 1;

    /// <summary>Reads "64x64x56x3x1x1".</summary>
    public static NetworkGeometry Parse(string text)
    {
        int[] numbers = [.. text.Split('x').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        return new(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
    }

    /// <summary>"64x64x56x3x1x1".</summary>
    public override string ToString() => $"{C}x{K}x{Size}x{Filter}x{Padding}x{Stride}";
}

/// <summary>resnet-plans.json: every distinct convolution and normalisation of the residual networks.</summary>
public static class NetworkTable
{
    private const string Name = "resnet-plans";

    /// <summary>All rows; none where there is no table.</summary>
    public static IReadOnlyList<NetworkRow> Rows { get; } = ReadRows();

    /// <summary>The batch all rows were asked with.</summary>
    public static int Batch { get; private set; }

    internal static IEnumerable<PlanRecord> Read()
    {
        foreach (NetworkRow row in Rows)
        {
            if (NetworkPatterns.TryDescribe(row.Pattern, TypeOf(row.Type), row.Geometry, Batch, out OperationGraph? graph))
            {
                yield return new PlanRecord(row.Id, row.Device, GraphForm.Of(graph!), row.IsSupported, null);
            }
        }
    }

    /// <summary>The type of a name of the table.</summary>
    public static DataType TypeOf(string name) => name switch
    {
        "bf16" => DataType.BFloat16,
        "f16" => DataType.Float16,
        "f32" => DataType.Float32,
        _ => throw new InvalidDataException($"the table of networks names the type '{name}'; bf16, f16 and f32 are known"),
    };

    private static NetworkRow[] ReadRows()
    {
        if (ConformanceFolder.Path is null || !File.Exists(ConformanceFolder.File(Name)))
        {
            return [];
        }

        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(ConformanceFolder.File(Name)));
        Batch = json.RootElement.GetProperty("batch").GetInt32();
        return [.. json.RootElement.GetProperty("rows").EnumerateArray().Select(row => new NetworkRow(
            row[0].GetString()!, row[1].GetString()!, row[2].GetString()!, NetworkGeometry.Parse(row[3].GetString()!), row[4].GetBoolean()))];
    }
}
