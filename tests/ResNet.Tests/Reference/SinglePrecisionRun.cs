using Golden;

namespace ResNet.Tests.Reference;

/// <summary>A golden network on the device with all its tensors within reach: every one has memory of its own and keeps what was last written.</summary>
internal sealed class SinglePrecisionRun : IDisposable
{
    private readonly NetCase _net;
    private readonly NetworkBench _bench;
    private readonly NetworkPass _training;
    private readonly NetworkPass _evaluation;

    /// <param name="net">The network, which starts from its formula's parameters.</param>
    /// <param name="runningFactor">How far a training pass moves the running statistics.</param>
    /// <param name="fusion">By which of cuDNN's doors it is computed.</param>
    public SinglePrecisionRun(NetCase net, double runningFactor, FusionPreference fusion = FusionPreference.Descriptors)
    {
        _net = net;
        _bench = new NetworkBench(NetworkBench.SpecOf(net.Architecture), fusion: fusion);
        _training = _bench.AddPass(net.Batch, training: true, runningFactor);
        _evaluation = _bench.AddPass(net.Batch, training: false);
        _bench.PlaceApart();
        _bench.Reset(net);
    }

    /// <summary>One forward pass: the mean loss, and every tensor it wrote by name, N, H, W, C.</summary>
    public (double Loss, Dictionary<string, float[]> Tensors) Forward(ImageSet images, bool training)
    {
        NetworkPass pass = training ? _training : _evaluation;
        _bench.SetBatch(pass, images);
        pass.Operations.Run(StepPhase.Forward);
        Dictionary<string, float[]> tensors = pass.Operations.Tensors
            .Where(tensor => tensor.Shape.N > 0 && !tensor.Name.EndsWith("gradient", StringComparison.Ordinal))
            .ToDictionary(tensor => tensor.Name, tensor => _bench.Read(tensor.Elements<float>()));
        pass.Operations.Run(StepPhase.Loss);
        return (_bench.ReadLoss(pass), tensors);
    }

    /// <summary>From the loss of the last training pass to the gradients.</summary>
    public void Backward() => _training.Operations.Run(StepPhase.Backward);

    /// <summary>The parameters as they stand, in torchvision's order.</summary>
    public Dictionary<string, float[]> Parameters() =>
        _bench.Network.Layout.Parameters.ToDictionary(p => p.Name, p => ParameterTransfer.Read(_bench.Stream, _bench.Buffers.Parameters, p));

    /// <summary>The case's update of the parameters.</summary>
    public void Update() => _bench.Update(_net.Sgd.LearningRate, _net.Sgd.Momentum, _net.Sgd.WeightDecay);

    /// <summary>Running means and variances by the normalisation's name.</summary>
    public (double[] Mean, double[] Variance) Statistics(string normalization) => (
        Array.ConvertAll(_bench.ReadStatistic($"{normalization}.running_mean"), value => (double)value),
        Array.ConvertAll(_bench.ReadStatistic($"{normalization}.running_var"), value => (double)value));

    public void Dispose() => _bench.Dispose();
}
