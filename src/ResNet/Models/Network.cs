using CudnnNet;

namespace ResNet;

/// <summary>A network's layers and parameters by name, made from its specification: everything but the device.</summary>
public sealed class Network
{
    private readonly (ConvolutionDefinition Convolution, NormalizationDefinition Normalization) _stem;
    private readonly List<BlockDefinition> _blocks = [];
    private readonly LinearDefinition _linear;

    /// <summary>Lays out the network.</summary>
    /// <exception cref="ArgumentException">The specification is contradictory.</exception>
    public Network(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.Validate();
        Spec = spec;
        var stem = spec.Stem == StemKind.ImageNet ? new Convolution(Padding: 3, Stride: 2) : new Convolution(Padding: 1, Stride: 1);
        int window = spec.Stem == StemKind.ImageNet ? 7 : 3;
        _stem = (DeclareConvolution("conv1", spec.StemWidth, spec.InputChannels, window, stem), DeclareNormalization("bn1", spec.StemWidth));
        int channels = spec.StemWidth;
        for (int stage = 0; stage < spec.Depths.Count; stage++)
        {
            for (int index = 0; index < spec.Depths[stage]; index++)
            {
                int stride = stage > 0 && index == 0 ? 2 : 1;
                var block = DeclareBlock($"layer{stage + 1}.{index}", channels, spec.Widths[stage], stride, isFirst: index == 0);
                channels = block.OutputChannels;
                _blocks.Add(block);
            }
        }

        _linear = new LinearDefinition(
            Layout.Add("fc.weight", ParameterKind.LinearWeight, spec.Classes, spec.Features),
            Layout.Add("fc.bias", ParameterKind.LinearBias, spec.Classes));
        Layout.Place();
    }

    /// <summary>What the network was made from.</summary>
    public ModelSpec Spec { get; }

    /// <summary>The parameters and running statistics by name.</summary>
    public ParameterLayout Layout { get; } = new();

    internal (ConvolutionDefinition Convolution, NormalizationDefinition Normalization) Stem => _stem;

    internal IReadOnlyList<BlockDefinition> Blocks => _blocks;

    internal LinearDefinition Linear => _linear;

    private BlockDefinition DeclareBlock(string name, int input, int width, int stride, bool isFirst)
    {
        int output = width * Spec.Expansion;
        List<(ConvolutionDefinition, NormalizationDefinition)> residual = [];
        (int Output, int Input, int Window, int Stride)[] shapes = Spec.Block == BlockKind.Basic
            ? [(width, input, 3, stride), (width, width, 3, 1)]
            : [(width, input, 1, 1), (width, width, 3, stride), (output, width, 1, 1)];
        for (int i = 0; i < shapes.Length; i++)
        {
            var (k, c, r, s) = shapes[i];
            residual.Add((DeclareConvolution($"{name}.conv{i + 1}", k, c, r, new Convolution(Padding: r / 2, Stride: s)), DeclareNormalization($"{name}.bn{i + 1}", k)));
        }

        bool changesShape = stride != 1 || input != output;
        bool projects = Spec.Shortcut switch
        {
            ShortcutStyle.Torchvision => changesShape,
            ShortcutStyle.Article => isFirst || changesShape,
            _ => false,
        };
        (ConvolutionDefinition, NormalizationDefinition)? projection = projects
            ? (DeclareConvolution($"{name}.downsample.0", output, input, 1, new Convolution(Padding: 0, Stride: stride)), DeclareNormalization($"{name}.downsample.1", output))
            : null;
        return new BlockDefinition(name, residual, projection, Spec.Shortcut, stride, input, output);
    }

    private ConvolutionDefinition DeclareConvolution(string name, int k, int c, int window, Convolution geometry) =>
        new(Layout.Add($"{name}.weight", ParameterKind.ConvolutionFilter, k, c, window, window), geometry);

    private NormalizationDefinition DeclareNormalization(string name, int channels) => new(
        Layout.Add($"{name}.weight", ParameterKind.NormalizationScale, channels),
        Layout.Add($"{name}.bias", ParameterKind.NormalizationShift, channels),
        Layout.AddStatistics(name, channels));
}
