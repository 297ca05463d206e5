using CudnnNet;
using Golden;

namespace ResNet.Tests;

/// <summary>A network with the passes a test wants, without a trainer and its data set: images go in and every buffer can be looked at.</summary>
internal sealed class NetworkBench : IDisposable
{
    private readonly CudnnHandle _cudnn;
    private readonly CublasHandle _cublas;
    private readonly FusionPreference _fusion;
    private readonly bool _sumsInConvolutions;
    private readonly bool _exact;
    private readonly List<GraphPlanCache> _plans = [];
    private readonly DeviceMemory<uint> _state;
    private readonly List<NetworkPass> _passes = [];
    private DeviceMemory<byte>? _arena;

    internal NetworkBench(ModelSpec spec, Precision precision = Precision.Float32, FusionPreference fusion = FusionPreference.Auto, bool sumsInConvolutions = false, bool exact = true)
    {
        _exact = exact;
        _fusion = fusion;
        _sumsInConvolutions = sumsInConvolutions;
        Context = CudaContext.Primary();
        Stream = Context.CreateStream();
        _cudnn = new CudnnHandle(Stream);
        _cublas = new CublasHandle(Stream);
        Kernels = new TrainingKernels(Context, precision);
        Network = new Network(spec);
        Buffers = new NetworkBuffers(Stream, Network.Layout, Kernels);
        _state = Context.Allocate<uint>(TrainingState.Words);
        Stream.Clear(_state.Span);
    }

    internal CudaContext Context { get; }

    internal CudaStream Stream { get; }

    internal TrainingKernels Kernels { get; }

    internal Network Network { get; }

    internal NetworkBuffers Buffers { get; }

    /// <summary>A network as the golden values describe it.</summary>
    internal static ModelSpec SpecOf(NetArchitecture architecture) => new(
        architecture.Name,
        architecture.Stem == "imagenet" ? StemKind.ImageNet : StemKind.Cifar,
        architecture.StemWidth,
        architecture.Block == "basic" ? BlockKind.Basic : BlockKind.Bottleneck,
        architecture.Layers,
        architecture.Widths,
        architecture.Shortcut switch
        {
            "B" => ShortcutStyle.Torchvision,
            "A" => ShortcutStyle.Subsample,
            "none" => ShortcutStyle.None,
            string other => throw new InvalidDataException($"shortcut '{other}' is unknown"),
        },
        architecture.Classes);

    /// <summary>Adds a pass. <see cref="PlaceInOneArena"/> or <see cref="PlaceApart"/> gives all of them memory.</summary>
    internal NetworkPass AddPass(int batch, bool training, double runningFactor = 0.1, int height = 32, int width = 32, Func<OperationGraph, GraphSupport>? support = null)
    {
        PassOptions options = new() { Deterministic = _exact, Exact = _exact, RunningFactor = runningFactor, Fusion = _fusion, SumsInConvolutions = _sumsInConvolutions };
        GraphPlanCache plans = new(GraphPlanner.BuildOptions(options, Kernels.Precision));
        _plans.Add(plans);
        NetworkPass pass = new(new PassBuilder(_cudnn, _cublas, Kernels, Buffers, plans, new OperationList(), training, options) { Support = support }, Network, batch, height, width, _state.Span);
        _passes.Add(pass);
        return pass;
    }

    /// <summary>Gives the passes memory as planned.</summary>
    internal void PlaceInOneArena()
    {
        _arena = Context.Allocate<byte>(_passes.Max(pass => pass.Plan.ArenaBytes));
        _passes.ForEach(pass => pass.Plan.Place(_arena.Span));
    }

    /// <summary>Gives every tensor of every pass memory of its own, whatever the plan says.</summary>
    internal void PlaceApart()
    {
        List<PlannedTensor> tensors = [.. _passes.SelectMany(pass => pass.Operations.Tensors).Where(tensor => tensor.Bytes > 0)];
        long end = 0;
        foreach (PlannedTensor tensor in tensors)
        {
            tensor.Offset = end;
            end += (tensor.Bytes + 255) / 256 * 256;
        }

        _arena = Context.Allocate<byte>(end);
        tensors.ForEach(tensor => tensor.Place(_arena.Span));
    }

