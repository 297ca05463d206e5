using CudnnNet;

namespace ResNet;

/// <summary>
/// The device memory of what a network learns: parameters, gradients, momentum and running statistics, each one flat buffer. In 16-bit
/// precisions the parameters that are multiplied also have copies of 16 bits, which layers read, and their gradients come out so.
/// </summary>
public sealed class NetworkBuffers : IDisposable
{
    private readonly CudaStream _stream;
    private readonly CudaKernel? _narrow;

    /// <summary>Takes the memory and clears it.</summary>
    /// <exception cref="CudaException">The device's memory does not suffice.</exception>
    public NetworkBuffers(CudaStream stream, ParameterLayout layout)
        : this(stream, layout, Precision.Float32, narrow: null)
    {
    }

    internal NetworkBuffers(CudaStream stream, ParameterLayout layout, TrainingKernels kernels)
        : this(stream, layout, kernels.Precision, kernels.Narrow)
    {
    }

    private NetworkBuffers(CudaStream stream, ParameterLayout layout, Precision precision, CudaKernel? narrow)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        Precision = precision;
        _stream = stream;
        _narrow = narrow;
        try
        {
            Parameters = Take<float>(layout.Elements);
            Gradients = Take<float>(precision.IsNarrow() ? layout.Elements - layout.FactorElements : layout.Elements);
            Momentum = Take<float>(layout.Elements);
            Statistics = Take<float>(layout.StatisticsElements);
            if (precision.IsNarrow())
            {
                FactorCopies = Take<ushort>(layout.FactorElements);
                FactorGradients = Take<ushort>(layout.FactorElements);
            }

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

    /// <summary>In which numbers layers compute with the parameters.</summary>
    public Precision Precision { get; }

    /// <summary>The parameters. Who writes them in a 16-bit precision calls <see cref="UpdateCopies"/> afterwards; the optimiser does without.</summary>
    public DeviceMemory<float> Parameters { get; }

    /// <summary>Their gradients, overwritten by every backward pass; in 16-bit precisions only of the parameters behind <see cref="ParameterLayout.FactorElements"/>.</summary>
    public DeviceMemory<float> Gradients { get; }

    /// <summary>Their velocities.</summary>
    public DeviceMemory<float> Momentum { get; }

    /// <summary>Running means and variances.</summary>
    public DeviceMemory<float> Statistics { get; }

    /// <summary>The parameters before <see cref="ParameterLayout.FactorElements"/>, rounded to 16 bits, which layers multiply with; null in precisions of 32 bits.</summary>
    public DeviceMemory<ushort>? FactorCopies { get; }

    /// <summary>The gradients of the parameters before <see cref="ParameterLayout.FactorElements"/>, times the loss scale; null in precisions of 32 bits.</summary>
    public DeviceMemory<ushort>? FactorGradients { get; }

    /// <summary>All of it, in bytes.</summary>
    public long Bytes => Parameters.Bytes + GradientBytes + Momentum.Bytes + Statistics.Bytes + CopyBytes;

    internal long GradientBytes => Gradients.Bytes + (FactorGradients?.Bytes ?? 0);

    internal long CopyBytes => FactorCopies?.Bytes ?? 0;

    private long FirstWideGradient => Precision.IsNarrow() ? Layout.FactorElements : 0;

    /// <summary>Enqueues the rounding of the parameters to the copies that layers read; nothing in precisions of 32 bits.</summary>
    public void UpdateCopies()
    {
        if (_narrow is { } narrow && FactorCopies is { } copies)
        {
            narrow.Launch(_stream, LaunchShape.Cover(copies.Length), Parameters.Address, copies.Address, (ulong)copies.Length);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // After a constructor that failed half way the later ones are not there.
        Parameters?.Dispose();
        Gradients?.Dispose();
        Momentum?.Dispose();
        Statistics?.Dispose();
        FactorCopies?.Dispose();
        FactorGradients?.Dispose();
    }

    /// <summary>What a layer reads: of factors in 16-bit precisions the copy, else the parameter.</summary>
    internal DevicePointer ParameterView(Parameter parameter) => FactorCopies is { } copies && parameter.IsFactor
        ? copies.Slice(parameter.Offset, parameter.Elements)
        : Parameters.Slice(parameter.Offset, parameter.Elements);

    /// <summary>Where a layer writes the gradient, in the type of what <see cref="ParameterView"/> gives.</summary>
    internal DevicePointer GradientView(Parameter parameter) => FactorGradients is { } gradients && parameter.IsFactor
        ? gradients.Slice(parameter.Offset, parameter.Elements)
        : WideGradient(parameter);

    /// <summary>The gradient of a parameter that has it in single precision.</summary>
    internal DeviceSpan<float> WideGradient(Parameter parameter) => Gradients.Slice(parameter.Offset - FirstWideGradient, parameter.Elements);

    internal DeviceSpan<float> MeanView(RunningStatistics statistics) => Statistics.Slice(statistics.MeanOffset, statistics.Channels);

    internal DeviceSpan<float> VarianceView(RunningStatistics statistics) => Statistics.Slice(statistics.VarianceOffset, statistics.Channels);

    private DeviceMemory<T> Take<T>(long elements)
        where T : unmanaged
    {
        DeviceMemory<T> memory = _stream.Context.Allocate<T>(elements);
        _stream.Clear(memory.Span);
        return memory;
    }
}
