namespace Cifar;

/// <summary>The words the command line knows for networks.</summary>
internal static class Networks
{
    /// <summary>The models.</summary>
    public static readonly string[] Models = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"];

    /// <summary>The first layers.</summary>
    public static readonly string[] Stems = ["cifar", "imagenet"];

    /// <summary>The shortcut styles.</summary>
    public static readonly string[] Shortcuts = ["torchvision", "article"];
}