    /// <summary>Sets parameters by name; momentum becomes 0, running means 0, running variances 1.</summary>
    internal void Reset(Func<Parameter, float[]> values)
    {
        foreach (Parameter parameter in Network.Layout.Parameters)
        {
            ParameterTransfer.Write(Stream, Buffers.Parameters, parameter, values(parameter));
        }

        Buffers.UpdateCopies();
        Stream.Clear(Buffers.Momentum.Span);
        Stream.Clear(Buffers.Statistics.Span);
        foreach (RunningStatistics statistics in Network.Layout.Statistics)
        {
            Stream.Fill(Buffers.VarianceView(statistics), 1f);
        }

        Stream.Synchronize();
    }

    /// <summary>Sets the parameters that a golden network starts from, likewise.</summary>
    internal void Reset(NetCase net)
    {
        Dictionary<string, NetParameter> parameters = net.Parameters.ToDictionary(p => p.Name);
        Reset(parameter => parameters[parameter.Name].Specification.Values());
    }

    /// <summary>Puts images (N, C, H, W) and their labels into a pass.</summary>
    internal void SetBatch(NetworkPass pass, ImageSet images)
    {
        TensorShape shape = pass.Images.Shape;
        float[] nhwc = TensorOrder.ToNhwc<float>(images.Images, shape.N, shape.C, shape.H, shape.W);
        switch (shape.Type)
        {
            case DataType.BFloat16:
                Stream.CopyToDevice<BFloat16>(Array.ConvertAll(nhwc, value => (BFloat16)value), pass.Images.Elements<BFloat16>());
                break;
            case DataType.Float16:
                Stream.CopyToDevice<Half>(Array.ConvertAll(nhwc, value => (Half)value), pass.Images.Elements<Half>());
                break;
            default:
                Stream.CopyToDevice<float>(nhwc, pass.Images.Elements<float>());
                break;
        }

        if (images.Labels.Length > 0)
        {
            Stream.CopyToDevice<int>(images.Labels, pass.Labels.Raw.Cast<int>());
        }

        Stream.Synchronize();
    }

    /// <summary>A tensor of activations in N, C, H, W order. Waits.</summary>
    internal float[] Read(PlannedTensor tensor)
    {
        TensorShape shape = tensor.Shape;
        float[] nhwc = shape.Type switch
        {
            DataType.BFloat16 => Array.ConvertAll(Read(tensor.Elements<BFloat16>()), value => (float)value),
            DataType.Float16 => Array.ConvertAll(Read(tensor.Elements<Half>()), value => (float)value),
            _ => Read(tensor.Elements<float>()),
        };
        return TensorOrder.ToNchw<float>(nhwc, shape.N, shape.C, shape.H, shape.W);
    }

    /// <summary>Numbers on the device. Waits.</summary>
    internal T[] Read<T>(DeviceSpan<T> span)
        where T : unmanaged
    {
        T[] values = new T[span.Length];
        Stream.CopyToHost(span, values.AsSpan());
        Stream.Synchronize();
        return values;
    }

    /// <summary>The mean of the losses of the images; after the loss phase and before the next. Waits.</summary>
    internal double ReadLoss(NetworkPass pass) => Read(pass.SampleLoss.Elements<float>()).Average(loss => (double)loss);

    /// <summary>How many images of the batch the loss phase counted as classified rightly. Waits.</summary>
    internal int ReadHits(NetworkPass pass)
    {
        return Read(pass.SampleCorrect.Elements<int>()).Sum();
    }

    /// <summary>A running mean or variance by torchvision's name. Waits.</summary>
    internal float[] ReadStatistic(string name)
    {
        string layer = name[..name.LastIndexOf('.')];
        RunningStatistics statistics = Network.Layout.Statistics.Single(s => s.Name == layer);
        return Read(name.EndsWith(".running_mean", StringComparison.Ordinal) ? Buffers.MeanView(statistics) : Buffers.VarianceView(statistics));
    }

    /// <summary>One update of all parameters.</summary>
    internal void Update(double learningRate, double momentum, double weightDecay)
    {
        Stream.Fill(_state.Slice(1, 1), BitConverter.SingleToUInt32Bits((float)learningRate));
        new Optimizer(Stream, Kernels, Buffers, _state.Span, momentum, weightDecay).Enqueue();
    }

    public void Dispose()
    {
        Stream.Synchronize();
        _passes.ForEach(pass => pass.Dispose());
        _plans.ForEach(plans => plans.Dispose());
        _arena?.Dispose();
        _state.Dispose();
        Buffers.Dispose();
        Kernels.Dispose();
        _cublas.Dispose();
        _cudnn.Dispose();
        Stream.Dispose();
        Context.Dispose();
    }
}
