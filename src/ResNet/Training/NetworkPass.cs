using CudnnNet;

namespace ResNet;

/// <summary>
/// One way through a network for a fixed number of images: forward and loss, in training also backward. Put together once; running
/// it only enqueues.
/// </summary>
public sealed class NetworkPass : IDisposable
{
    private readonly Dictionary<string, PlannedTensor> _activations = [];

    internal NetworkPass(PassBuilder pass, Network network, int batch, int height, int width, DeviceSpan<uint> state)
    {
        Operations = pass.Operations;
        Batch = batch;
        Images = Operations.Tensor("images", new TensorShape(batch, network.Spec.InputChannels, height, width, pass.Precision.ElementType()));
        Labels = Operations.Buffer("labels", (long)batch * sizeof(int));

        // The labels come with the images, before the first operation, although only the loss reads them.
        Labels.UsedBy(0);
        var stemConvolution = new ConvolutionLayer(pass, network.Stem.Convolution, Images, NormalizationEnd.WithRelu);
        var stemNormalization = new BatchNormalizationLayer(pass, network.Stem.Normalization, stemConvolution, NormalizationEnd.WithRelu);
        var x = stemNormalization.Output;
        _activations.Add("stem", x);
        PoolingLayer? stemPool = null;
        if (network.Spec.Stem == StemKind.ImageNet)
        {
            stemPool = PoolingLayer.StemMaximum(pass, x);
            x = stemPool.Output;
            _activations.Add("stem_pool", x);
        }

        List<ResidualBlock> blocks = [];
        foreach (var definition in network.Blocks)
        {
            var block = new ResidualBlock(pass, definition, x);
            blocks.Add(block);
            x = block.Output;
            _activations.Add(definition.Name, x);
        }

        var pool = PoolingLayer.GlobalAverage(pass, x);
        _activations.Add("pool", pool.Output);
        var linear = new LinearLayer(pass, network.Linear, pool.Output);
        Logits = linear.Output;
        var loss = new LossLayer(pass, Logits, Labels, state);
        SampleLoss = loss.SampleLoss;
        SampleCorrect = loss.SampleCorrect;
        if (loss.Gradient is { } gradient)
        {
            gradient = pool.AddBackward(linear.AddBackward(gradient));
            for (int i = blocks.Count - 1; i >= 0; i--)
            {
                gradient = blocks[i].AddBackward(gradient);
            }

            gradient = stemPool is null ? gradient : stemPool.AddBackward(gradient);
            stemConvolution.AddBackward(stemNormalization.AddBackward(gradient).Input, inputGradient: false);
        }

        Plan = MemoryPlan.For(Operations);
    }

    /// <summary>Images of the pass.</summary>
    public int Batch { get; }

    /// <summary>The operations in order.</summary>
    public OperationList Operations { get; }

    /// <summary>Where its tensors lie in the arena.</summary>
    public MemoryPlan Plan { get; }

    /// <summary>The normalised images, N, H, W, C in memory, in the type of the activations.</summary>
    public PlannedTensor Images { get; }

    /// <summary>Their labels, N 4-byte integers.</summary>
    public PlannedTensor Labels { get; }

    /// <summary>The logits, N x classes, in single precision.</summary>
    public PlannedTensor Logits { get; }

    /// <summary>The loss of every image, N numbers in single precision.</summary>
    public PlannedTensor SampleLoss { get; }

    /// <summary>Per image 1 where the class with the greatest logit (the lowest of equal ones) is the label, else 0; int32.</summary>
    public PlannedTensor SampleCorrect { get; }

    /// <summary>
    /// The outputs of the stem (<c>stem</c>, <c>stem_pool</c>), of every block (<c>layer1.0</c>, ...) and of the average (<c>pool</c>). In a
    /// training pass they hold their values from the forward pass until the backward pass has used them. N, H, W, C in memory.
    /// </summary>
    public IReadOnlyDictionary<string, PlannedTensor> Activations => _activations;

    /// <inheritdoc/>
    public void Dispose() => Operations.Dispose();
}
