using System.Globalization;
using ResNet;

namespace Cifar.Tests;

/// <summary>
/// A training without a device whose every sum is known in advance: the loss of iteration i (from 0) is 1 / (i + 1) for each image of its batch,
/// and a fifth of the images are classified correctly. Its state is a line of text.
/// </summary>
internal sealed class SmallTraining : ITraining, ITrainingFactory
{
    private double _lossSum;
    private long _correct;
    private long _images;

    public int BatchSize { get; init; } = 10;

    public string Fusion => "none";

    public string DescribeOperations() => "nothing is computed by a device";

    public string DescribeMemory() => "nothing is on a device";

    public int StepsPerEpoch { get; init; } = 50;

    public string DeviceName => "none";

    public long ParameterCount => 1;

    public int CompletedEpochs { get; private set; }

    public int CompletedSteps { get; private set; }

    /// <summary>The rates set, in order.</summary>
    public List<double> Rates { get; } = [];

    /// <summary>Called after every step with the number of steps done in all.</summary>
    public Action<int> AfterStep { get; init; } = _ => { };

    /// <summary>The test accuracy of each epoch, counted from 0.</summary>
    public Func<int, double> TestAccuracy { get; init; } = epoch => 0.1 * (epoch + 1);

    /// <summary>From this iteration on the loss is not a number.</summary>
    public int DivergesAt { get; init; } = int.MaxValue;

    public ITraining Create(Recipe recipe, DataSet data) => this;

    public void SetLearningRate(double rate) => Rates.Add(rate);

    public void Step()
    {
        int iteration = (CompletedEpochs * StepsPerEpoch) + CompletedSteps;
        _lossSum += iteration >= DivergesAt ? double.NaN : (double)BatchSize / (iteration + 1);
        _correct += BatchSize / 5;
        _images += BatchSize;
        CompletedSteps++;
        AfterStep(iteration + 1);
    }

    public MetricSums ReadSums() => new(_lossSum, _correct, _images);

    public void EndEpoch()
    {
        CompletedEpochs++;
        CompletedSteps = 0;
        (_lossSum, _correct, _images) = (0, 0, 0);
    }

    public TestResult Test() => new(1.5, TestAccuracy(CompletedEpochs));

    public void Save(string path, IReadOnlyDictionary<string, string> notes)
        => File.WriteAllLines(path, [string.Create(CultureInfo.InvariantCulture, $"{CompletedEpochs} {CompletedSteps} {_lossSum:R} {_correct} {_images}"), .. notes.Select(n => $"{n.Key}={n.Value}")]);

    public IReadOnlyDictionary<string, string> Load(string path)
    {
        string[] lines = File.ReadAllLines(path);
        string[] cells = lines[0].Split(' ');
        CompletedEpochs = int.Parse(cells[0], CultureInfo.InvariantCulture);
        CompletedSteps = int.Parse(cells[1], CultureInfo.InvariantCulture);
        _lossSum = double.Parse(cells[2], CultureInfo.InvariantCulture);
        _correct = long.Parse(cells[3], CultureInfo.InvariantCulture);
        _images = long.Parse(cells[4], CultureInfo.InvariantCulture);
        return lines[1..].Select(l => l.Split('=', 2)).ToDictionary(l => l[0], l => l[1]);
    }

    public void LoadNetwork(string path) => Load(path);

    public void Dispose()
    {
    }
}
