using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The output of a convolution: y = alpha · conv(x, w) + beta · y.</summary>
public sealed unsafe class ConvolutionForward : ConvolutionOperation<cudnnConvolutionFwdAlgo_t>
{
    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The input, N x C x H x W.</param>
    /// <param name="w">The filters, K x C/groups x R x S.</param>
    /// <param name="convolution">Padding, stride, dilation and groups.</param>
    /// <param name="y">The output; its dimensions must be those of <see cref="Convolution.OutputShape"/>.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public ConvolutionForward(CudnnHandle cudnn, TensorShape x, FilterShape w, Convolution convolution, TensorShape y)
        : base(cudnn, x, w, convolution, y, nameof(y))
    {
    }

    /// <summary>Puts the convolution into the stream.</summary>
    /// <param name="choice">The algorithm, from <see cref="ConvolutionOperation{TAlgorithm}.Choose"/> or a measurement.</param>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="x">The input.</param>
    /// <param name="w">The filters.</param>
    /// <param name="workspace">At least <see cref="ConvolutionChoice{TAlgorithm}.WorkspaceBytes"/>; its content is lost.</param>
    /// <param name="beta">The factor of what <paramref name="y"/> held before; 0: it is not read.</param>
    /// <param name="y">The output.</param>
    /// <exception cref="ArgumentException">The workspace is too short or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> choice, double alpha, DevicePointer x, DevicePointer w, DeviceSpan<byte> workspace, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter(choice, workspace);
        ScalingFactor a = new(alpha, ImageShape.Type);
        ScalingFactor b = new(beta, ImageShape.Type);
        Cudnn.Check(Cudnn.cudnnConvolutionForward(
            handle, &a, Image, x.Required(nameof(x)), Filter, w.Required(nameof(w)), Geometry, choice.Algorithm,
            workspace.Pointer.Raw, (nuint)workspace.Length, &b, Output, y.Required(nameof(y))));
    }

    /// <summary>Runs and times every algorithm on the caller's memory, within the caller's workspace; the fastest first. Waits for the device.</summary>
    /// <remarks>The content of <paramref name="workspace"/> and <paramref name="y"/> is lost.</remarks>
    /// <param name="x">The input.</param>
    /// <param name="w">The filters.</param>
    /// <param name="workspace">What the algorithms may use.</param>
    /// <param name="y">The output.</param>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN does not support the operation.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public IReadOnlyList<ConvolutionMeasurement<cudnnConvolutionFwdAlgo_t>> Measure(DevicePointer x, DevicePointer w, DeviceSpan<byte> workspace, DevicePointer y)
    {
        cudnnHandle_t handle = Prepare(Convolution.MathType);
        cudnnConvolutionFwdAlgoPerf_t* results = stackalloc cudnnConvolutionFwdAlgoPerf_t[MostResults];
        int returned;
        Cudnn.Check(Cudnn.cudnnFindConvolutionForwardAlgorithmEx(
            handle, Image, x.Required(nameof(x)), Filter, w.Required(nameof(w)), Geometry, Output, y.Required(nameof(y)),
            CountResults(handle), &returned, results, workspace.Pointer.Raw, (nuint)workspace.Length));
        return Read(results, returned, measured: true);
    }

    private protected override string CountAlgorithmsName => nameof(Cudnn.cudnnGetConvolutionForwardAlgorithmMaxCount);

    private protected override string SizeWorkspaceName => nameof(Cudnn.cudnnGetConvolutionForwardWorkspaceSize);

    private protected override string EstimateName => nameof(Cudnn.cudnnGetConvolutionForwardAlgorithm_v7);

    private protected override string FindName => nameof(Cudnn.cudnnFindConvolutionForwardAlgorithm);

    private protected override cudnnStatus_t CountAlgorithms(cudnnHandle_t handle, int* count) =>
        Cudnn.cudnnGetConvolutionForwardAlgorithmMaxCount(handle, count);

    private protected override cudnnStatus_t Estimate(cudnnHandle_t handle, int requested, int* returned, void* results) =>
        Cudnn.cudnnGetConvolutionForwardAlgorithm_v7(handle, Image, Filter, Geometry, Output, requested, returned, (cudnnConvolutionFwdAlgoPerf_t*)results);

    private protected override cudnnStatus_t Find(cudnnHandle_t handle, int requested, int* returned, void* results) =>
        Cudnn.cudnnFindConvolutionForwardAlgorithm(handle, Image, Filter, Geometry, Output, requested, returned, (cudnnConvolutionFwdAlgoPerf_t*)results);

    private protected override cudnnStatus_t SizeWorkspace(cudnnHandle_t handle, cudnnConvolutionFwdAlgo_t algorithm, nuint* bytes) =>
        Cudnn.cudnnGetConvolutionForwardWorkspaceSize(handle, Image, Filter, Geometry, Output, algorithm, bytes);
}
