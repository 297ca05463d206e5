using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Divisive normalisation of each plane (Jarrett et al. 2009), with its gradient. All tensors have one shape.</summary>
/// <remarks>
/// y = x · (k + alpha / window^d · Σ (x - m)²)^-beta with the mean m of each element given by the caller; the sum goes over the window around the
/// element along each of the d dimensions of the image or volume, cut off at the edges.
/// </remarks>
public sealed unsafe class DivisiveNormalization : CudnnOperation
{
    private const cudnnDivNormMode_t Mode = cudnnDivNormMode_t.CUDNN_DIVNORM_PRECOMPUTED_MEANS;
    private readonly LrnDescriptor _descriptor;
    private readonly cudnnLRNDescriptor_t _normalization;
    private readonly cudnnTensorDescriptor_t _x;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The shape of all tensors, N x C x H x W.</param>
    /// <param name="window">The side of the window in pixels, 1 to 16.</param>
    /// <param name="alpha">The factor of the sum; it is divided by the pixels of the window.</param>
    /// <param name="beta">The exponent, at least 0.01.</param>
    /// <param name="k">What is added to the sum, at least 1e-5.</param>
    /// <exception cref="ArgumentException">No tensor has that shape, or the window is 0 or less.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape or a number.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public DivisiveNormalization(CudnnHandle cudnn, TensorShape x, int window = 5, double alpha = 1e-4, double beta = 0.75, double k = 2)
        : base(cudnn)
    {
        try
        {
            Shape = x;
            _descriptor = Own(new LrnDescriptor(window, alpha, beta, k));
            _normalization = _descriptor.Handle;
            _x = Own(new TensorDescriptor(x)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of all tensors.</summary>
    public TensorShape Shape { get; }

    /// <summary>The side of the window in pixels.</summary>
    public int Window => _descriptor.Window;

    /// <summary>What each of the two temporary tensors needs, in bytes.</summary>
    public long TemporaryBytes => Shape.Bytes;

    /// <summary>y = alpha · divisive(x) + beta · y; alpha and beta blend, they are not those of the formula.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="x">The input.</param>
    /// <param name="means">The mean of each element; null: 0.</param>
    /// <param name="temporary">At least <see cref="TemporaryBytes"/>; its content is lost.</param>
    /// <param name="temporary2">At least <see cref="TemporaryBytes"/>; its content is lost.</param>
    /// <param name="beta">The factor of what <paramref name="y"/> held before; 0: it is not read.</param>
    /// <param name="y">The output.</param>
    /// <exception cref="ArgumentException">A temporary tensor is too short or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Forward(
        double alpha, DevicePointer x, DevicePointer means, DeviceSpan<byte> temporary, DeviceSpan<byte> temporary2, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        CheckSpace(temporary, TemporaryBytes, nameof(temporary));
        CheckSpace(temporary2, TemporaryBytes, nameof(temporary2));
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnDivisiveNormalizationForward(
            handle, _normalization, Mode, &a, _x, x.Required(nameof(x)), means.Raw, temporary.Pointer.Raw, temporary2.Pointer.Raw, &b, _x, y.Required(nameof(y))));
    }

    /// <summary>The gradients: dx = alpha · (by x) + beta · dx, and dMeans likewise.</summary>
    /// <param name="alpha">The factor of the results.</param>
    /// <param name="x">The input.</param>
    /// <param name="means">The means of the forward pass; null: 0.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="temporary">At least <see cref="TemporaryBytes"/>; its content is lost.</param>
    /// <param name="temporary2">At least <see cref="TemporaryBytes"/>; its content is lost.</param>
    /// <param name="beta">The factor of what <paramref name="dx"/> and <paramref name="dMeans"/> held before; 0: they are not read.</param>
    /// <param name="dx">The gradient by the input.</param>
    /// <param name="dMeans">The gradient by the means; null to leave it out.</param>
    /// <exception cref="ArgumentException">A temporary tensor is too short or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(
        double alpha, DevicePointer x, DevicePointer means, DevicePointer dy, DeviceSpan<byte> temporary, DeviceSpan<byte> temporary2, double beta,
        DevicePointer dx, DevicePointer dMeans)
    {
        cudnnHandle_t handle = Enter();
        CheckSpace(temporary, TemporaryBytes, nameof(temporary));
        CheckSpace(temporary2, TemporaryBytes, nameof(temporary2));
        ScalingFactor a = new(alpha, Shape.Type);
        ScalingFactor b = new(beta, Shape.Type);
        Cudnn.Check(Cudnn.cudnnDivisiveNormalizationBackward(
            handle, _normalization, Mode, &a, _x, x.Required(nameof(x)), means.Raw, dy.Required(nameof(dy)), temporary.Pointer.Raw, temporary2.Pointer.Raw,
            &b, _x, dx.Required(nameof(dx)), dMeans.Raw));
    }
}
