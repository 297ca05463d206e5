using System.Globalization;
using ResNet;

namespace Cifar;

/// <summary>The learning rate of every epoch.</summary>
public abstract record LearningRateSchedule
{
    /// <summary>The names <see cref="Parse"/> knows, for messages and help.</summary>
    public const string Known = "constant, cosine, steps:EPOCH[,EPOCH...]";

    /// <summary>The rate during an epoch.</summary>
    /// <param name="baseRate">The rate of the first epoch.</param>
    /// <param name="epoch">Counted from 0.</param>
    /// <param name="epochs">The length of the whole training.</param>
    public abstract double Rate(double baseRate, int epoch, int epochs);

    /// <summary>Whether the rate of an epoch depends on how many are planned in all.</summary>
    public abstract bool DependsOnLength { get; }

    /// <summary>Reads the written form; null where the text is none of them.</summary>
    public static LearningRateSchedule? Parse(string text)
    {
        if (text == "constant")
        {
            return new Constant();
        }

        if (text == "cosine")
        {
            return new Cosine();
        }

        if (!text.StartsWith("steps:", StringComparison.Ordinal))
        {
            return null;
        }

        var steps = new List<int>();
        foreach (string part in text["steps:".Length..].Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int epoch) || epoch < 1 || (steps.Count > 0 && epoch <= steps[^1]))
            {
                return null;
            }

            steps.Add(epoch);
        }

        return new Steps([.. steps]);
    }

    /// <summary>The same rate throughout.</summary>
    public sealed record Constant : LearningRateSchedule
    {
        /// <inheritdoc/>
        public override bool DependsOnLength => false;

        /// <inheritdoc/>
        public override double Rate(double baseRate, int epoch, int epochs) => baseRate;

        /// <inheritdoc/>
        public override string ToString() => "constant";
    }

    /// <summary>
    /// Half a cosine from the base rate down towards 0: rate = base (1 + cos(pi epoch / epochs)) / 2
    /// (Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, without restarts).
    /// </summary>
    public sealed record Cosine : LearningRateSchedule
    {
        /// <inheritdoc/>
        public override bool DependsOnLength => true;

        /// <inheritdoc/>
        public override double Rate(double baseRate, int epoch, int epochs) => LearningRates.Cosine(baseRate, finalRate: 0, epochs, epoch);

        /// <inheritdoc/>
        public override string ToString() => "cosine";
    }

    /// <summary>A tenth of the rate from each of the given epochs on (He et al., "Deep Residual Learning for Image Recognition", 2015).</summary>
    public sealed record Steps : LearningRateSchedule
    {
        private readonly int[] _epochs;

        /// <summary>The epochs that begin with a lower rate, counted from 0, ascending.</summary>
        public Steps(params int[] epochs) => _epochs = epochs;

        /// <inheritdoc/>
        public override bool DependsOnLength => false;

        /// <inheritdoc/>
        public override double Rate(double baseRate, int epoch, int epochs)
        {
            // Divided, not multiplied by 0.1: 0.1 / 10 is the same number as 0.01.
            double divisor = 1;
            foreach (int step in _epochs)
            {
                divisor *= epoch >= step ? 10 : 1;
            }

            return baseRate / divisor;
        }

        /// <inheritdoc/>
        public override string ToString() => "steps:" + string.Join(',', _epochs);

        /// <inheritdoc/>
        public bool Equals(Steps? other) => other is not null && _epochs.AsSpan().SequenceEqual(other._epochs);

        /// <inheritdoc/>
        public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);
    }
}
