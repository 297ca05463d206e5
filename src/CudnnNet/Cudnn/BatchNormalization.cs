using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Batch normalisation (Ioffe and Szegedy 2015): training, inference and gradient.</summary>
/// <remarks>
/// Over the elements which share statistics: y = scale · (x - mean) / √(variance + epsilon) + bias, with the biased variance of the batch.
/// Scale, bias, means, variances and their gradients have <see cref="ParameterShape"/>: single precision for single and narrower types, double for double.
/// </remarks>
public sealed unsafe class BatchNormalization : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _parameters;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="mode">Which elements share statistics.</param>
    /// <param name="x">The shape of x, y, dx and dy, N x C x H x W.</param>
    /// <exception cref="ArgumentException">No tensor has that shape, or it is one of integers.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public BatchNormalization(CudnnHandle cudnn, BatchNormalizationMode mode, TensorShape x)
        : base(cudnn)
    {
        try
        {
            Mode = mode;
            Shape = x;
            ParameterShape = DeriveParameterShape(mode, x);
            _x = Own(new TensorDescriptor(x)).Handle;
            _parameters = Own(new TensorDescriptor(ParameterShape)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Which elements share statistics.</summary>
    public BatchNormalizationMode Mode { get; }

    /// <summary>The shape of x, y, dx and dy.</summary>
    public TensorShape Shape { get; }

    /// <summary>The shape of scale, bias, means, variances and their gradients: 1 x C x 1 x 1, or 1 x C x H x W per activation; packed, NCHW.</summary>
    public TensorShape ParameterShape { get; }

    /// <summary>The shape of scale, bias, means and variances for a batch normalisation of <paramref name="x"/> (as cudnnDeriveBNTensorDescriptor gives it).</summary>
    /// <exception cref="ArgumentException">No tensor has that shape, or it is one of integers.</exception>
    public static TensorShape DeriveParameterShape(BatchNormalizationMode mode, TensorShape x)
    {
        x.Validate(nameof(x));
        DataType type = x.Type.Computed();
        if (type == DataType.Int32)
        {
            throw new ArgumentException($"'{nameof(x)}' is {x}; only floating types can be normalised.", nameof(x));
        }

        return mode == BatchNormalizationMode.PerActivation
            ? new(1, x.C, x.H, x.W, type, TensorLayout.Nchw) { D = x.D }
            : new(1, x.C, 1, 1, type, TensorLayout.Nchw) { D = x.IsVolume ? 1 : 0 };
    }

    /// <summary>Normalises by the statistics of the batch: y = alpha · bn(x) + beta · y.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="x">The input.</param>
    /// <param name="beta">The factor of what <paramref name="y"/> held before; 0: it is not read.</param>
    /// <param name="y">The output.</param>
    /// <param name="scale">The factor of the normalised input.</param>
    /// <param name="bias">What is added to it.</param>
    /// <param name="factor">How much of the batch's statistics goes into the running ones: running = batch · factor + running · (1 - factor). 1 overwrites whatever is there.</param>
    /// <param name="runningMean">The running mean; null together with <paramref name="runningVariance"/> to leave both out.</param>
    /// <param name="runningVariance">The running variance, of the unbiased kind: biased · m / (m - 1) with m elements a statistic.</param>
    /// <param name="epsilon">Added to the variance under the root.</param>
    /// <param name="savedMean">Receives the batch's mean for <see cref="Backward"/>; null together with <paramref name="savedInverseDeviation"/> to leave both out.</param>
    /// <param name="savedInverseDeviation">Receives 1 / √(variance + epsilon).</param>
    /// <exception cref="ArgumentException">An address is null, or one of a pair is.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void ForwardTraining(
        double alpha,
        DevicePointer x,
        double beta,
        DevicePointer y,
        DevicePointer scale,
        DevicePointer bias,
        double factor,
        DevicePointer runningMean,
        DevicePointer runningVariance,
        double epsilon,
        DevicePointer savedMean,
        DevicePointer savedInverseDeviation)
    {
        cudnnHandle_t handle = Enter();
        CheckPair(runningMean, nameof(runningMean), runningVariance, nameof(runningVariance));
        CheckPair(savedMean, nameof(savedMean), savedInverseDeviation, nameof(savedInverseDeviation));
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnBatchNormalizationForwardTraining(
            handle, (cudnnBatchNormMode_t)Mode, &a, &b, _x, x.Required(nameof(x)), _x, y.Required(nameof(y)),
            _parameters, scale.Required(nameof(scale)), bias.Required(nameof(bias)),
            factor, runningMean.Raw, runningVariance.Raw, epsilon, savedMean.Raw, savedInverseDeviation.Raw));
    }

    /// <summary>Normalises by given statistics: y = alpha · (scale · (x - mean) / √(variance + epsilon) + bias) + beta · y.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void ForwardInference(
        double alpha,
        DevicePointer x,
        double beta,
        DevicePointer y,
        DevicePointer scale,
        DevicePointer bias,
        DevicePointer mean,
        DevicePointer variance,
        double epsilon)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnBatchNormalizationForwardInference(
            handle, (cudnnBatchNormMode_t)Mode, &a, &b, _x, x.Required(nameof(x)), _x, y.Required(nameof(y)),
            _parameters, scale.Required(nameof(scale)), bias.Required(nameof(bias)), mean.Required(nameof(mean)), variance.Required(nameof(variance)), epsilon));
    }

    /// <summary>The gradients by x, scale and bias of a normalisation by the batch's statistics.</summary>
    /// <remarks>
    /// With x̂ = (x - mean) · inverse and m elements a statistic: dBias = Σ dy, dScale = Σ dy·x̂, dx = scale · inverse · (dy - dBias/m - x̂·dScale/m).
    /// </remarks>
    /// <param name="alphaData">The factor of the gradient by x.</param>
    /// <param name="betaData">The factor of what <paramref name="dx"/> held before; 0: it is not read.</param>
    /// <param name="alphaParameter">The factor of the gradients by scale and bias.</param>
    /// <param name="betaParameter">The factor of what <paramref name="dScale"/> and <paramref name="dBias"/> held before; 0: they are not read.</param>
    /// <param name="x">The input.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="dx">The gradient by the input.</param>
    /// <param name="scale">The factor of the normalised input.</param>
    /// <param name="dScale">The gradient by it.</param>
    /// <param name="dBias">The gradient by the bias.</param>
    /// <param name="epsilon">That of the forward pass.</param>
    /// <param name="savedMean">The batch's mean as saved; null together with <paramref name="savedInverseDeviation"/>: both are computed again.</param>
    /// <param name="savedInverseDeviation">1 / √(variance + epsilon) as saved.</param>
    /// <exception cref="ArgumentException">An address is null, or one of a pair is.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(
        double alphaData,
        double betaData,
        double alphaParameter,
        double betaParameter,
        DevicePointer x,
        DevicePointer dy,
        DevicePointer dx,
        DevicePointer scale,
        DevicePointer dScale,
        DevicePointer dBias,
        double epsilon,
        DevicePointer savedMean,
        DevicePointer savedInverseDeviation)
    {
        cudnnHandle_t handle = Enter();
        CheckPair(savedMean, nameof(savedMean), savedInverseDeviation, nameof(savedInverseDeviation));
        ScalingFactor dataResult = new(alphaData, Shape.Type);
        ScalingFactor dataPrior = new(betaData, Shape.Type);
        ScalingFactor parameterResult = new(alphaParameter, Shape.Type);
        ScalingFactor parameterPrior = new(betaParameter, Shape.Type);
        Cudnn.Check(Cudnn.cudnnBatchNormalizationBackward(
            handle, (cudnnBatchNormMode_t)Mode, &dataResult, &dataPrior, &parameterResult, &parameterPrior,
            _x, x.Required(nameof(x)), _x, dy.Required(nameof(dy)), _x, dx.Required(nameof(dx)),
            _parameters, scale.Required(nameof(scale)), dScale.Required(nameof(dScale)), dBias.Required(nameof(dBias)),
            epsilon, savedMean.Raw, savedInverseDeviation.Raw));
    }
}
