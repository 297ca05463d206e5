using CudnnNet;
using ResNet;

namespace Cifar;

/// <summary>A convolution of a training step in one direction, and how often the step contains it.</summary>
/// <param name="Direction">forward, data or filter.</param>
/// <param name="N">Images.</param>
/// <param name="C">Channels of the input.</param>
/// <param name="H">Rows of the input.</param>
/// <param name="W">Columns of the input.</param>
/// <param name="K">Filters.</param>
/// <param name="R">Rows of a filter.</param>
/// <param name="S">Columns of a filter.</param>
/// <param name="Padding">On every side.</param>
/// <param name="Stride">In both directions.</param>
/// <param name="Count">How often the step contains it.</param>
internal sealed record ConvolutionProblem(string Direction, int N, int C, int H, int W, int K, int R, int S, int Padding, int Stride, int Count)
{
    /// <summary>Multiplications with addition of all its occurrences; those with padding do not count.</summary>
    public double Macs => (double)Count * N * K * C * Products(H, R) * Products(W, S);

    /// <summary>The line the yardstick program reads.</summary>
    public string ToLine() => $"{Direction} {N} {C} {H} {W} {K} {R} {S} {Padding} {Stride} {Count}";

    /// <summary>The convolution an operation is; null for everything else.</summary>
    public static ConvolutionProblem? Of(PassOperation operation)
    {
        if (operation.Computes is not { } convolution)
        {
            return null;
        }

        (TensorShape x, FilterShape w, Convolution geometry) = (convolution.Image, convolution.Filter, convolution.Geometry);
        return new ConvolutionProblem(
            convolution.Direction.ToString().ToLowerInvariant(), x.N, x.C, x.H, x.W, w.K, w.R, w.S, geometry.PaddingHeight, geometry.StrideHeight, 1);
    }

    /// <summary>The convolutions a pass is made of, equal ones counted.</summary>
    public static IReadOnlyList<ConvolutionProblem> Of(OperationList operations) =>
        [.. operations.Operations.Select(Of).OfType<ConvolutionProblem>().GroupBy(problem => problem).Select(equal => equal.Key with { Count = equal.Count() })];

    // How many pairs of a pixel and a filter tap meet along one dimension.
    private long Products(int pixels, int taps)
    {
        long meetings = 0;
        int outputs = ((pixels + (2 * Padding) - taps) / Stride) + 1;
        for (int output = 0; output < outputs; output++)
        {
            int first = (output * Stride) - Padding;
            meetings += Math.Min(pixels, first + taps) - Math.Max(0, first);
        }

        return meetings;
    }
}
