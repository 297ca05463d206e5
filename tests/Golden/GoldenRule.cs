using System.Globalization;

namespace Golden;

/// <summary>The verdict on one output.</summary>
/// <param name="Passed">True where the output is as near to the reference as asked.</param>
/// <param name="NeededFactor">The least k with which it would pass; infinite where nothing would do.</param>
/// <param name="Message">What was compared; on failure the worst element with what was got, expected and allowed.</param>
public sealed record Verdict(bool Passed, double NeededFactor, string Message);

/// <summary>
/// The rule the golden values are compared by: no worse than k times PyTorch's own error in the same arithmetic, with a floor that covers
/// exact operations and the rounding of the stored reference:
/// max|got - ref| &lt;= k max(dev.max, 2^-23 max_abs), rms(got - ref) &lt;= k max(dev.rms, 2^-25 rms).
/// </summary>
public static class GoldenRule
{
    /// <summary>The k of the rule where a case has no reason for another.</summary>
    public const double DefaultFactor = 4;

    /// <summary>Judges a whole output, in N, C, H, W order.</summary>
    /// <param name="expected">The reference.</param>
    /// <param name="got">Every element of the output.</param>
    /// <param name="factor">k.</param>
    /// <param name="arithmetic">Whose error is the measure: f32, or bf16 and f16 for cases with rounded inputs.</param>
    public static Verdict Judge(ExpectedOutput expected, ReadOnlySpan<float> got, double factor = DefaultFactor, string arithmetic = "f32")
    {
        if (got.Length != expected.Size)
        {
            return new Verdict(false, double.PositiveInfinity,
                $"{expected.Key}: {got.Length} elements, expected {expected.Size} [{string.Join(", ", expected.Shape)}].");
        }

        if (expected.Store == OutputStore.Exact)
        {
            var whole = new long[got.Length];
            for (int i = 0; i < got.Length; i++)
            {
                if (got[i] != Math.Truncate(got[i]))
                {
                    return new Verdict(false, double.PositiveInfinity, $"{expected.Key}[{i}]: got {Text(got[i])}, expected {expected.Exact[i]}.");
                }

                whole[i] = (long)got[i];
            }

            return JudgeExact(expected, whole);
        }

        Deviation deviation = DeviationOf(expected, arithmetic);
        double allowedMaximum = Math.Max(deviation.Maximum, Math.ScaleB(expected.MaximumAbsolute, -23));
        double allowedRms = Math.Max(deviation.Rms, Math.ScaleB(expected.Rms, -25));
        var findings = new Findings(expected.Key, factor);
        switch (expected.Store)
        {
            case OutputStore.Value:
                findings.Element(0, got[0], expected.Value, allowedMaximum);
                break;
            case OutputStore.Full:
                Elements(expected.Values(), [], got, allowedMaximum, allowedRms, findings);
                break;
            case OutputStore.Sampled:
                Elements(expected.Values(), expected.Indices(), got, allowedMaximum, allowedRms, findings);
                Projections(expected, got, deviation, allowedRms, findings);
                break;
        }

        return findings.Verdict();
    }

    /// <summary>Judges an output of one number, as float64.</summary>
    public static Verdict JudgeValue(ExpectedOutput expected, double got, double factor = DefaultFactor, string arithmetic = "f32")
    {
        if (expected.Store != OutputStore.Value)
        {
            throw new ArgumentException($"{expected.Key} is stored as {expected.Store}, not as one number.", nameof(expected));
        }

        var findings = new Findings(expected.Key, factor);
        findings.Element(0, got, expected.Value,
            Math.Max(DeviationOf(expected, arithmetic).Maximum, Math.ScaleB(expected.MaximumAbsolute, -23)));
        return findings.Verdict();
    }

    /// <summary>Judges whole numbers: equality.</summary>
    public static Verdict JudgeExact(ExpectedOutput expected, ReadOnlySpan<long> got)
    {
        if (expected.Store != OutputStore.Exact)
        {
            throw new ArgumentException($"{expected.Key} is stored as {expected.Store}, not as whole numbers.", nameof(expected));
        }

        for (int i = 0; i < Math.Max(got.Length, expected.Exact.Count); i++)
        {
            if (i >= got.Length || i >= expected.Exact.Count || got[i] != expected.Exact[i])
            {
                return new Verdict(false, double.PositiveInfinity, $"{expected.Key}[{i}]: got {(i < got.Length ? got[i] : "nothing")}, "
                    + $"expected {(i < expected.Exact.Count ? expected.Exact[i] : "nothing")}.");
            }
        }

        return new Verdict(true, 0, $"{expected.Key}: {got.Length} whole numbers equal.");
    }

