using CudnnNet;

namespace ResNet;

/// <summary>What a batch normalisation works on, whichever way it is computed.</summary>
internal sealed class NormalizationOperands
{
    private readonly NormalizationDefinition _definition;

    public NormalizationOperands(PassBuilder pass, NormalizationDefinition definition, PlannedTensor x, NormalizationEnd end)
    {
        _definition = definition;
        Pass = pass;
        X = x;
        End = end;
        Y = pass.Operations.Tensor(Name, x.Shape);
        long bytes = (long)definition.Statistics.Channels * sizeof(float);
        Mean = pass.Operations.Buffer($"{Name} mean", bytes);
        InverseDeviation = pass.Operations.Buffer($"{Name} inverse deviation", bytes);
    }

    public PassBuilder Pass { get; }

    public NormalizationEnd End { get; }

    public string Name => _definition.Statistics.Name;

    public PlannedTensor X { get; }

    public PlannedTensor Y { get; }

    /// <summary>The batch's mean, saved for the backward pass.</summary>
    public PlannedTensor Mean { get; }

    /// <summary>1/sqrt(variance + epsilon) of the batch, saved likewise.</summary>
    public PlannedTensor InverseDeviation { get; }

    public DevicePointer Scale => Pass.Buffers.ParameterView(_definition.Scale);

    public DevicePointer Shift => Pass.Buffers.ParameterView(_definition.Shift);

    public DevicePointer ScaleGradient => Pass.Buffers.GradientView(_definition.Scale);

    public DevicePointer ShiftGradient => Pass.Buffers.GradientView(_definition.Shift);

    public DevicePointer RunningMean => Pass.Buffers.MeanView(_definition.Statistics);

    public DevicePointer RunningVariance => Pass.Buffers.VarianceView(_definition.Statistics);

    /// <summary>A tensor for the input's gradient.</summary>
    public PlannedTensor AddInputGradient() => Pass.Operations.Tensor($"{Name} input gradient", X.Shape);
}

/// <summary>A way to compute a batch normalisation and its gradients.</summary>
internal abstract class NormalizationWay
{
    /// <summary>Which it is.</summary>
    public abstract OperationWay Way { get; }

    /// <summary>Adds the operations of the forward direction.</summary>
    public abstract void AddForward();

    /// <summary>Adds those of the backward direction.</summary>
    /// <param name="dy">The output's gradient; its content may be lost.</param>
    public abstract NormalizationGradients AddBackward(PlannedTensor dy);
}
