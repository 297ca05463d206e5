using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The gradient of a convolution by its filters: dw = alpha · Σ x · dy + beta · dw, the exact adjoint of <see cref="ConvolutionForward"/>.</summary>
public sealed unsafe class ConvolutionBackwardFilter : ConvolutionOperation<cudnnConvolutionBwdFilterAlgo_t>
{
    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The input, N x C x H x W.</param>
    /// <param name="dy">The gradient by the output; its dimensions must be those of <see cref="Convolution.OutputShape"/>.</param>
    /// <param name="convolution">Padding, stride, dilation and groups.</param>
    /// <param name="dw">The gradient by the filters, K x C/groups x R x S.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public ConvolutionBackwardFilter(CudnnHandle cudnn, TensorShape x, TensorShape dy, Convolution convolution, FilterShape dw)
        : base(cudnn, x, dw, convolution, dy, nameof(dy))
    {
    }

    /// <summary>Puts the gradient into the stream.</summary>
    /// <param name="choice">The algorithm, from <see cref="ConvolutionOperation{TAlgorithm}.Choose"/> or a measurement.</param>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="x">The input.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="workspace">At least <see cref="ConvolutionChoice{TAlgorithm}.WorkspaceBytes"/>; its content is lost.</param>
    /// <param name="beta">The factor of what <paramref name="dw"/> held before; 0: it is not read.</param>
    /// <param name="dw">The gradient by the filters.</param>
    /// <exception cref="ArgumentException">The workspace is too short or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(
        ConvolutionChoice<cudnnConvolutionBwdFilterAlgo_t> choice, double alpha, DevicePointer x, DevicePointer dy, DeviceSpan<byte> workspace, double beta, DevicePointer dw)
    {
        cudnnHandle_t handle = Enter(choice, workspace);
        ScalingFactor a = new(alpha, ImageShape.Type);
        ScalingFactor b = new(beta, ImageShape.Type);
        Cudnn.Check(Cudnn.cudnnConvolutionBackwardFilter(
            handle, &a, Image, x.Required(nameof(x)), Output, dy.Required(nameof(dy)), Geometry, choice.Algorithm,
            workspace.Pointer.Raw, (nuint)workspace.Length, &b, Filter, dw.Required(nameof(dw))));
    }

    /// <summary>Runs and times every algorithm on the caller's memory, within the caller's workspace; the fastest first. Waits for the device.</summary>
    /// <remarks>The content of <paramref name="workspace"/> and <paramref name="dw"/> is lost.</remarks>
    /// <param name="x">The input.</param>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="workspace">What the algorithms may use.</param>
    /// <param name="dw">The gradient by the filters.</param>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN does not support the operation.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public IReadOnlyList<ConvolutionMeasurement<cudnnConvolutionBwdFilterAlgo_t>> Measure(DevicePointer x, DevicePointer dy, DeviceSpan<byte> workspace, DevicePointer dw)
    {
        cudnnHandle_t handle = Prepare(Convolution.MathType);
        cudnnConvolutionBwdFilterAlgoPerf_t* results = stackalloc cudnnConvolutionBwdFilterAlgoPerf_t[MostResults];
        int returned;
        Cudnn.Check(Cudnn.cudnnFindConvolutionBackwardFilterAlgorithmEx(
            handle, Image, x.Required(nameof(x)), Output, dy.Required(nameof(dy)), Geometry, Filter, dw.Required(nameof(dw)),
            CountResults(handle), &returned, results, workspace.Pointer.Raw, (nuint)workspace.Length));
        return Read(results, returned, measured: true);
    }

    private protected override string CountAlgorithmsName => nameof(Cudnn.cudnnGetConvolutionBackwardFilterAlgorithmMaxCount);

    private protected override string SizeWorkspaceName => nameof(Cudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize);

    private protected override string EstimateName => nameof(Cudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7);

    private protected override string FindName => nameof(Cudnn.cudnnFindConvolutionBackwardFilterAlgorithm);

    private protected override cudnnStatus_t CountAlgorithms(cudnnHandle_t handle, int* count) =>
        Cudnn.cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(handle, count);

    private protected override cudnnStatus_t Estimate(cudnnHandle_t handle, int requested, int* returned, void* results) =>
        Cudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, Image, Output, Geometry, Filter, requested, returned, (cudnnConvolutionBwdFilterAlgoPerf_t*)results);

    private protected override cudnnStatus_t Find(cudnnHandle_t handle, int requested, int* returned, void* results) =>
        Cudnn.cudnnFindConvolutionBackwardFilterAlgorithm(handle, Image, Output, Geometry, Filter, requested, returned, (cudnnConvolutionBwdFilterAlgoPerf_t*)results);

    private protected override cudnnStatus_t SizeWorkspace(cudnnHandle_t handle, cudnnConvolutionBwdFilterAlgo_t algorithm, nuint* bytes) =>
        Cudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, Image, Output, Geometry, Filter, algorithm, bytes);
}