    /// <summary>Judges a tensor that is stored in full beside a single greatest deviation (the logits of networks).</summary>
    public static Verdict JudgeTensor(
        string key, ReadOnlySpan<float> reference, double maximumAbsolute, Deviation deviation, ReadOnlySpan<float> got, double factor = DefaultFactor)
    {
        if (got.Length != reference.Length)
        {
            return new Verdict(false, double.PositiveInfinity, $"{key}: {got.Length} elements, expected {reference.Length}.");
        }

        double rms = 0;
        foreach (float value in reference)
        {
            rms += (double)value * value;
        }

        rms = Math.Sqrt(rms / Math.Max(1, reference.Length));
        var findings = new Findings(key, factor);
        Elements(reference, [], got, Math.Max(deviation.Maximum, Math.ScaleB(maximumAbsolute, -23)),
            Math.Max(deviation.Rms, Math.ScaleB(rms, -25)), findings);
        return findings.Verdict();
    }

    /// <summary>Judges one number against the distance allowed for k = 1.</summary>
    public static Verdict JudgeNumber(string key, double got, double expected, double allowed, double factor = DefaultFactor)
    {
        var findings = new Findings(key, factor);
        findings.Number("value", got, expected, allowed);
        return findings.Verdict();
    }

    /// <summary>
    /// The error that is the measure for outputs stored in 16 bits: PyTorch's own kernel of that type where the case has one, else its float
    /// error and the rounding to the type (half a unit in the last place: 2^-9 of a bfloat16, 2^-12 of a half), of which k allows the double.
    /// </summary>
    private static Deviation DeviationOf(ExpectedOutput expected, string arithmetic)
    {
        if (expected.Deviations.TryGetValue(arithmetic, out Deviation? deviation))
        {
            return deviation;
        }

        int bits = arithmetic switch
        {
            "bf16" => -9,
            "f16" => -12,
            _ => throw new ArgumentException(
                $"{expected.Key} has no deviation '{arithmetic}'; it has {string.Join(", ", expected.Deviations.Keys)}.", nameof(arithmetic)),
        };
        Deviation single = expected.Deviations["f32"];
        return new Deviation(
            single.Maximum + Math.ScaleB(expected.MaximumAbsolute / 2, bits), single.Rms + Math.ScaleB(expected.Rms / 2, bits), []);
    }

    private static void Elements(
        ReadOnlySpan<float> reference, ReadOnlySpan<int> indices, ReadOnlySpan<float> got, double allowedMaximum, double allowedRms, Findings findings)
    {
        double squares = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            int index = indices.IsEmpty ? i : indices[i];
            double distance = (double)got[index] - reference[i];
            squares += distance * distance;
            findings.Element(index, got[index], reference[i], allowedMaximum);
        }

        if (reference.Length > 0)
        {
            findings.Number("rms of the differences", Math.Sqrt(squares / reference.Length), 0, allowedRms);
        }
    }

    // The projections' measure is PyTorch's own distance in them, one draw of a random quantity: it may be small by luck. Independent errors of
    // size e make a projection err by about e sqrt(size / 3), so that much is allowed as well. The errors of a sum may all have one sign (a
    // mean that is off): |sum of errors| <= size e.
    private static void Projections(
        ExpectedOutput expected, ReadOnlySpan<float> got, Deviation deviation, double allowedRms, Findings findings)
    {
        double sum = 0;
        foreach (float value in got)
        {
            sum += value;
        }

        findings.Number("sum", sum, expected.Sum, allowedRms * got.Length);
        for (int projection = 0; projection < expected.Projections.Count; projection++)
        {
            ulong seed = Formula.Seed($"{expected.Key}#proj{projection}");
            double total = 0;
            for (int i = 0; i < got.Length; i++)
            {
                total += got[i] * Formula.Weight(seed, i);
            }

            double allowed = Math.Max(projection < deviation.Projections.Count ? deviation.Projections[projection] : 0,
                allowedRms * Math.Sqrt(got.Length));
            findings.Number($"projection {projection}", total, expected.Projections[projection], allowed);
        }
    }

    private static string Text(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    private sealed class Findings(string key, double factor)
    {
        private double _worst;
        private string _what = "";
        private long _wrong;
        private long _compared;

        internal void Element(long index, double got, double expected, double allowed) => Add(index, null, got, expected, allowed);

        internal void Number(string what, double got, double expected, double allowed) => Add(-1, what, got, expected, allowed);

        internal Verdict Verdict() => new(_wrong == 0, _worst, _wrong == 0
            ? $"{key}: {_compared} comparisons, k {Text(_worst)} of {Text(factor)} needed."
            : $"{key}: {_wrong} of {_compared} comparisons wrong; the worst: {_what}.");

        private void Add(long index, string? what, double got, double expected, double allowed)
        {
            _compared++;
            double distance = Math.Abs(got - expected);
            double needed = got == expected ? 0 : double.IsNaN(distance) ? double.PositiveInfinity : distance / allowed;
            if (!(needed <= factor))
            {
                _wrong++;
            }

            if (needed > _worst || (_what.Length == 0 && !(needed <= factor)))
            {
                _worst = needed;
                _what = $"{what ?? $"element {index}"}: got {Text(got)}, expected {Text(expected)}, "
                    + $"difference {Text(distance)}, allowed {Text(factor)} x {Text(allowed)}";
            }
        }
    }
}
