using CudnnNet;

namespace ResNet;

/// <summary>The state before the first step.</summary>
public static class Initialization
{
    /// <summary>
    /// Filters: normal with deviation sqrt(2 / (K R S)) (He et al., "Delving Deep into Rectifiers", 2015, fan-out form). Scales 1, shifts 0.
    /// Fully connected layer: uniform within 1 / sqrt(inputs), as PyTorch. Running means 0, running variances 1, momentum 0.
    /// The numbers are drawn in declaration order, filters in K, C, R, S order.
    /// </summary>
    public static void Initialize(CudaStream stream, NetworkBuffers buffers, RandomSequence random)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(buffers);
        ArgumentNullException.ThrowIfNull(random);
        double linearBound = 0;
        foreach (var parameter in buffers.Layout.Parameters)
        {
            float[] values = new float[parameter.Elements];
            switch (parameter.Kind)
            {
                case ParameterKind.ConvolutionFilter:
                    double deviation = Math.Sqrt(2.0 / (parameter.Shape[0] * parameter.Shape[2] * parameter.Shape[3]));
                    Fill(values, () => deviation * random.NextNormal());
                    break;
                case ParameterKind.NormalizationScale:
                    Array.Fill(values, 1f);
                    break;
                case ParameterKind.NormalizationShift:
                    break;
                case ParameterKind.LinearWeight:
                    linearBound = 1 / Math.Sqrt(parameter.Shape[1]);
                    Fill(values, () => linearBound * ((2 * random.NextUnit()) - 1));
                    break;
                default:
                    Fill(values, () => linearBound * ((2 * random.NextUnit()) - 1));
                    break;
            }

            ParameterTransfer.Write(stream, buffers.Parameters, parameter, values);
        }

        buffers.UpdateCopies();
        stream.Clear(buffers.Momentum.Span);
        stream.Clear(buffers.Statistics.Span);
        foreach (var statistics in buffers.Layout.Statistics)
        {
            stream.Fill(buffers.VarianceView(statistics), 1f);
        }

        stream.Synchronize();
    }

    private static void Fill(float[] values, Func<double> next)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)next();
        }
    }
}
