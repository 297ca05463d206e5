using Golden;

namespace CudnnNet.Tests;

/// <summary>Where the k of the golden rule is another than 4, with the reason.</summary>
internal static class GoldenFactors
{
    // A Winograd convolution does not add the products of the definition in another order: it transforms tiles of input and filter, whose
    // entries become larger than the values, multiplies those, and subtracts its way back (Lavin and Gray 2015). F(4x4, 3x3) loses about a
    // decimal digit that way. A caller gets it only by choosing it; the choice by heuristic keeps to k = 4.
    private const string Winograd = "WINOGRAD_NONFUSED";
    private const double WinogradFactor = 16;

    // The same holds for every algorithm of cuDNN's that transforms its operands; which outputs lose by it on a GPU was not measured.
    private static bool Transforms(string algorithm) =>
        algorithm.Contains("WINOGRAD", StringComparison.Ordinal) || algorithm.Contains("FFT", StringComparison.Ordinal);

    /// <summary>The k of an output.</summary>
    /// <param name="how">The algorithm it was computed with, where there are several.</param>
    public static double Of(string how) =>
        how.EndsWith(Winograd, StringComparison.Ordinal) || (NativeLibraries.Selected == DeviceKind.Cuda && Transforms(how))
            ? WinogradFactor : GoldenRule.DefaultFactor;

    /// <summary>The exceptions as the report prints them.</summary>
    /// <param name="outputs">The outputs that needed more than 4, with the k they needed.</param>
    public static string Describe(IEnumerable<string> outputs) =>
        $"  k = {WinogradFactor} where the algorithm is {Winograd}, which multiplies transformed tiles instead of summing products. More than {GoldenRule.DefaultFactor} needed: {string.Join(", ", outputs)}";
}
