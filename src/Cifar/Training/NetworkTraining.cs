using CudnnNet;
using ResNet;

namespace Cifar;

/// <summary>Puts networks of the ResNet library on the device.</summary>
internal sealed class NetworkFactory : ITrainingFactory
{
    /// <inheritdoc/>
    public ITraining Create(Recipe recipe, DataSet data) => new NetworkTraining(recipe, data);
}

/// <summary>A training as the loop sees it, done by the ResNet library's trainer.</summary>
internal sealed class NetworkTraining : ITraining
{
    // The host may be this many steps ahead: enough to keep a device busy, few enough for Ctrl-C to take effect after the step.
    private const int StepsAhead = 2;

    private readonly CudaContext _context;
    private readonly Trainer _trainer;
    private readonly CudaEvent[] _stepDone;
    private long _steps;

    /// <summary>Takes all memory and initialises the network.</summary>
    public NetworkTraining(Recipe recipe, DataSet data)
    {
        var spec = Networks.Specify(recipe, data.Classes);
        _context = CudaContext.Primary();
        try
        {
            var options = new TrainerOptions
            {
                BatchSize = recipe.BatchSize,
                Momentum = recipe.Momentum,
                WeightDecay = recipe.WeightDecay,
                Seed = (ulong)recipe.Seed,
                Augmentation = recipe.Augmentation,
                Precision = Networks.PrecisionOf(recipe.Precision),
                Pass = new PassOptions { Exact = recipe.Math == "exact", Deterministic = recipe.Deterministic, MeasureAlgorithms = recipe.Algorithms == "measure", Fusion = Networks.FusionOf(recipe.Fusion) },
            };
            _trainer = new Trainer(_context, new Network(spec), options, Labelled(data.Train, data), Labelled(data.Test, data), data.Normalization.Table());
            _stepDone = [.. Enumerable.Range(0, StepsAhead).Select(_ => _context.CreateEvent())];
        }
        catch
        {
            _trainer?.Dispose();
            _context.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string DeviceName => _context.Properties.Name;

    /// <inheritdoc/>
    public long ParameterCount => _trainer.Network.Layout.ParameterCount;

    /// <inheritdoc/>
    public string Fusion => _trainer.Options.Pass.Fusion.ToWords();

    /// <inheritdoc/>
    public string DescribeMemory() => _trainer.DescribeMemory();

    /// <inheritdoc/>
    public string DescribeOperations() => _trainer.DescribeOperations();

    /// <inheritdoc/>
    public int StepsPerEpoch => _trainer.StepsPerEpoch;

    /// <inheritdoc/>
    public int CompletedEpochs => _trainer.CompletedEpochs;

    /// <inheritdoc/>
    public int CompletedSteps => _trainer.CompletedSteps;

    /// <inheritdoc/>
    public void SetLearningRate(double rate) => _trainer.SetLearningRate(rate);

    /// <inheritdoc/>
    public void Step()
    {
        var done = _stepDone[_steps % StepsAhead];
        if (_steps >= StepsAhead)
        {
            done.Synchronize();
        }

        _trainer.Step();
        _trainer.Stream.Record(done);
        _steps++;
    }

    /// <inheritdoc/>
    public MetricSums ReadSums() => _trainer.ReadSums();

    /// <inheritdoc/>
    public void EndEpoch() => _trainer.EndEpoch();

    /// <inheritdoc/>
    public TestResult Test()
    {
        var sums = _trainer.Evaluate();
        return new TestResult(sums.Loss, sums.Accuracy);
    }

    /// <inheritdoc/>
    public void Save(string path, IReadOnlyDictionary<string, string> notes) => Checkpoint.Save(_trainer, path, notes);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Load(string path) => Checkpoint.Load(_trainer, path);

    /// <inheritdoc/>
    public void LoadNetwork(string path) => Checkpoint.LoadNetwork(_trainer.Stream, _trainer.Network, _trainer.Buffers, path);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var done in _stepDone)
        {
            done.Dispose();
        }

        _trainer.Dispose();
        _context.Dispose();
    }

    private static LabelledImages Labelled(ImageSet images, DataSet data) => new(images.Images, images.Labels, DataSet.Channels, data.Height, data.Width);
}
