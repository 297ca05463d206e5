using Golden;

namespace CudnnNet.Tests;

/// <summary>The outputs for which the k of the golden rule is another than 4, each with its reason.</summary>
internal static class GoldenFactors
{
    // A Winograd convolution does not add the products of the definition in another order: it transforms tiles of input and filter, whose
    // entries become larger than the values, multiplies those, and subtracts its way back (Lavin and Gray 2015). F(4x4, 3x3) loses about a
    // decimal digit that way. A caller gets it only by choosing it; the choice by heuristic keeps to k = 4.
    private const string Winograd = "WINOGRAD_NONFUSED";
    private const double WinogradFactor = 16;

    private static readonly string[] s_winograd =
    [
        "conv/k3/y", "conv/k3/dx", "conv/k3/dw",
        "conv/k3_p1/y",
        "conv/k3_same_as_image/y", "conv/k3_same_as_image/dx", "conv/k3_same_as_image/dw",
        "conv/flip_k3/dw",
        "conv/deep_c513/dx", "conv/deep_c513/dw",
        "conv/batch17/y", "conv/batch17/dx",
        "conv/bf16_k3_p1/y", "conv/bf16_k3_p1/dx", "conv/bf16_k3_p1/dw",
    ];

    // The same holds for every algorithm of cuDNN's that transforms its operands; which outputs lose by it on a GPU was not measured.
    private static bool Transforms(string algorithm) =>
        algorithm.Contains("WINOGRAD", StringComparison.Ordinal) || algorithm.Contains("FFT", StringComparison.Ordinal);

    /// <summary>The k of an output.</summary>
    /// <param name="key">Case id/output.</param>
    /// <param name="how">The algorithm it was computed with, where there are several.</param>
    public static double Of(string key, string how) =>
        (how.EndsWith(Winograd, StringComparison.Ordinal) && s_winograd.Contains(key)) || (NativeLibraries.Selected == DeviceKind.Cuda && Transforms(how))
            ? WinogradFactor : GoldenRule.DefaultFactor;

    /// <summary>The list as the report prints it.</summary>
    public static string Describe() =>
        $"  k = {WinogradFactor} where the algorithm is {Winograd}, which multiplies transformed tiles instead of summing products: {string.Join(", ", s_winograd)}";
}
