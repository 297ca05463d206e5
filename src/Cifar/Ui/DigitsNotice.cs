namespace Cifar;

/// <summary>The words that keep results on the embedded digits from being taken for results on CIFAR.</summary>
internal static class DigitsNotice
{
    /// <summary>The headline.</summary>
    public const string Title = "THIS IS THE DIGITS DATA SET, NOT CIFAR";

    /// <summary>What it means and what to do.</summary>
    public const string Text =
        "The program works on 1,797 handwritten digits of 8x8 pixels which it carries (" + DigitsData.Attribution + "). "
        + "Accuracies say nothing about CIFAR. For CIFAR give --data DIR.";
}
