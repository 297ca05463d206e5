using System.Globalization;
using System.Text;
using CudnnNet;

namespace ResNet;

/// <summary>Sums over the images an epoch or a test has seen.</summary>
/// <param name="LossSum">Sum of the images' cross-entropies.</param>
/// <param name="Correct">How many were classified correctly.</param>
/// <param name="Images">How many there were.</param>
public readonly record struct MetricSums(double LossSum, long Correct, long Images)
{
    /// <summary>The mean loss; 0 before the first image.</summary>
    public double Loss => Images == 0 ? 0 : LossSum / Images;

    /// <summary>The share classified correctly; 0 before the first image.</summary>
    public double Accuracy => Images == 0 ? 0 : (double)Correct / Images;
}

/// <summary>
/// A network, its optimiser and its data on a device. Everything is taken before the first step; a step gathers a batch, goes forward
/// and backward, updates the parameters and adds to the sums, all on the device: the host enqueues and neither allocates nor waits.
/// </summary>
/// <remarks>
/// Everything is computed on one stream of the trainer's own. Not thread-safe. Training:
/// <code>
/// using var context = CudaContext.Primary();
/// using var trainer = new Trainer(context, new Network(spec), options, trainImages, testImages, table);
/// for (int epoch = 0; epoch &lt; epochs; epoch++)
/// {
///     trainer.SetLearningRate(rate);
///     while (trainer.CompletedSteps &lt; trainer.StepsPerEpoch) trainer.Step();
///     var sums = trainer.ReadSums();
///     trainer.EndEpoch();
///     var test = trainer.Evaluate();
/// }
/// </code>
/// </remarks>
public sealed class Trainer : IDisposable
{
    // What cuBLAS takes for itself on most devices. A workspace of our own makes its work the same every time, and lets it be captured.
    private const int CublasWorkspaceBytes = 4 << 20;

    private readonly CudaStream _stream;
    private readonly CublasHandle _cublas;
    private readonly DeviceMemory<byte> _cublasWorkspace;
    private readonly CudnnHandle _cudnn;
    private readonly GraphPlanCache _plans;
    private readonly TrainingKernels _kernels;
    private readonly TrainingState _state;
    private readonly TrainingState _testState;
    private readonly DeviceMemory<float> _table;
    private readonly DeviceDataSet _train;
    private readonly DeviceDataSet _test;
    private readonly DeviceMemory<byte> _arena;
    private readonly List<NetworkPass> _passes = [];
    private readonly Stack<IDisposable> _owned = [];
    private readonly NetworkPass _trainPass;
    private readonly ReplayedWork _trainStep;
    private readonly ReplayedWork? _lastTrainStep;
    private readonly ReplayedWork _testStep;
    private readonly ReplayedWork? _lastTestStep;
    private readonly Optimizer _optimizer;
    private readonly RandomSequence _random;
    private string _epochRandomState;
    private float _learningRate;
    private readonly int _testBatch;

