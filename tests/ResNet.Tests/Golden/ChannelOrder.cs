using Golden;

namespace ResNet.Tests.Golden;

/// <summary>
/// A network with its channels in another order, those of the images included: the same function of the images, and every sum over channels in another order of
/// equal standing. What differs between such networks is rounding and nothing else.
/// </summary>
/// <remarks>
/// Channels that an identity shortcut joins keep one order; with option A, which appends channels by position, only the channels inside the
/// blocks are reordered.
/// </remarks>
internal sealed class ChannelOrder
{
    private readonly NetArchitecture _architecture;
    private readonly int _seed;
    private readonly HashSet<string> _names;
    private readonly Dictionary<string, int[]> _orders = [];

    /// <param name="net">The network.</param>
    /// <param name="seed">Which order; 0 leaves the channels where they are.</param>
    internal ChannelOrder(NetCase net, int seed)
    {
        _architecture = net.Architecture;
        _seed = seed;
        _names = [.. net.Parameters.Select(parameter => parameter.Name)];
    }

    /// <summary>The values of a parameter (torchvision's order of dimensions) for the reordered network.</summary>
    internal float[] Apply(NetParameter parameter)
    {
        float[] values = parameter.Specification.Values();
        (string? output, string? input) = Spaces(parameter.Name);
        int outputs = parameter.Shape[0];
        int inputs = parameter.Shape.Count > 1 ? parameter.Shape[1] : 1;
        int taps = values.Length / outputs / inputs;
        int[] outputOrder = Order(output, outputs);
        int[] inputOrder = Order(input, inputs);
        float[] moved = new float[values.Length];
        for (int k = 0; k < outputs; k++)
        {
            for (int c = 0; c < inputs; c++)
            {
                values.AsSpan((outputOrder[k] * inputs + inputOrder[c]) * taps, taps).CopyTo(moved.AsSpan((k * inputs + c) * taps, taps));
            }
        }

        return moved;
    }

    /// <summary>The images as the reordered network takes them.</summary>
    internal ImageSet Apply(ImageSet images)
    {
        const int Channels = 3;
        const int Plane = ImageSet.ImageValues / Channels;
        int[] order = Order("images", Channels);
        float[] moved = new float[images.Images.Length];
        for (int plane = 0; plane < images.Count * Channels; plane++)
        {
            int source = plane / Channels * Channels + order[plane % Channels];
            images.Images.AsSpan(source * Plane, Plane).CopyTo(moved.AsSpan(plane * Plane, Plane));
        }

        return images with { Images = moved };
    }

    // The spaces of channels a parameter's first and second dimension run over; null where the order is given from outside.
    private (string? Output, string? Input) Spaces(string parameter)
    {
        string[] parts = parameter.Split('.');
        if (parts[0] is "fc")
        {
            return (null, parts[1] == "weight" ? After(_architecture.Layers.Count, _architecture.Layers[^1] - 1) : null);
        }

        if (parts[0] is "conv1" or "bn1")
        {
            return (After(0, 0), parts[0] == "conv1" ? "images" : null);
        }

        int stage = int.Parse(parts[0]["layer".Length..]);
        int block = int.Parse(parts[1]);
        if (parts[2] == "downsample")
        {
            return (After(stage, block), parts[3] == "0" ? Before(stage, block) : null);
        }

        int index = parts[2][^1] - '0';
        int last = _architecture.Block == "basic" ? 2 : 3;
        string? output = index == last ? After(stage, block) : $"{stage}.{block}.{index}";
        string? input = index == 1 ? Before(stage, block) : $"{stage}.{block}.{index - 1}";
        return (output, parts[2].StartsWith("conv", StringComparison.Ordinal) ? input : null);
    }

    private string? Before(int stage, int block)
        => block > 0 ? After(stage, block - 1) : stage > 1 ? After(stage - 1, _architecture.Layers[stage - 2] - 1) : After(0, 0);

    // Stage 0 is the stem.
    private string? After(int stage, int block)
        => _architecture.Shortcut == "A" ? null
            : stage == 0 ? "stem"
            : _architecture.Shortcut == "none" || _names.Contains($"layer{stage}.{block}.downsample.0.weight") ? $"{stage}.{block}"
            : Before(stage, block);

    private int[] Order(string? space, int channels)
    {
        if (space is null || _seed == 0)
        {
            return [.. Enumerable.Range(0, channels)];
        }

        if (!_orders.TryGetValue(space, out int[]? order))
        {
            order = [.. Enumerable.Range(0, channels)];
            new Random(HashCode(space)).Shuffle(order);
            _orders[space] = order;
        }

        return order;
    }

    // string.GetHashCode differs from run to run.
    private int HashCode(string space) => (int)(Formula.Seed($"{_seed}/{space}") & int.MaxValue);
}
