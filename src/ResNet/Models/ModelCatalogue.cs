namespace ResNet;

/// <summary>The networks known by name.</summary>
public static class ModelCatalogue
{
    private static readonly Dictionary<string, (BlockKind Block, int[] Depths)> ImageNetModels = new()
    {
        ["resnet18"] = (BlockKind.Basic, [2, 2, 2, 2]),
        ["resnet34"] = (BlockKind.Basic, [3, 4, 6, 3]),
        ["resnet50"] = (BlockKind.Bottleneck, [3, 4, 6, 3]),
        ["resnet101"] = (BlockKind.Bottleneck, [3, 4, 23, 3]),
        ["resnet152"] = (BlockKind.Bottleneck, [3, 8, 36, 3]),
    };

    // He et al., section 4.2: 6n + 2 layers, widths 16, 32, 64.
    private static readonly Dictionary<string, int> CifarModels = new()
    {
        ["resnet20"] = 3,
        ["resnet32"] = 5,
        ["resnet44"] = 7,
        ["resnet56"] = 9,
        ["resnet110"] = 18,
    };

    /// <summary>The names, by depth.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. ImageNetModels.Keys.Concat(CifarModels.Keys).OrderBy(name => int.Parse(name.AsSpan(6), System.Globalization.CultureInfo.InvariantCulture))];

    /// <summary>The specification of a network.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="stem">The stem; the networks for CIFAR of He et al. (resnet20 .. resnet110) have the cifar stem only.</param>
    /// <param name="shortcut">The shortcuts.</param>
    /// <param name="classes">Outputs, e.g. 10 or 100.</param>
    /// <exception cref="ArgumentException">The name is unknown, or the network does not have that stem.</exception>
    public static ModelSpec Get(string name, StemKind stem = StemKind.Cifar, ShortcutStyle shortcut = ShortcutStyle.Torchvision, int classes = 10)
    {
        ArgumentNullException.ThrowIfNull(name);
        ModelSpec spec;
        if (ImageNetModels.TryGetValue(name, out var model))
        {
            spec = new ModelSpec(name, stem, 64, model.Block, model.Depths, [64, 128, 256, 512], shortcut, classes);
        }
        else if (CifarModels.TryGetValue(name, out int blocks))
        {
            if (stem != StemKind.Cifar)
            {
                throw new ArgumentException($"{name} has the cifar stem only; another was asked for.", nameof(stem));
            }

            spec = new ModelSpec(name, stem, 16, BlockKind.Basic, [blocks, blocks, blocks], [16, 32, 64], shortcut, classes);
        }
        else
        {
            throw new ArgumentException($"'{name}' is not a known model; known are {string.Join(", ", Names)}.", nameof(name));
        }

        spec.Validate();
        return spec;
    }
}
