using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What the three directions of a convolution have in common: choosing an algorithm and asking for its workspace.</summary>
/// <typeparam name="TAlgorithm">cuDNN's list of algorithms for the direction.</typeparam>
/// <remarks>
/// Choose once (<see cref="Choose"/> by cuDNN's heuristic, or the best of <see cref="Measure()"/>), take a workspace of
/// <see cref="ConvolutionChoice{TAlgorithm}.WorkspaceBytes"/>, run as often as wanted.
/// </remarks>
public abstract unsafe class ConvolutionOperation<TAlgorithm> : CudnnOperation
    where TAlgorithm : unmanaged, Enum
{
    private protected readonly cudnnTensorDescriptor_t Image;
    private protected readonly cudnnFilterDescriptor_t Filter;
    private protected readonly cudnnTensorDescriptor_t Output;
    private protected readonly cudnnConvolutionDescriptor_t Geometry;
    private readonly ConvolutionDescriptor _geometry;

    private protected ConvolutionOperation(CudnnHandle cudnn, TensorShape image, FilterShape filter, Convolution convolution, TensorShape output, string outputName)
        : base(cudnn)
    {
        try
        {
            TensorShape expected = convolution.OutputShape(image, filter);
            if (image.Type == DataType.Float64 != (filter.Type == DataType.Float64))
            {
                throw new ArgumentException($"The image is {image}, the filter {filter}: double goes with double only. Give both the same type.", nameof(filter));
            }

            output.Expect(expected with { Type = output.Type }, outputName, $"a convolution ({convolution}) of {image} with {filter}");
            ImageShape = image;
            FilterShape = filter;
            OutputShape = output;
            Image = Own(new TensorDescriptor(image)).Handle;
            Filter = Own(new FilterDescriptor(filter)).Handle;
            Output = Own(new TensorDescriptor(output)).Handle;
            _geometry = Own(new ConvolutionDescriptor(convolution, image.Type.Computed(), image.IsVolume));
            Geometry = _geometry.Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Padding, stride, dilation and groups.</summary>
    public Convolution Convolution => _geometry.Convolution;

    /// <summary>The shape on the side of the image: x or dx.</summary>
    public TensorShape ImageShape { get; }

    /// <summary>The shape of the filters: w or dw.</summary>
    public FilterShape FilterShape { get; }

    /// <summary>The shape on the side of the output: y or dy.</summary>
    public TensorShape OutputShape { get; }

    /// <summary>What cuDNN's heuristic says of every algorithm, the one it expects to be fastest first. Nothing is run.</summary>
    /// <exception cref="CudnnException">cuDNN does not support the operation.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public IReadOnlyList<ConvolutionMeasurement<TAlgorithm>> GetHeuristics()
    {
        cudnnHandle_t handle = Prepare(Convolution.MathType);
        cudnnConvolutionFwdAlgoPerf_t* results = stackalloc cudnnConvolutionFwdAlgoPerf_t[MostResults];
        int returned;
        Cudnn.Check(Estimate(handle, CountResults(handle), &returned, results), EstimateName);
        return Read(results, returned, measured: false);
    }

    /// <summary>The algorithm cuDNN's heuristic expects to be fastest among those which fit.</summary>
    /// <param name="workspaceLimit">The most workspace allowed, in bytes.</param>
    /// <param name="deterministic">Whether the algorithm must give the same bits every time.</param>
    /// <param name="exact">Whether the algorithm must add up the products of the definition: none that transforms its operands first
    /// (<see cref="ConvolutionChoice{TAlgorithm}.Transforms"/>), whose rounding errors are larger.</param>
    /// <exception cref="InvalidOperationException">No algorithm fits; the message lists what there is.</exception>
    /// <exception cref="CudnnException">cuDNN does not support the operation.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public ConvolutionChoice<TAlgorithm> Choose(long workspaceLimit = long.MaxValue, bool deterministic = false, bool exact = false) =>
        First(GetHeuristics(), workspaceLimit, deterministic, exact);

    /// <summary>Runs and times every algorithm on memory cuDNN allocates for the purpose; the fastest first. Waits for the device.</summary>
    /// <exception cref="CudnnException">cuDNN does not support the operation.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public IReadOnlyList<ConvolutionMeasurement<TAlgorithm>> Measure()
    {
        cudnnHandle_t handle = Prepare(Convolution.MathType);
        cudnnConvolutionFwdAlgoPerf_t* results = stackalloc cudnnConvolutionFwdAlgoPerf_t[MostResults];
        int returned;
        Cudnn.Check(Find(handle, CountResults(handle), &returned, results), FindName);
        return Read(results, returned, measured: true);
    }

    /// <summary>Runs and times every algorithm as <see cref="Measure()"/> does and returns the fastest which fits.</summary>
    /// <param name="workspaceLimit">The most workspace allowed, in bytes.</param>
    /// <param name="deterministic">Whether the algorithm must give the same bits every time.</param>
    /// <param name="exact">Whether the algorithm must add up the products of the definition: none that transforms its operands first
    /// (<see cref="ConvolutionChoice{TAlgorithm}.Transforms"/>), whose rounding errors are larger.</param>
    /// <exception cref="InvalidOperationException">No algorithm fits; the message lists what there is.</exception>
    /// <exception cref="CudnnException">cuDNN does not support the operation.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public ConvolutionChoice<TAlgorithm> ChooseMeasured(long workspaceLimit = long.MaxValue, bool deterministic = false, bool exact = false) =>
        First(Measure(), workspaceLimit, deterministic, exact);

    /// <summary>The workspace <paramref name="algorithm"/> needs, in bytes.</summary>
    /// <exception cref="CudnnException">cuDNN does not support the algorithm for this operation.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public long GetWorkspaceBytes(TAlgorithm algorithm)
    {
        cudnnHandle_t handle = Prepare(Convolution.MathType);
        nuint bytes;
        Cudnn.Check(SizeWorkspace(handle, algorithm, &bytes), SizeWorkspaceName);
        return (long)bytes;
    }

    // The three result structures are one (the layout tests prove it): algorithm, status, time, memory, determinism, mathematics.
    private protected abstract cudnnStatus_t CountAlgorithms(cudnnHandle_t handle, int* count);

    private protected abstract cudnnStatus_t Estimate(cudnnHandle_t handle, int requested, int* returned, void* results);

    private protected abstract cudnnStatus_t Find(cudnnHandle_t handle, int requested, int* returned, void* results);

    private protected abstract cudnnStatus_t SizeWorkspace(cudnnHandle_t handle, TAlgorithm algorithm, nuint* bytes);

    private protected abstract string CountAlgorithmsName { get; }

    private protected abstract string SizeWorkspaceName { get; }

    private protected abstract string EstimateName { get; }

    private protected abstract string FindName { get; }

    /// <summary>Checks that the operation can run with <paramref name="choice"/> and returns the library's handle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected cudnnHandle_t Enter(in ConvolutionChoice<TAlgorithm> choice, DeviceSpan<byte> workspace)
    {
        cudnnHandle_t handle = Prepare(choice.MathType);
        CheckSpace(workspace, choice.WorkspaceBytes, nameof(workspace));
        return handle;
    }

    /// <summary>The most results there is room for.</summary>
    private protected const int MostResults = 64;

    /// <summary>Checks that the operation can run, allows <paramref name="mathType"/> and returns the library's handle.</summary>
    private protected cudnnHandle_t Prepare(MathType mathType)
    {
        cudnnHandle_t handle = Enter();
        _geometry.SetMathType(mathType);
        return handle;
    }

    /// <summary>How many results cuDNN can have.</summary>
    private protected int CountResults(cudnnHandle_t handle)
    {
        int count;
        Cudnn.Check(CountAlgorithms(handle, &count), CountAlgorithmsName);
        return Math.Clamp(count, 1, MostResults);
    }

    /// <summary>cuDNN's results as ours.</summary>
    private protected static ConvolutionMeasurement<TAlgorithm>[] Read(void* results, int count, bool measured)
    {
        ConvolutionMeasurement<TAlgorithm>[] list = new ConvolutionMeasurement<TAlgorithm>[count];
        for (int i = 0; i < count; i++)
        {
            cudnnConvolutionFwdAlgoPerf_t result = ((cudnnConvolutionFwdAlgoPerf_t*)results)[i];
            ConvolutionChoice<TAlgorithm> choice = new(
                Unsafe.BitCast<cudnnConvolutionFwdAlgo_t, TAlgorithm>(result.algo),
                (MathType)result.mathType,
                (long)result.memory,
                result.determinism == cudnnDeterminism_t.CUDNN_DETERMINISTIC);
            list[i] = new(choice, result.status, measured ? result.time : -1);
        }

        return list;
    }

    private ConvolutionChoice<TAlgorithm> First(IReadOnlyList<ConvolutionMeasurement<TAlgorithm>> offered, long workspaceLimit, bool deterministic, bool exact)
    {
        foreach (ConvolutionMeasurement<TAlgorithm> measurement in offered)
        {
            ConvolutionChoice<TAlgorithm> choice = measurement.Choice;
            if (measurement.Succeeded && choice.WorkspaceBytes <= workspaceLimit && (choice.Deterministic || !deterministic) && !(exact && choice.Transforms))
            {
                return choice;
            }
        }

        string wanted = (deterministic, exact) switch
        {
            (true, true) => "A deterministic, exact algorithm",
            (true, false) => "A deterministic algorithm",
            (false, true) => "An exact algorithm",
            _ => "An algorithm",
        };
        IEnumerable<string> found = offered.Select(m =>
            $"{m.Choice.Algorithm}: {(m.Succeeded ? $"{m.Choice.WorkspaceBytes} bytes{(m.Choice.Deterministic ? string.Empty : ", not deterministic")}" : m.Status.ToString())}");
        throw new InvalidOperationException(
            $"{wanted} with at most {workspaceLimit} bytes of workspace was asked for ({Convolution}; {ImageShape}; {FilterShape}). " +
            $"cuDNN offers {string.Join("; ", found)}. Allow more workspace{(deterministic ? " or give up determinism" : string.Empty)}{(exact ? " or allow transformations" : string.Empty)}.");
    }
}
