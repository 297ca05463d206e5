using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>
/// Normalisation by cuDNN's later functions, cudnnNormalization...: what <see cref="BatchNormalization"/> and <see cref="FusedBatchNormalization"/> do,
/// in one family, inference with a sum and an activation behind it included.
/// </summary>
/// <remarks>
/// y = act(scale · (x - mean) / √(variance + epsilon) + bias + z) over the elements that share statistics, with the biased variance of the batch.
/// Scale, bias, means, variances and their gradients have <see cref="ParameterShape"/>. The reserve carries what the gradient needs from the forward
/// pass: keep it untouched between the two.
/// </remarks>
public sealed unsafe class Normalization : CudnnOperation
{
    // cuDNN has no groups of statistics yet.
    private const int Groups = 1;
    private readonly cudnnNormMode_t _mode;
    private readonly cudnnNormOps_t _operations;
    private readonly cudnnNormAlgo_t _algorithm;
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _z;
    private readonly cudnnTensorDescriptor_t _parameters;
    private readonly cudnnActivationDescriptor_t _activation;

    /// <summary>Prepares the operation and asks for its sizes.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="mode">Which elements share statistics.</param>
    /// <param name="fusion">What is fused behind it; the activation is ReLU.</param>
    /// <param name="x">The shape of x, y, z and their gradients, N x C x H x W.</param>
    /// <param name="algorithm">How it is computed.</param>
    /// <exception cref="ArgumentException">No tensor has that shape, or it is one of integers.</exception>
    /// <exception cref="CudnnException">cuDNN does not support the combination.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public Normalization(
        CudnnHandle cudnn, NormalizationMode mode, BatchNormalizationFusion fusion, TensorShape x, NormalizationAlgorithm algorithm = NormalizationAlgorithm.Standard)
        : base(cudnn)
    {
        try
        {
            Mode = mode;
            Fusion = fusion;
            Shape = x;
            Algorithm = algorithm;
            _mode = (cudnnNormMode_t)mode;
            _operations = (cudnnNormOps_t)fusion;
            _algorithm = (cudnnNormAlgo_t)algorithm;
            ParameterShape = BatchNormalization.DeriveParameterShape(
                mode == NormalizationMode.PerActivation ? BatchNormalizationMode.PerActivation : BatchNormalizationMode.Spatial, x);
            _x = Own(new TensorDescriptor(x)).Handle;
            _parameters = Own(new TensorDescriptor(ParameterShape)).Handle;
            _z = fusion == BatchNormalizationFusion.AddActivation ? _x : default;
            _activation = fusion == BatchNormalizationFusion.None ? default : Own(new ActivationDescriptor(ActivationMode.Relu)).Handle;

            cudnnHandle_t handle = Enter();
            nuint bytes;
            Cudnn.Check(Cudnn.cudnnGetNormalizationForwardTrainingWorkspaceSize(
                handle, _mode, _operations, _algorithm, _x, _z, _x, _parameters, _activation, _parameters, &bytes, Groups));
            ForwardWorkspaceBytes = (long)bytes;
            Cudnn.Check(Cudnn.cudnnGetNormalizationBackwardWorkspaceSize(
                handle, _mode, _operations, _algorithm, _x, _x, _x, _z, _x, _parameters, _activation, _parameters, &bytes, Groups));
            BackwardWorkspaceBytes = (long)bytes;
            Cudnn.Check(Cudnn.cudnnGetNormalizationTrainingReserveSpaceSize(handle, _mode, _operations, _algorithm, _activation, _x, &bytes, Groups));
            ReserveBytes = (long)bytes;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Which elements share statistics.</summary>
    public NormalizationMode Mode { get; }

    /// <summary>What is fused.</summary>
    public BatchNormalizationFusion Fusion { get; }

    /// <summary>How it is computed.</summary>
    public NormalizationAlgorithm Algorithm { get; }

    /// <summary>The shape of x, y, z and their gradients.</summary>
    public TensorShape Shape { get; }

    /// <summary>The shape of scale, bias, means, variances and their gradients: 1 x C x 1 x 1, or 1 x C x H x W per activation; packed, NCHW.</summary>
    public TensorShape ParameterShape { get; }

    /// <summary>The workspace the forward pass needs, in bytes.</summary>
    public long ForwardWorkspaceBytes { get; }

    /// <summary>The workspace the backward pass needs, in bytes.</summary>
    public long BackwardWorkspaceBytes { get; }

    /// <summary>The reserve, written forward and read backward, in bytes.</summary>
    public long ReserveBytes { get; }

    /// <summary>y = alpha · act(norm(x) + z) + beta · y, by given statistics.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="x">The input.</param>
    /// <param name="z">What is added; null where nothing is.</param>
    /// <param name="beta">The factor of what <paramref name="y"/> held before; 0: it is not read.</param>
    /// <param name="y">The output.</param>
    /// <param name="scale">The factor of the normalised input.</param>
    /// <param name="bias">What is added to it.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="variance">The variance.</param>
    /// <param name="epsilon">Added to the variance under the root.</param>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void ForwardInference(
        double alpha, DevicePointer x, DevicePointer z, double beta, DevicePointer y, DevicePointer scale, DevicePointer bias, DevicePointer mean,
        DevicePointer variance, double epsilon)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnNormalizationForwardInference(
            handle, _mode, _operations, _algorithm, &a, &b, _x, x.Required(nameof(x)), _parameters, scale.Required(nameof(scale)), bias.Required(nameof(bias)),
            _parameters, mean.Required(nameof(mean)), variance.Required(nameof(variance)), _z, Added(z, nameof(z)), _activation, _x, y.Required(nameof(y)), epsilon,
            Groups));
    }

    /// <summary>y = alpha · act(norm(x) + z) + beta · y, by the statistics of the batch.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="x">The input.</param>
    /// <param name="z">What is added; null where nothing is.</param>
    /// <param name="beta">The factor of what <paramref name="y"/> held before; 0: it is not read.</param>
    /// <param name="y">The output.</param>
    /// <param name="scale">The factor of the normalised input.</param>
    /// <param name="bias">What is added to it.</param>
    /// <param name="factor">How much of the batch's statistics goes into the running ones: running = batch · factor + running · (1 - factor).</param>
    /// <param name="runningMean">The running mean; null together with <paramref name="runningVariance"/> to leave both out.</param>
    /// <param name="runningVariance">The running variance, unbiased.</param>
    /// <param name="epsilon">Added to the variance under the root.</param>
    /// <param name="savedMean">Receives the batch's mean; null together with <paramref name="savedInverseDeviation"/> to leave both out.</param>
    /// <param name="savedInverseDeviation">Receives 1 / √(variance + epsilon).</param>
    /// <param name="workspace">At least <see cref="ForwardWorkspaceBytes"/>; its content is lost.</param>
    /// <param name="reserve">At least <see cref="ReserveBytes"/>; to be kept for <see cref="Backward"/>.</param>
    /// <exception cref="ArgumentException">A space is too short, or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void ForwardTraining(
        double alpha, DevicePointer x, DevicePointer z, double beta, DevicePointer y, DevicePointer scale, DevicePointer bias, double factor,
        DevicePointer runningMean, DevicePointer runningVariance, double epsilon, DevicePointer savedMean, DevicePointer savedInverseDeviation,
        DeviceSpan<byte> workspace, DeviceSpan<byte> reserve)
    {
        cudnnHandle_t handle = Enter();
        CheckPair(runningMean, nameof(runningMean), runningVariance, nameof(runningVariance));
        CheckPair(savedMean, nameof(savedMean), savedInverseDeviation, nameof(savedInverseDeviation));
        CheckSpace(workspace, ForwardWorkspaceBytes, nameof(workspace));
        CheckSpace(reserve, ReserveBytes, nameof(reserve));
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnNormalizationForwardTraining(
            handle, _mode, _operations, _algorithm, &a, &b, _x, x.Required(nameof(x)), _parameters, scale.Required(nameof(scale)), bias.Required(nameof(bias)),
            factor, _parameters, runningMean.Raw, runningVariance.Raw, epsilon, savedMean.Raw, savedInverseDeviation.Raw, _activation, _z, Added(z, nameof(z)),
            _x, y.Required(nameof(y)), workspace.Pointer.Raw, (nuint)workspace.Length, reserve.Pointer.Raw, (nuint)reserve.Length, Groups));
    }

    /// <summary>The gradients by x, z, scale and bias; dy is masked by the activation first, and the masked dy is dz.</summary>
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
    /// <param name="savedMean">The batch's mean as saved; null together with <paramref name="savedInverseDeviation"/> to have both computed again.</param>
    /// <param name="savedInverseDeviation">1 / √(variance + epsilon) as saved.</param>
    /// <param name="workspace">At least <see cref="BackwardWorkspaceBytes"/>; its content is lost.</param>
    /// <param name="reserve">What the forward pass wrote.</param>
    /// <exception cref="ArgumentException">A space is too short, or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(
        double alphaData, double betaData, double alphaParameter, double betaParameter, DevicePointer x, DevicePointer y, DevicePointer dy, DevicePointer dz,
        DevicePointer dx, DevicePointer scale, DevicePointer bias, DevicePointer dScale, DevicePointer dBias, double epsilon, DevicePointer savedMean,
        DevicePointer savedInverseDeviation, DeviceSpan<byte> workspace, DeviceSpan<byte> reserve)
    {
        cudnnHandle_t handle = Enter();
        CheckPair(savedMean, nameof(savedMean), savedInverseDeviation, nameof(savedInverseDeviation));
        CheckSpace(workspace, BackwardWorkspaceBytes, nameof(workspace));
        CheckSpace(reserve, ReserveBytes, nameof(reserve));
        ScalingFactor dataResult = new(alphaData, Shape.Type);
        ScalingFactor dataPrior = new(betaData, Shape.Type);
        ScalingFactor parameterResult = new(alphaParameter, Shape.Type);
        ScalingFactor parameterPrior = new(betaParameter, Shape.Type);
        Cudnn.Check(Cudnn.cudnnNormalizationBackward(
            handle, _mode, _operations, _algorithm, &dataResult, &dataPrior, &parameterResult, &parameterPrior, _x, x.Required(nameof(x)),
            _x, Fusion == BatchNormalizationFusion.None ? y.Raw : y.Required(nameof(y)), _x, dy.Required(nameof(dy)), _z, Added(dz, nameof(dz)), _x, dx.Required(nameof(dx)),
            _parameters, scale.Required(nameof(scale)), bias.Required(nameof(bias)), dScale.Required(nameof(dScale)), dBias.Required(nameof(dBias)), epsilon,
            _parameters, savedMean.Raw, savedInverseDeviation.Raw, _activation, workspace.Pointer.Raw, (nuint)workspace.Length, reserve.Pointer.Raw,
            (nuint)reserve.Length, Groups));
    }

    private void* Added(DevicePointer pointer, string name) => Fusion == BatchNormalizationFusion.AddActivation ? pointer.Required(name) : null;
}
