using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Batch normalisation for training fused to an activation, or to a sum and an activation: y = act(bn(x) + z) (the Ex functions of cuDNN).</summary>
/// <remarks>
/// On a GPU the fused forms want 16-bit NHWC tensors, <see cref="BatchNormalizationMode.SpatialPersistent"/> and ReLU.
/// The reserve carries what the gradient needs from the forward pass: keep it untouched between the two.
/// Parameters and statistics as in <see cref="BatchNormalization"/>.
/// </remarks>
public sealed unsafe class FusedBatchNormalization : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _z;
    private readonly cudnnTensorDescriptor_t _parameters;
    private readonly cudnnActivationDescriptor_t _activation;

    /// <summary>Prepares the operation and asks for its sizes.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="mode">Which elements share statistics.</param>
    /// <param name="fusion">What is fused.</param>
    /// <param name="x">The shape of x, y, z and their gradients, N x C x H x W.</param>
    /// <param name="activation">The activation; ReLU on a GPU.</param>
    /// <param name="coefficient">The activation's coefficient.</param>
    /// <exception cref="ArgumentException">No tensor has that shape, or it is one of integers.</exception>
    /// <exception cref="CudnnException">cuDNN does not support the combination.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public FusedBatchNormalization(
        CudnnHandle cudnn, BatchNormalizationMode mode, BatchNormalizationFusion fusion, TensorShape x, ActivationMode activation = ActivationMode.Relu, double coefficient = 0)
        : base(cudnn)
    {
        try
        {
            Mode = mode;
            Fusion = fusion;
            Shape = x;
            ParameterShape = BatchNormalization.DeriveParameterShape(mode, x);
            _x = Own(new TensorDescriptor(x)).Handle;
            _parameters = Own(new TensorDescriptor(ParameterShape)).Handle;
            _z = fusion == BatchNormalizationFusion.AddActivation ? _x : default;
            _activation = fusion == BatchNormalizationFusion.None ? default : Own(new ActivationDescriptor(activation, coefficient)).Handle;

            cudnnHandle_t handle = Enter();
            cudnnBatchNormMode_t rawMode = (cudnnBatchNormMode_t)mode;
            cudnnBatchNormOps_t rawFusion = (cudnnBatchNormOps_t)fusion;
            nuint bytes;
            Cudnn.Check(Cudnn.cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize(handle, rawMode, rawFusion, _x, _z, _x, _parameters, _activation, &bytes));
            ForwardWorkspaceBytes = (long)bytes;
            Cudnn.Check(Cudnn.cudnnGetBatchNormalizationBackwardExWorkspaceSize(handle, rawMode, rawFusion, _x, _x, _x, _z, _x, _parameters, _activation, &bytes));
            BackwardWorkspaceBytes = (long)bytes;
            Cudnn.Check(Cudnn.cudnnGetBatchNormalizationTrainingExReserveSpaceSize(handle, rawMode, rawFusion, _activation, _x, &bytes));
            ReserveBytes = (long)bytes;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Which elements share statistics.</summary>
    public BatchNormalizationMode Mode { get; }

    /// <summary>What is fused.</summary>
    public BatchNormalizationFusion Fusion { get; }

    /// <summary>The shape of x, y, z and their gradients.</summary>
    public TensorShape Shape { get; }

    /// <summary>The shape of scale, bias, means, variances and their gradients.</summary>
    public TensorShape ParameterShape { get; }

    /// <summary>The workspace the forward pass needs, in bytes.</summary>
    public long ForwardWorkspaceBytes { get; }

    /// <summary>The workspace the backward pass needs, in bytes.</summary>
    public long BackwardWorkspaceBytes { get; }

    /// <summary>The reserve, written forward and read backward, in bytes.</summary>
    public long ReserveBytes { get; }

    /// <summary>y = alpha · act(bn(x) + z) + beta · y, by the statistics of the batch.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="x">The input.</param>
    /// <param name="z">What is added; null where nothing is.</param>
    /// <param name="beta">The factor of what <paramref name="y"/> held before; 0: it is not read.</param>
    /// <param name="y">The output.</param>
    /// <param name="scale">The factor of the normalised input.</param>
    /// <param name="bias">What is added to it.</param>
    /// <param name="factor">How much of the batch's statistics goes into the running ones.</param>
    /// <param name="runningMean">The running mean; null together with <paramref name="runningVariance"/> to leave both out.</param>
    /// <param name="runningVariance">The running variance, unbiased.</param>
    /// <param name="epsilon">Added to the variance under the root.</param>
    /// <param name="savedMean">Receives the batch's mean.</param>
    /// <param name="savedInverseDeviation">Receives 1 / √(variance + epsilon).</param>
    /// <param name="workspace">At least <see cref="ForwardWorkspaceBytes"/>; its content is lost.</param>
    /// <param name="reserve">At least <see cref="ReserveBytes"/>; to be kept for <see cref="Backward"/>.</param>
    /// <exception cref="ArgumentException">A space is too short, or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void ForwardTraining(
        double alpha,
        DevicePointer x,
        DevicePointer z,
        double beta,
        DevicePointer y,
        DevicePointer scale,
        DevicePointer bias,
        double factor,
        DevicePointer runningMean,
        DevicePointer runningVariance,
        double epsilon,
        DevicePointer savedMean,
        DevicePointer savedInverseDeviation,
        DeviceSpan<byte> workspace,
        DeviceSpan<byte> reserve)
    {
        cudnnHandle_t handle = Enter();
        CheckPair(runningMean, nameof(runningMean), runningVariance, nameof(runningVariance));
        CheckPair(savedMean, nameof(savedMean), savedInverseDeviation, nameof(savedInverseDeviation));
        CheckSpace(workspace, ForwardWorkspaceBytes, nameof(workspace));
        CheckSpace(reserve, ReserveBytes, nameof(reserve));
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnBatchNormalizationForwardTrainingEx(
            handle, (cudnnBatchNormMode_t)Mode, (cudnnBatchNormOps_t)Fusion, &a, &b,
            _x, x.Required(nameof(x)), _z, Added(z, nameof(z)), _x, y.Required(nameof(y)),
            _parameters, scale.Required(nameof(scale)), bias.Required(nameof(bias)),
            factor, runningMean.Raw, runningVariance.Raw, epsilon, savedMean.Raw, savedInverseDeviation.Raw,
            _activation, workspace.Pointer.Raw, (nuint)workspace.Length, reserve.Pointer.Raw, (nuint)reserve.Length));
    }

    /// <summary>The gradients by x, z, scale and bias. The activation's own gradient is part of it: dy is masked first, and the masked dy is dz.</summary>
    /// <param name="alphaData">The factor of the gradients by x and z.</param>
    /// <param name="betaData">The factor of what <paramref name="dx"/> held before; 0: it is not read.</param>
    /// <param name="alphaParameter">The factor of the gradients by scale and bias.</param>
    /// <param name="betaParameter">The factor of what <paramref name="dScale"/> and <paramref name="dBias"/> held before; 0: they are not read.</param>
    /// <param name="x">The input.</param>
    /// <param name="y">The output of the forward pass; null without activation.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="dz">The gradient by z; null where nothing was added.</param>
    /// <param name="dx">The gradient by the input.</param>
    /// <param name="scale">The factor of the normalised input.</param>
    /// <param name="bias">What was added to it.</param>
    /// <param name="dScale">The gradient by the scale.</param>
    /// <param name="dBias">The gradient by the bias.</param>
    /// <param name="epsilon">That of the forward pass.</param>
    /// <param name="savedMean">The batch's mean as saved.</param>
    /// <param name="savedInverseDeviation">1 / √(variance + epsilon) as saved.</param>
    /// <param name="workspace">At least <see cref="BackwardWorkspaceBytes"/>; its content is lost.</param>
    /// <param name="reserve">What the forward pass wrote.</param>
    /// <exception cref="ArgumentException">A space is too short, or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(
        double alphaData,
        double betaData,
        double alphaParameter,
        double betaParameter,
        DevicePointer x,
        DevicePointer y,
        DevicePointer dy,
        DevicePointer dz,
        DevicePointer dx,
        DevicePointer scale,
        DevicePointer bias,
        DevicePointer dScale,
        DevicePointer dBias,
        double epsilon,
        DevicePointer savedMean,
        DevicePointer savedInverseDeviation,
        DeviceSpan<byte> workspace,
        DeviceSpan<byte> reserve)
    {
        cudnnHandle_t handle = Enter();
        CheckPair(savedMean, nameof(savedMean), savedInverseDeviation, nameof(savedInverseDeviation));
        CheckSpace(workspace, BackwardWorkspaceBytes, nameof(workspace));
        CheckSpace(reserve, ReserveBytes, nameof(reserve));
        ScalingFactor dataResult = new(alphaData, Shape.Type);
        ScalingFactor dataPrior = new(betaData, Shape.Type);
        ScalingFactor parameterResult = new(alphaParameter, Shape.Type);
        ScalingFactor parameterPrior = new(betaParameter, Shape.Type);
        Cudnn.Check(Cudnn.cudnnBatchNormalizationBackwardEx(
            handle, (cudnnBatchNormMode_t)Mode, (cudnnBatchNormOps_t)Fusion, &dataResult, &dataPrior, &parameterResult, &parameterPrior,
            _x, x.Required(nameof(x)), _x, Fusion == BatchNormalizationFusion.None ? y.Raw : y.Required(nameof(y)), _x, dy.Required(nameof(dy)),
            _z, Added(dz, nameof(dz)), _x, dx.Required(nameof(dx)),
            _parameters, scale.Required(nameof(scale)), bias.Required(nameof(bias)), dScale.Required(nameof(dScale)), dBias.Required(nameof(dBias)),
            epsilon, savedMean.Raw, savedInverseDeviation.Raw,
            _activation, workspace.Pointer.Raw, (nuint)workspace.Length, reserve.Pointer.Raw, (nuint)reserve.Length));
    }

    private void* Added(DevicePointer pointer, string name) => Fusion == BatchNormalizationFusion.AddActivation ? pointer.Required(name) : null;
}