    /// <summary>Takes all memory, initialises the parameters and draws the first epoch's order.</summary>
    /// <param name="context">The device.</param>
    /// <param name="network">The network.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="train">The images to learn from.</param>
    /// <param name="test">The images to test with, of the same size.</param>
    /// <param name="table">The normalised value of every pixel byte, [channel][256].</param>
    /// <exception cref="ArgumentException">Images, table, batch size and network do not fit together.</exception>
    /// <exception cref="CudaException">The device's memory does not suffice.</exception>
    public Trainer(CudaContext context, Network network, TrainerOptions options, LabelledImages train, LabelledImages test, ReadOnlySpan<float> table)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        Check(network, options, train, test, table);
        Network = network;
        Options = options;
        StepsPerEpoch = (train.Count + options.BatchSize - 1) / options.BatchSize;
        _testBatch = Math.Min(options.BatchSize, test.Count);
        try
        {
            _stream = Own(context.CreateStream());
            _cudnn = Own(new CudnnHandle(_stream));
            _plans = Own(new GraphPlanCache(GraphPlanner.BuildOptions(options.Pass, options.Precision)));
            _cublas = Own(new CublasHandle(_stream));
            _cublasWorkspace = Own(context.Allocate<byte>(CublasWorkspaceBytes));
            _cublas.SetWorkspace(_cublasWorkspace.Span);
            _kernels = Own(new TrainingKernels(context, options.Precision));
            Buffers = Own(new NetworkBuffers(_stream, network.Layout, _kernels));
            _state = Own(new TrainingState(_stream));
            _state.Write(LossScale.InitialOf(options.Precision));
            _optimizer = new Optimizer(_stream, _kernels, Buffers, _state.Span, options.Momentum, options.WeightDecay);
            _testState = Own(new TrainingState(_stream));
            _table = Own(context.Allocate<float>(table.Length));
            _stream.CopyToDevice(table, _table.Span);
            _train = Own(new DeviceDataSet(_stream, train, options.Augmentation, options.Seed, options.BatchSize));
            _test = Own(new DeviceDataSet(_stream, test, Augmentation.None, options.Seed, _testBatch));
            _trainPass = AddPass(options.BatchSize, train, training: true, _state);
            _trainStep = TrainStep(_trainPass);
            _lastTrainStep = train.Count % options.BatchSize is int rest and > 0 ? TrainStep(AddPass(rest, train, training: true, _state)) : null;
            _testStep = TestStep(AddPass(_testBatch, test, training: false, _testState));
            _lastTestStep = test.Count % _testBatch is int testRest and > 0 ? TestStep(AddPass(testRest, test, training: false, _testState)) : null;
            _arena = Own(context.Allocate<byte>(_passes.Max(pass => pass.Plan.ArenaBytes)));
            foreach (var pass in _passes)
            {
                pass.Plan.Place(_arena.Span);
            }

            _random = new RandomSequence(options.Seed);
            Initialization.Initialize(_stream, Buffers, _random);
            _epochRandomState = _random.State;
            _train.Shuffle(_random);
        }
        catch
        {
            // Whoever finds the device too small may try again with smaller batches: everything taken so far goes back.
            Release();
            throw;
        }
    }

    /// <summary>The network.</summary>
    public Network Network { get; }

    /// <summary>How it is trained.</summary>
    public TrainerOptions Options { get; }

    /// <summary>What it has learnt.</summary>
    public NetworkBuffers Buffers { get; }

    /// <summary>Steps of an epoch.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>Epochs completed.</summary>
    public int CompletedEpochs { get; private set; }

    /// <summary>Steps completed in the current epoch.</summary>
    public int CompletedSteps { get; private set; }

    /// <summary>Training steps taken altogether, which torchvision's checkpoints call num_batches_tracked.</summary>
    public long TotalSteps => ((long)CompletedEpochs * StepsPerEpoch) + CompletedSteps;

    /// <summary>The pass of a full training batch, with its operations and its memory plan.</summary>
    public NetworkPass TrainingPass => _trainPass;

    /// <summary>How steps are enqueued: as one graph, from the second one on; or call by call, and why.</summary>
    public string Execution => _trainStep switch
    {
        { IsGraph: true } => "one CUDA graph a step",
        { Obstacle: { } obstacle } => $"call by call, as a step could not be captured: {obstacle}",
        _ => Options.CaptureSteps ? "call by call, the first time" : "call by call",
    };

    /// <summary>Steps so far that changed nothing, because a gradient was not finite; only half precision has such. Waits for the steps enqueued.</summary>
    public long SkippedSteps => _state.Read().Scale.Skipped;

    /// <summary>The device memory the trainer holds, in bytes, but for the few words of its state; what the libraries take for themselves is not counted.</summary>
    public long DeviceBytes =>
        _arena.Bytes + _cublasWorkspace.Bytes + Buffers.Bytes + _train.Bytes + _test.Bytes + _table.Bytes;

    /// <summary>All device memory in words: what it is for, and what separate buffers for every tensor would take.</summary>
    public string DescribeMemory()
    {
        var text = new StringBuilder();
        void Line(string what, long bytes, string more = "") => text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{what,-34} {MemoryPlan.Mebibytes(bytes),13}  {more}").TrimEnd());
        MemoryPlan plan = _trainPass.Plan;
        Line("parameters", Buffers.Parameters.Bytes, string.Create(CultureInfo.InvariantCulture, $"{Network.Layout.ParameterCount:N0} of them"));
        if (Buffers.CopyBytes > 0)
        {
            Line("their copies of 16 bits", Buffers.CopyBytes);
        }

        Line("gradients", Buffers.GradientBytes);
        Line("momentum", Buffers.Momentum.Bytes);
        Line("running statistics", Buffers.Statistics.Bytes);
        Line("data sets and orders", _train.Bytes + _test.Bytes + _table.Bytes);
        Line("cuBLAS workspace", _cublasWorkspace.Bytes);
        Line("arena of a step", _arena.Bytes, $"shared by {_passes.Count} passes");
        Line("all", DeviceBytes, "nothing is taken later");
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"a training step of {Options.BatchSize} images, {_trainPass.Operations.Operations.Count} operations:");
        Line("activations and their gradients", plan.TensorBytes, "each by itself");
        Line("workspaces, saved statistics", plan.BufferBytes, "each by itself");
        Line("both, without sharing", plan.NaiveBytes);
        Line("alive at once, at most", plan.LowerBoundBytes, "no plan can do with less");
        Line("planned", plan.ArenaBytes, string.Create(CultureInfo.InvariantCulture, $"{(double)plan.ArenaBytes / plan.LowerBoundBytes:F3} of that"));
        text.AppendLine();
        text.Append(plan.Describe());
        return text.ToString();
    }

    /// <summary>How the operations of a training step are computed, and why not otherwise, in words.</summary>
    public string DescribeOperations() =>
        $"fusion {Options.Pass.Fusion.ToWords()}{Environment.NewLine}{OperationChoice.Describe(_trainPass.Operations.Choices)}";

    /// <summary>The stream everything is enqueued on.</summary>
    public CudaStream Stream => _stream;

    /// <summary>Sets the learning rate of the steps to come; waits for those enqueued.</summary>
    /// <param name="rate">The rate, which the device holds in single precision.</param>
    public void SetLearningRate(double rate)
    {
        _learningRate = (float)rate;
        _state.Write(_learningRate);
    }

    /// <summary>Enqueues one training step.</summary>
    /// <exception cref="InvalidOperationException">The epoch's steps are all done.</exception>
    public void Step()
    {
        if (CompletedSteps >= StepsPerEpoch)
        {
            throw new InvalidOperationException($"all {StepsPerEpoch} steps of the epoch are done; call EndEpoch first.");
        }

        (CompletedSteps == StepsPerEpoch - 1 && _lastTrainStep is not null ? _lastTrainStep : _trainStep).Enqueue();
        CompletedSteps++;
    }

    /// <summary>Waits for the steps enqueued and reads the current epoch's sums.</summary>
    public MetricSums ReadSums()
    {
        var (lossSum, correct, _) = _state.Read();
        return new MetricSums(lossSum, correct, Math.Min((long)CompletedSteps * Options.BatchSize, _train.Count));
    }

    /// <summary>Ends the epoch all of whose steps are done: the sums go back to zero and the next order is drawn. Waits.</summary>
    /// <exception cref="InvalidOperationException">Steps are left.</exception>
    public void EndEpoch()
    {
        if (CompletedSteps != StepsPerEpoch)
        {
            throw new InvalidOperationException($"{CompletedSteps} of {StepsPerEpoch} steps of the epoch are done; an epoch ends after the last.");
        }

        CompletedEpochs++;
        CompletedSteps = 0;
        _state.Write(CompletedEpochs, 0, _learningRate, 0, 0);
        _epochRandomState = _random.State;
        _train.Shuffle(_random);
    }

    /// <summary>Classifies all test images with the running statistics; waits.</summary>
    public MetricSums Evaluate()
    {
        _testState.Write(0, 0, 0, 0, 0);
        int steps = (_test.Count + _testBatch - 1) / _testBatch;
        for (int step = 0; step < steps; step++)
        {
            (step == steps - 1 && _lastTestStep is not null ? _lastTestStep : _testStep).Enqueue();
        }

        var (lossSum, correct, _) = _testState.Read();
        return new MetricSums(lossSum, correct, _test.Count);
    }

    /// <summary>Waits for everything enqueued.</summary>
    public void Synchronize() => _stream.Synchronize();

    /// <summary>Where the training stands, for <see cref="Restore"/>: texts by name. Waits.</summary>
    public IReadOnlyDictionary<string, string> Progress()
    {
        var (lossSum, correct, scale) = _state.Read();
        Dictionary<string, string> progress = new()
        {
            ["epoch"] = CompletedEpochs.ToString(CultureInfo.InvariantCulture),
            ["step"] = CompletedSteps.ToString(CultureInfo.InvariantCulture),
            ["loss_sum"] = lossSum.ToString("R", CultureInfo.InvariantCulture),
            ["correct"] = correct.ToString(CultureInfo.InvariantCulture),
            ["random"] = _epochRandomState,
            ["batch_size"] = Options.BatchSize.ToString(CultureInfo.InvariantCulture),
            ["images"] = _train.Count.ToString(CultureInfo.InvariantCulture),
        };
        if (Options.Precision == Precision.Float16)
        {
            progress["loss_scale_exponent"] = scale.Exponent.ToString(CultureInfo.InvariantCulture);
            progress["loss_scale_steps"] = scale.Steps.ToString(CultureInfo.InvariantCulture);
            progress["skipped_steps"] = scale.Skipped.ToString(CultureInfo.InvariantCulture);
        }

        return progress;
    }

    /// <summary>Continues where <see cref="Progress"/> was taken; the next step is the one that would have come then.</summary>
    /// <exception cref="FormatException">The texts are not a progress of this training.</exception>
    public void Restore(IReadOnlyDictionary<string, string> progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        int epoch = Number<int>(progress, "epoch");
        int step = Number<int>(progress, "step");
        double lossSum = Number<double>(progress, "loss_sum");
        long correct = Number<long>(progress, "correct");
        if (epoch < 0 || step < 0 || step > StepsPerEpoch || correct < 0)
        {
            throw new FormatException($"epoch {epoch}, step {step} of {StepsPerEpoch}, {correct} correct is no state this training can be in.");
        }

        int batchSize = Number<int>(progress, "batch_size");
        int images = Number<int>(progress, "images");
        if (step > 0 && (batchSize != Options.BatchSize || images != _train.Count))
        {
            throw new FormatException(
                $"it stands after step {step} of an epoch over {images} images in batches of {batchSize}; this training has {_train.Count} images in batches of {Options.BatchSize}.");
        }

        // A training that began in another precision has no loss scale yet.
        LossScale scale = Options.Precision == Precision.Float16 && progress.ContainsKey("loss_scale_exponent")
            ? new(Number<int>(progress, "loss_scale_exponent"), Number<uint>(progress, "loss_scale_steps"), Number<uint>(progress, "skipped_steps"))
            : LossScale.InitialOf(Options.Precision);
        if (scale.Exponent is < -LossScale.Limit or > LossScale.Limit)
        {
            throw new FormatException($"a loss scale of 2 to the power of {scale.Exponent} is no state this training can be in.");
        }

        _random.State = Text(progress, "random");
        _epochRandomState = _random.State;
        _train.Shuffle(_random);
        CompletedEpochs = epoch;
        CompletedSteps = step;
        _state.Write(epoch, (uint)step, _learningRate, lossSum, correct);
        _state.Write(scale);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_owned.Count > 0)
        {
            _stream.Synchronize();
            Release();
        }
    }

    /// <summary>Enqueues the gathering of the next step's full batch alone, for those who run the operations of <see cref="TrainingPass"/> one by one.</summary>
    /// <exception cref="InvalidOperationException">The epoch has no full batch left.</exception>
    public void EnqueueBatch()
    {
        if ((CompletedSteps + 1L) * Options.BatchSize > _train.Count)
        {
            throw new InvalidOperationException($"after {CompletedSteps} of {StepsPerEpoch} steps no full batch of {Options.BatchSize} is left; call EndEpoch first.");
        }

        _train.Gather(_kernels, _state.Span, _table, _trainPass);
    }

    /// <summary>Enqueues the optimiser alone: the parameters move by the gradients as they are.</summary>
    public void EnqueueUpdate() => _optimizer.Enqueue();

    private static void Check(Network network, TrainerOptions options, LabelledImages train, LabelledImages test, ReadOnlySpan<float> table)
    {
        train.Validate(network.Spec.Classes);
        test.Validate(network.Spec.Classes);
        if ((train.Channels, train.Height, train.Width) != (test.Channels, test.Height, test.Width) || train.Channels != network.Spec.InputChannels)
        {
            throw new ArgumentException(
                $"training images are {train.Channels} x {train.Height} x {train.Width}, test images {test.Channels} x {test.Height} x {test.Width}, and the network takes {network.Spec.InputChannels} channels.");
        }

        if (table.Length != train.Channels * 256)
        {
            throw new ArgumentException($"the table of pixel values has {table.Length} entries; {train.Channels} channels want {train.Channels * 256}.", nameof(table));
        }

        options.Augmentation.Check(train.Height, train.Width);
        if (options.Pass.Exact && options.Precision == Precision.TensorFloat32)
        {
            throw new ArgumentException("exact convolutions were asked for in TF32, which rounds their factors. Choose Float32, or allow inexact ones.", nameof(options));
        }

        if (options.BatchSize < 1 || options.BatchSize > train.Count)
        {
            throw new ArgumentException($"a batch of {options.BatchSize} was asked for; there are {train.Count} training images. Give 1 to {train.Count}.", nameof(options));
        }
    }

    private static string Text(IReadOnlyDictionary<string, string> progress, string name) =>
        progress.TryGetValue(name, out string? text) ? text : throw new FormatException($"the training's state lacks '{name}'.");

    private static T Number<T>(IReadOnlyDictionary<string, string> progress, string name)
        where T : IParsable<T>
    {
        string text = Text(progress, name);
        return T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw new FormatException($"the training's state has {name} = '{text}', which is no number.");
    }

    private NetworkPass AddPass(int batch, LabelledImages images, bool training, TrainingState state)
    {
        var builder = new PassBuilder(_cudnn, _cublas, _kernels, Buffers, _plans, new OperationList(), training, Options.Pass);
        Own(builder.Operations);
        var pass = new NetworkPass(builder, Network, batch, images.Height, images.Width, state.Span);
        _passes.Add(pass);
        return pass;
    }

    // Gather, forward, loss, backward, update: everything between two looks of the host at the state.
    private ReplayedWork TrainStep(NetworkPass pass) => Own(new ReplayedWork(
        _stream,
        () =>
        {
            _train.Gather(_kernels, _state.Span, _table, pass);
            pass.Operations.Run();
            EnqueueUpdate();
            _kernels.AdvanceStep.Launch(_stream, new LaunchShape(1, 1), _state.Span.Address);
        },
        Options.CaptureSteps));

    private ReplayedWork TestStep(NetworkPass pass) => Own(new ReplayedWork(
        _stream,
        () =>
        {
            _test.Gather(_kernels, _testState.Span, _table, pass);
            pass.Operations.Run();
            _kernels.AdvanceStep.Launch(_stream, new LaunchShape(1, 1), _testState.Span.Address);
        },
        Options.CaptureSteps));

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Push(disposable);
        return disposable;
    }

    private void Release()
    {
        while (_owned.TryPop(out var owned))
        {
            owned.Dispose();
        }
    }
}
