using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The gradient of a convolution by its input: dx = alpha · convᵀ(dy, w) + beta · dx, the exact adjoint of <see cref="ConvolutionForward"/>.</summary>
public sealed unsafe class ConvolutionBackwardData : ConvolutionOperation<cudnnConvolutionBwdDataAlgo_t>
{
    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="w">The filters, K x C/groups x R x S.</param>
    /// <param name="dy">The gradient by the output; its dimensions must be those of <see cref="Convolution.OutputShape"/>.</param>
    /// <param name="convolution">Padding, stride, dilation and groups.</param>
    /// <param name="dx">The gradient by the input, N x C x H x W.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public ConvolutionBackwardData(CudnnHandle cudnn, FilterShape w, TensorShape dy, Convolution convolution, TensorShape dx)
        : base(cudnn, dx, w, convolution, dy, nameof(dy))
    {
    }

    /// <summary>Puts the gradient into the stream.</summary>
    /// <param name="choice">The algorithm, from <see cref="ConvolutionOperation{TAlgorithm}.Choose"/> or a measurement.</param>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="w">The filters.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="workspace">At least <see cref="ConvolutionChoice{TAlgorithm}.WorkspaceBytes"/>; its content is lost.</param>
    /// <param name="beta">The factor of what <paramref name="dx"/> held before; 0: it is not read.</param>
    /// <param name="dx">The gradient by the input.</param>
    /// <exception cref="ArgumentException">The workspace is too short or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(
        ConvolutionChoice<cudnnConvolutionBwdDataAlgo_t> choice, double alpha, DevicePointer w, DevicePointer dy, DeviceSpan<byte> workspace, double beta, DevicePointer dx)
    {
        cudnnHandle_t handle = Enter(choice, workspace);
        ScalingFactor a = new(alpha, ImageShape.Type);
        ScalingFactor b = new(beta, ImageShape.Type);
        Cudnn.Check(Cudnn.cudnnConvolutionBackwardData(
            handle, &a, Filter, w.Required(nameof(w)), Output, dy.Required(nameof(dy)), Geometry, choice.Algorithm,
            workspace.Pointer.Raw, (nuint)workspace.Length, &b, Image, dx.Required(nameof(dx))));
    }

    /// <summary>Runs and times every algorithm on the caller's memory, within the caller's workspace; the fastest first. Waits for the device.</summary>
    /// <remarks>The content of <paramref name="workspace"/> and <paramref name="dx"/> is lost.</remarks>
    /// <param name="w">The filters.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="workspace">What the algorithms may use.</param>
    /// <param name="dx">The gradient by the input.</param>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN does not support the operation.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public IReadOnlyList<ConvolutionMeasurement<cudnnConvolutionBwdDataAlgo_t>> Measure(DevicePointer w, DevicePointer dy, DeviceSpan<byte> workspace, DevicePointer dx)
    {
        cudnnHandle_t handle = Prepare(Convolution.MathType);
        cudnnConvolutionBwdDataAlgoPerf_t* results = stackalloc cudnnConvolutionBwdDataAlgoPerf_t[MostResults];
        int returned;
        Cudnn.Check(Cudnn.cudnnFindConvolutionBackwardDataAlgorithmEx(
            handle, Filter, w.Required(nameof(w)), Output, dy.Required(nameof(dy)), Geometry, Image, dx.Required(nameof(dx)),
            CountResults(handle), &returned, results, workspace.Pointer.Raw, (nuint)workspace.Length));
        return Read(results, returned, measured: true);
    }

    private protected override string CountAlgorithmsName => nameof(Cudnn.cudnnGetConvolutionBackwardDataAlgorithmMaxCount);

    private protected override string SizeWorkspaceName => nameof(Cudnn.cudnnGetConvolutionBackwardDataWorkspaceSize);

    private protected override string EstimateName => nameof(Cudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7);

    private protected override string FindName => nameof(Cudnn.cudnnFindConvolutionBackwardDataAlgorithm);

    private protected override cudnnStatus_t CountAlgorithms(cudnnHandle_t handle, int* count) =>
        Cudnn.cudnnGetConvolutionBackwardDataAlgorithmMaxCount(handle, count);

    private protected override cudnnStatus_t Estimate(cudnnHandle_t handle, int requested, int* returned, void* results) =>
        Cudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, Filter, Output, Geometry, Image, requested, returned, (cudnnConvolutionBwdDataAlgoPerf_t*)results);

    private protected override cudnnStatus_t Find(cudnnHandle_t handle, int requested, int* returned, void* results) =>
        Cudnn.cudnnFindConvolutionBackwardDataAlgorithm(handle, Filter, Output, Geometry, Image, requested, returned, (cudnnConvolutionBwdDataAlgoPerf_t*)results);

    private protected override cudnnStatus_t SizeWorkspace(cudnnHandle_t handle, cudnnConvolutionBwdDataAlgo_t algorithm, nuint* bytes) =>
        Cudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(handle, Filter, Output, Geometry, Image, algorithm, bytes);
}
