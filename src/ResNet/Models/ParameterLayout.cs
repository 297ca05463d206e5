namespace ResNet;

/// <summary>
/// Where everything a network learns lies: the parameters in one flat buffer (gradients and momentum lie the same way in theirs), first
/// those that are multiplied, then scales, shifts and biases, each in torchvision's order; the running statistics in another. Gaps
/// between views stay zero.
/// </summary>
public sealed class ParameterLayout
{
    /// <summary>Views begin at multiples of this many elements (256 bytes), as cuDNN's fastest kernels want.</summary>
    public const int Alignment = 64;

    private readonly List<Parameter> _parameters = [];
    private readonly List<RunningStatistics> _statistics = [];
    private readonly Dictionary<string, Parameter> _byName = [];

    /// <summary>The parameters in declaration order.</summary>
    public IReadOnlyList<Parameter> Parameters => _parameters;

    /// <summary>The batch normalisations in declaration order.</summary>
    public IReadOnlyList<RunningStatistics> Statistics => _statistics;

    /// <summary>Elements of a flat buffer of parameters, gaps included.</summary>
    public long Elements { get; private set; }

    /// <summary>Elements of the first part of a flat buffer, with the filters and matrices; the scales, shifts and biases begin there.</summary>
    public long FactorElements { get; private set; }

    /// <summary>Elements of the flat buffer of running statistics, gaps included.</summary>
    public long StatisticsElements { get; private set; }

    /// <summary>The number of learnt values.</summary>
    public long ParameterCount => _parameters.Sum(parameter => parameter.Elements);

    /// <summary>The parameter of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Parameter this[string name] => _byName.TryGetValue(name, out var parameter)
        ? parameter
        : throw new KeyNotFoundException($"the network has no parameter '{name}'.");

    internal Parameter Add(string name, ParameterKind kind, params int[] shape)
    {
        var parameter = new Parameter(name, kind, shape);
        _parameters.Add(parameter);
        _byName.Add(name, parameter);
        return parameter;
    }

    /// <summary>Gives every parameter its place, after the last was added.</summary>
    internal void Place()
    {
        FactorElements = Place(0, _parameters.Where(parameter => parameter.IsFactor));
        Elements = Place(FactorElements, _parameters.Where(parameter => !parameter.IsFactor));
    }

    internal RunningStatistics AddStatistics(string name, int channels)
    {
        long mean = StatisticsElements;
        long variance = mean + RoundUp(channels);
        var statistics = new RunningStatistics(name, channels, mean, variance);
        _statistics.Add(statistics);
        StatisticsElements = variance + RoundUp(channels);
        return statistics;
    }

    private static long Place(long offset, IEnumerable<Parameter> parameters)
    {
        foreach (var parameter in parameters)
        {
            parameter.Offset = offset;
            offset += RoundUp(parameter.Elements);
        }

        return offset;
    }

    private static long RoundUp(long elements) => (elements + Alignment - 1) / Alignment * Alignment;
}
