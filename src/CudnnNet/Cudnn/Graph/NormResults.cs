namespace CudnnNet;

/// <summary>What a normalisation gives in training.</summary>
/// <param name="Y">scale · (x - mean) · inverse deviation + bias.</param>
/// <param name="Mean">The means; null for <see cref="NormMode.Rms"/>.</param>
/// <param name="InverseDeviation">1/√(variance + epsilon), of the biased variance.</param>
/// <param name="RunningMean">The running mean after this step; null where none was given.</param>
/// <param name="RunningVariance">The running variance, of the unbiased variance, after this step; null where none was given.</param>
public readonly record struct NormTraining(GraphTensor Y, GraphTensor? Mean, GraphTensor InverseDeviation, GraphTensor? RunningMean, GraphTensor? RunningVariance);

/// <summary>The gradients of a normalisation.</summary>
/// <param name="Dx">Of the input.</param>
/// <param name="DScale">Of the scale.</param>
/// <param name="DBias">Of the bias.</param>
public readonly record struct NormGradients(GraphTensor Dx, GraphTensor DScale, GraphTensor DBias);

/// <summary>Sums over each channel.</summary>
/// <param name="Sum">Of the elements.</param>
/// <param name="SquareSum">Of their squares.</param>
public readonly record struct ChannelSums(GraphTensor Sum, GraphTensor SquareSum);

/// <summary>What becomes of the sums of a batch normalisation.</summary>
/// <param name="EquivalentScale">scale · inverse deviation: the normalised value is x · EquivalentScale + EquivalentBias.</param>
/// <param name="EquivalentBias">bias - mean · EquivalentScale.</param>
/// <param name="Mean">The means.</param>
/// <param name="InverseDeviation">1/√(variance + epsilon), of the biased variance.</param>
/// <param name="RunningMean">The running mean after this step.</param>
/// <param name="RunningVariance">The running variance, of the unbiased variance, after this step.</param>
public readonly record struct FinalizedStatistics(
    GraphTensor EquivalentScale, GraphTensor EquivalentBias, GraphTensor Mean, GraphTensor InverseDeviation, GraphTensor RunningMean, GraphTensor RunningVariance);

/// <summary>The gradients of a batch normalisation's parameters, and with what the gradient of its input is computed.</summary>
/// <param name="DScale">The gradient of the scale.</param>
/// <param name="DBias">The gradient of the bias.</param>
/// <param name="EquivalentDyScale">The factor of dy: dx = dy · EquivalentDyScale + x · EquivalentXScale + EquivalentBias.</param>
/// <param name="EquivalentXScale">The factor of x.</param>
/// <param name="EquivalentBias">What is added.</param>
public readonly record struct NormWeightGradients(
    GraphTensor DScale, GraphTensor DBias, GraphTensor EquivalentDyScale, GraphTensor EquivalentXScale, GraphTensor EquivalentBias);
