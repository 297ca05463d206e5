using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;

namespace CudnnNet;

/// <summary>What random numbers of an <see cref="OperationGraph"/> are like.</summary>
public sealed class RandomDistribution
{
    private readonly string _text;

    private RandomDistribution(string text, cudnnRngDistribution_t kind, params GraphAttribute[] attributes)
    {
        _text = text;
        Attributes = [GraphAttribute.Of(CUDNN_ATTR_RNG_DISTRIBUTION, cudnnBackendAttributeType_t.CUDNN_TYPE_RNG_DISTRIBUTION, (long)kind), .. attributes];
    }

    internal GraphAttribute[] Attributes { get; }

    /// <summary>1 with a probability, else 0: the mask of a dropout.</summary>
    /// <param name="probability">How often it is 1, between 0 and 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is no probability.</exception>
    public static RandomDistribution Bernoulli(double probability)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probability, 1);
        return new(
            $"Bernoulli with probability {probability}",
            cudnnRngDistribution_t.CUDNN_RNG_DISTRIBUTION_BERNOULLI,
            GraphAttribute.Double(CUDNN_ATTR_RNG_BERNOULLI_DIST_PROBABILITY, probability));
    }

    /// <summary>Equally likely between two numbers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The greatest is below the least.</exception>
    public static RandomDistribution Uniform(double minimum, double maximum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, minimum);
        return new(
            $"uniform between {minimum} and {maximum}",
            cudnnRngDistribution_t.CUDNN_RNG_DISTRIBUTION_UNIFORM,
            GraphAttribute.Double(CUDNN_ATTR_RNG_UNIFORM_DIST_MINIMUM, minimum),
            GraphAttribute.Double(CUDNN_ATTR_RNG_UNIFORM_DIST_MAXIMUM, maximum));
    }

    /// <summary>Normal, by mean and standard deviation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The deviation is negative.</exception>
    public static RandomDistribution Normal(double mean, double deviation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(deviation);
        return new(
            $"normal with mean {mean} and deviation {deviation}",
            cudnnRngDistribution_t.CUDNN_RNG_DISTRIBUTION_NORMAL,
            GraphAttribute.Double(CUDNN_ATTR_RNG_NORMAL_DIST_MEAN, mean),
            GraphAttribute.Double(CUDNN_ATTR_RNG_NORMAL_DIST_STANDARD_DEVIATION, deviation));
    }

    /// <summary>"uniform between 0 and 1".</summary>
    public override string ToString() => _text;
}
