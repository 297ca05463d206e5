using ResNet;

namespace Cifar;

/// <summary>The words the command line knows for networks and their numbers, and what they mean.</summary>
internal static class Networks
{
    private static readonly Dictionary<string, StemKind> s_stems = new() { ["cifar"] = StemKind.Cifar, ["imagenet"] = StemKind.ImageNet };

    private static readonly Dictionary<string, ShortcutStyle> s_shortcuts = new()
    {
        ["torchvision"] = ShortcutStyle.Torchvision,
        ["article"] = ShortcutStyle.Article,
        ["subsample"] = ShortcutStyle.Subsample,
        ["none"] = ShortcutStyle.None,
    };

    private static readonly Dictionary<string, Precision> s_precisions = new()
    {
        ["f32"] = Precision.Float32,
        ["tf32"] = Precision.TensorFloat32,
        ["bf16"] = Precision.BFloat16,
        ["fp16"] = Precision.Float16,
    };

    private static readonly Dictionary<string, FusionPreference> s_fusions = new()
    {
        ["auto"] = FusionPreference.Auto,
        ["graph"] = FusionPreference.Graph,
        ["descriptors"] = FusionPreference.Descriptors,
        ["none"] = FusionPreference.None,
    };

    /// <summary>The models.</summary>
    public static IReadOnlyList<string> Models => ModelCatalogue.Names;

    /// <summary>The first layers.</summary>
    public static IEnumerable<string> Stems => s_stems.Keys;

    /// <summary>The shortcut styles.</summary>
    public static IEnumerable<string> Shortcuts => s_shortcuts.Keys;

    /// <summary>In which numbers is computed.</summary>
    public static IEnumerable<string> Precisions => s_precisions.Keys;

    /// <summary>The precision a word means.</summary>
    public static Precision PrecisionOf(string word) => s_precisions[word];

    /// <summary>The words for how operations are fused.</summary>
    public static IEnumerable<string> Fusions => s_fusions.Keys;

    /// <summary>What a word for how operations are fused means.</summary>
    public static FusionPreference FusionOf(string word) => s_fusions[word];

    /// <summary>How training images are changed.</summary>
    public static IEnumerable<string> Augmentations => ["none", "standard"];

    /// <summary>Which algorithms convolutions may use.</summary>
    public static IEnumerable<string> Mathematics => ["exact", "fast"];

    /// <summary>How algorithms are chosen.</summary>
    public static IEnumerable<string> AlgorithmChoices => ["heuristic", "measure"];

    /// <summary>The network a recipe names.</summary>
    /// <exception cref="UsageException">Model, stem and shortcuts do not fit together.</exception>
    public static ModelSpec Specify(Recipe recipe, int classes)
    {
        try
        {
            return ModelCatalogue.Get(recipe.Model, s_stems[recipe.Stem], s_shortcuts[recipe.Shortcut], classes);
        }
        catch (ArgumentException e)
        {
            // Without the framework's " (Parameter 'stem')", which is of no use on a command line.
            throw new UsageException(e.Message.Split(" (Parameter", 2)[0]);
        }
    }

    /// <summary>Rows (or columns) of the last stage's images: both stems and every stage but the first round half sizes up.</summary>
    public static int LastSize(ModelSpec spec, int size)
    {
        int halvings = spec.Depths.Count - 1 + (spec.Stem == StemKind.ImageNet ? 2 : 0);
        for (; halvings > 0; halvings--)
        {
            size = (size + 1) / 2;
        }

        return size;
    }
}
