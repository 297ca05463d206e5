namespace ResNet;

/// <summary>Formulas for learning rates by epoch or iteration, counted from 0; all in double precision.</summary>
public static class LearningRates
{
    /// <summary>base · gamma^(milestones at or before <paramref name="index"/>) (PyTorch's MultiStepLR).</summary>
    public static double MultiStep(double baseRate, IReadOnlyList<int> milestones, double gamma, int index)
    {
        ArgumentNullException.ThrowIfNull(milestones);
        return baseRate * Math.Pow(gamma, milestones.Count(m => m <= index));
    }

    /// <summary>base · gamma^(<paramref name="index"/> div size) (PyTorch's StepLR).</summary>
    public static double Step(double baseRate, int size, double gamma, int index)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return baseRate * Math.Pow(gamma, index / size);
    }

    /// <summary>final + (base - final)(1 + cos(π index / total)) / 2 (Loshchilov and Hutter 2017, without restarts).</summary>
    public static double Cosine(double baseRate, double finalRate, double total, double index) => finalRate + ((baseRate - finalRate) * (1 + Math.Cos(Math.PI * index / total)) / 2);

    /// <summary>The share of the rate during a linear warm-up: start + (1 - start) · index / warmup, then 1 (Goyal et al. 2017).</summary>
    public static double WarmUp(double startFactor, int warmUp, int index) => index < warmUp ? startFactor + ((1 - startFactor) * index / warmUp) : 1;

    /// <summary>A linear warm-up, then the cosine over the rest.</summary>
    public static double WarmUpCosine(double baseRate, double startFactor, int warmUp, double finalRate, int total, int index) =>
        index < warmUp ? baseRate * WarmUp(startFactor, warmUp, index) : Cosine(baseRate, finalRate, total - warmUp, index - warmUp);

    /// <summary>A linear warm-up on top of <see cref="MultiStep"/>.</summary>
    public static double WarmUpMultiStep(double baseRate, double startFactor, int warmUp, IReadOnlyList<int> milestones, double gamma, int index) =>
        WarmUp(startFactor, warmUp, index) * MultiStep(baseRate, milestones, gamma, index);

    /// <summary>
    /// Up from maximum/divisor to the maximum until pctStart · total - 1, then down to maximum/divisor/finalDivisor at total - 1
    /// (Smith and Topin 2018, as PyTorch's OneCycleLR in two phases).
    /// </summary>
    public static double OneCycle(double maximum, int total, double pctStart, double divisor, double finalDivisor, bool cosine, int index)
    {
        double up = (pctStart * total) - 1;
        double first = maximum / divisor;
        return index <= up ? Anneal(first, maximum, index / up, cosine) : Anneal(maximum, first / finalDivisor, (index - up) / (total - 1 - up), cosine);
    }

    /// <summary>The momentum that goes with <see cref="OneCycle"/>: down while the rate goes up, and back.</summary>
    public static double OneCycleMomentum(double lowest, double highest, int total, double pctStart, bool cosine, int index)
    {
        double up = (pctStart * total) - 1;
        return index <= up ? Anneal(highest, lowest, index / up, cosine) : Anneal(lowest, highest, (index - up) / (total - 1 - up), cosine);
    }

    private static double Anneal(double from, double to, double share, bool cosine) =>
        cosine ? to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * share))) : from + ((to - from) * share);
}
