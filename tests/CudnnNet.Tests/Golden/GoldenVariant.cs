using Golden;

namespace CudnnNet.Tests;

/// <summary>In which layout and type a golden case is run.</summary>
/// <param name="Case">The case.</param>
/// <param name="Layout">The order of images and filters in memory.</param>
/// <param name="Storage">The type of images and filters; parameters and statistics of normalisations and biases are single precision.</param>
public sealed record GoldenVariant(LayerCase Case, TensorLayout Layout, DataType Storage)
{
    /// <summary>Both layouts in single precision, and in 16 bits where the case's inputs are rounded to a type of 16 bits.</summary>
    public static IEnumerable<TestCaseData> Of(string operation, params string[] files) => Tests(
        from layer in LayerFile.CasesOf(files).Where(layer => layer.Operation == operation)
        from storage in Storages(layer)
        from layout in (TensorLayout[])[TensorLayout.Nchw, TensorLayout.Nhwc]
        select new GoldenVariant(layer, layout, storage), operation);

    /// <summary>
    /// Matrices, which have no layout: in single and double precision, and with operands of 16 bits where the case knows the error of rounding to that type.
    /// </summary>
    /// <param name="operation">The cases' operation.</param>
    /// <param name="which">Which of them; null: all.</param>
    public static IEnumerable<TestCaseData> OfMatrices(string operation, Func<LayerCase, DataType, bool>? which = null) => Tests(
        from layer in LayerFile.CasesOf("gemm").Where(layer => layer.Operation == operation)
        from storage in (DataType[])[DataType.Float32, DataType.Float64, DataType.BFloat16, DataType.Float16]
        where storage switch
        {
            DataType.BFloat16 => layer.Rounding == InputRounding.BFloat16 || layer.Outputs.Values.All(output => output.Deviations.ContainsKey("bf16_in")),
            DataType.Float16 => layer.Rounding == InputRounding.Float16,
            _ => true,
        }
        where which?.Invoke(layer, storage) ?? true
        select new GoldenVariant(layer, TensorLayout.Nchw, storage), operation);

    public override string ToString() => $"{Case.Id} {Layout} {Storage}";

    private static IEnumerable<DataType> Storages(LayerCase layer) => layer.Rounding switch
    {
        InputRounding.BFloat16 => [DataType.Float32, DataType.BFloat16],
        InputRounding.Float16 => [DataType.Float32, DataType.Float16],
        _ => [DataType.Float32],
    };

    private static IEnumerable<TestCaseData> Tests(IEnumerable<GoldenVariant> variants, string operation)
    {
        bool any = false;
        foreach (GoldenVariant variant in variants)
        {
            any = true;
            yield return new TestCaseData(variant).SetArgDisplayNames(variant.ToString());
        }

        if (!any)
        {
            yield return new TestCaseData((object?)null).SetArgDisplayNames(operation).Ignore($"No golden case of {operation}. {GoldenFolder.Message}");
        }
    }
}
