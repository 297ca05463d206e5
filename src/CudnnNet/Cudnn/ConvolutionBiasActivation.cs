using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A convolution with bias, sum and activation in one: y = act(alpha1 · conv(x, w) + alpha2 · z + bias) (cudnnConvolutionBiasActivationForward).</summary>
/// <remarks>
/// The algorithm is chosen with a <see cref="ConvolutionForward"/> of the same shapes. A GPU takes
/// <see cref="ActivationMode.Identity"/> only with CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM.
/// </remarks>
public sealed unsafe class ConvolutionBiasActivation : CudnnOperation
{
    private readonly ConvolutionDescriptor _convolution;
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnFilterDescriptor_t _w;
    private readonly cudnnTensorDescriptor_t _y;
    private readonly cudnnTensorDescriptor_t _bias;
    private readonly cudnnActivationDescriptor_t _activation;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The input, N x C x H x W.</param>
    /// <param name="w">The filters, K x C/groups x R x S.</param>
    /// <param name="convolution">Padding, stride, dilation and groups.</param>
    /// <param name="y">The shape of output and z; its dimensions must be those of <see cref="Convolution.OutputShape"/>.</param>
    /// <param name="activation">ReLU or identity.</param>
    /// <param name="coefficient">The activation's coefficient.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public ConvolutionBiasActivation(
        CudnnHandle cudnn, TensorShape x, FilterShape w, Convolution convolution, TensorShape y, ActivationMode activation, double coefficient = 0)
        : base(cudnn)
    {
        try
        {
            y.Expect(convolution.OutputShape(x, w) with { Type = y.Type }, nameof(y), $"a convolution ({convolution}) of {x} with {w}");
            InputShape = x;
            OutputShape = y;
            BiasShape = new(1, y.C, 1, 1, x.Type.Computed() == DataType.Int32 ? DataType.Float32 : x.Type.Computed(), TensorLayout.Nchw) { D = y.IsVolume ? 1 : 0 };
            _x = Own(new TensorDescriptor(x)).Handle;
            _w = Own(new FilterDescriptor(w)).Handle;
            _y = Own(new TensorDescriptor(y)).Handle;
            _bias = Own(new TensorDescriptor(BiasShape)).Handle;
            _convolution = Own(new ConvolutionDescriptor(convolution, x.Type.Computed(), x.IsVolume));
            _activation = Own(new ActivationDescriptor(activation, coefficient)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of x.</summary>
    public TensorShape InputShape { get; }

    /// <summary>The shape of y and z.</summary>
    public TensorShape OutputShape { get; }

    /// <summary>The shape of the bias: 1 x K x 1 x 1, single precision for single and narrower types.</summary>
    public TensorShape BiasShape { get; }

    /// <summary>Puts y = act(alpha1 · conv(x, w) + alpha2 · z + bias) into the stream.</summary>
    /// <param name="choice">The algorithm, from a <see cref="ConvolutionForward"/> of the same shapes.</param>
    /// <param name="alpha1">The factor of the convolution.</param>
    /// <param name="x">The input.</param>
    /// <param name="w">The filters.</param>
    /// <param name="workspace">At least <see cref="ConvolutionChoice{TAlgorithm}.WorkspaceBytes"/>; its content is lost.</param>
    /// <param name="alpha2">The factor of <paramref name="z"/>.</param>
    /// <param name="z">What is added; may be the memory of <paramref name="y"/>.</param>
    /// <param name="bias">The bias.</param>
    /// <param name="y">The output.</param>
    /// <exception cref="ArgumentException">The workspace is too short or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> choice,
        double alpha1,
        DevicePointer x,
        DevicePointer w,
        DeviceSpan<byte> workspace,
        double alpha2,
        DevicePointer z,
        DevicePointer bias,
        DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        CheckSpace(workspace, choice.WorkspaceBytes, nameof(workspace));
        _convolution.SetMathType(choice.MathType);
        ScalingFactor first = new(alpha1, InputShape.Type);
        ScalingFactor second = new(alpha2, InputShape.Type);
        Cudnn.Check(Cudnn.cudnnConvolutionBiasActivationForward(
            handle, &first, _x, x.Required(nameof(x)), _w, w.Required(nameof(w)), _convolution.Handle, choice.Algorithm,
            workspace.Pointer.Raw, (nuint)workspace.Length, &second, _y, z.Required(nameof(z)), _bias, bias.Required(nameof(bias)),
            _activation, _y, y.Required(nameof(y))));
    }
}
