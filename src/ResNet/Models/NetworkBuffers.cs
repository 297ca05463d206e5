using CudnnNet;

namespace ResNet;

/// <summary>The device memory of what a network learns: parameters, gradients, momentum and running statistics, each one flat buffer.</summary>
public sealed class NetworkBuffers : IDisposable
{
    /// <summary>Takes the memory and clears it.</summary>
    /// <exception cref="CudaException">The device's memory does not suffice.</exception>
    public NetworkBuffers(CudaStream stream, ParameterLayout layout)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        try
        {
            Parameters = stream.Context.Allocate<float>(layout.Elements);
            Gradients = stream.Context.Allocate<float>(layout.Elements);
            Momentum = stream.Context.Allocate<float>(layout.Elements);
            Statistics = stream.Context.Allocate<float>(layout.StatisticsElements);
            stream.Clear(Parameters.Span);
            stream.Clear(Gradients.Span);
            stream.Clear(Momentum.Span);
            stream.Clear(Statistics.Span);
            stream.Synchronize();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where what lies.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The parameters.</summary>
    public DeviceMemory<float> Parameters { get; }

    /// <summary>Their gradients, overwritten by every backward pass.</summary>
    public DeviceMemory<float> Gradients { get; }

    /// <summary>Their velocities.</summary>
    public DeviceMemory<float> Momentum { get; }

    /// <summary>Running means and variances.</summary>
    public DeviceMemory<float> Statistics { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        // After a constructor that failed half way the later ones are not there.
        Parameters?.Dispose();
        Gradients?.Dispose();
        Momentum?.Dispose();
        Statistics?.Dispose();
    }

    internal DeviceSpan<float> ParameterView(Parameter parameter) => Parameters.Slice(parameter.Offset, parameter.Elements);

    internal DeviceSpan<float> GradientView(Parameter parameter) => Gradients.Slice(parameter.Offset, parameter.Elements);

    internal DeviceSpan<float> MeanView(RunningStatistics statistics) => Statistics.Slice(statistics.MeanOffset, statistics.Channels);

    internal DeviceSpan<float> VarianceView(RunningStatistics statistics) => Statistics.Slice(statistics.VarianceOffset, statistics.Channels);
}
