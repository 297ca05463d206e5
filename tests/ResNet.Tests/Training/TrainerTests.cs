using CudnnNet;
using Golden;

namespace ResNet.Tests.Training;

[TestFixture]
public sealed class TrainerTests
{
    private CudaContext _context = null!;

    // A small network that has every kind of layer but pooling windows and the parameter-free shortcut.
    private static readonly ModelSpec Small = new("small", StemKind.Cifar, 8, BlockKind.Basic, [1, 1], [8, 16], ShortcutStyle.Torchvision, 4);

    [OneTimeSetUp]
    public void Open() => _context = CudaContext.Primary();

    [OneTimeTearDown]
    public void Close() => _context.Dispose();

    [Test]
    public void An_epoch_visits_every_image_once_and_ends_with_a_smaller_batch()
    {
        using Trainer trainer = Create(batch: 16, train: 45);
        Assert.That(trainer.StepsPerEpoch, Is.EqualTo(3));
        trainer.SetLearningRate(0);
        for (int step = 0; step < 3; step++)
        {
            trainer.Step();
        }

        MetricSums sums = trainer.ReadSums();
        Assert.That(sums.Images, Is.EqualTo(45));
        Assert.That(sums.LossSum, Is.GreaterThan(0).And.LessThan(45 * 10));
        Assert.That(() => trainer.Step(), Throws.InvalidOperationException.With.Message.Contains("EndEpoch"));
        trainer.EndEpoch();
        Assert.That(trainer.ReadSums(), Is.EqualTo(new MetricSums(0, 0, 0)));
        Assert.That((trainer.CompletedEpochs, trainer.CompletedSteps), Is.EqualTo((1, 0)));
    }

    [TestCase(Precision.Float32)]
    [TestCase(Precision.TensorFloat32)]
    [TestCase(Precision.BFloat16)]
    [TestCase(Precision.Float16)]
    public void Training_learns_what_the_images_show(Precision precision)
    {
        using Trainer trainer = Create(batch: 16, train: 96, precision);
        trainer.SetLearningRate(0.05);
        double first = 0;
        double last = 0;
        for (int epoch = 0; epoch < 10; epoch++)
        {
            last = RunEpoch(trainer).LossSum;
            first = epoch == 0 ? last : first;
        }

        Assert.That(last, Is.LessThan(0.3 * first));
        MetricSums test = trainer.Evaluate();
        Assert.That(test.Images, Is.EqualTo(21));
        Assert.That(test.Correct, Is.GreaterThanOrEqualTo(17));
    }

    [Test]
    public void Changed_images_are_learnt_from_and_the_test_images_stay_as_they_are()
    {
        using Trainer plain = Create(batch: 16, train: 48);
        using Trainer changed = Create(batch: 16, train: 48, augmentation: new Augmentation { Padding = 2, Mirrors = true });
        Assert.That(changed.Evaluate(), Is.EqualTo(plain.Evaluate()));
        MetricSums first = RunEpoch(plain);
        Assert.That(RunEpoch(changed).LossSum, Is.Not.EqualTo(first.LossSum));
    }

    [Test]
    public void Shifts_as_far_as_the_image_are_refused() =>
        Assert.That(() => Create(batch: 16, train: 48, augmentation: new Augmentation { Padding = 8 }), Throws.ArgumentException.With.Message.Contains("8 x 8").And.Message.Contains("0 to 7"));

    [Test]
    public void Evaluation_counts_every_image_once_whatever_the_batch_size()
    {
        MetricSums Evaluate(int batch)
        {
            using Trainer trainer = Create(batch, train: 48);
            return trainer.Evaluate();
        }

        MetricSums expected = Evaluate(21);
        foreach (int batch in new[] { 1, 4, 16, 32 })
        {
            MetricSums got = Evaluate(batch);
            Assert.That((got.Images, got.Correct), Is.EqualTo((expected.Images, expected.Correct)), $"batch {batch}");
            Assert.That(got.LossSum, Is.EqualTo(expected.LossSum).Within(1e-5).Percent);
        }
    }

    [Test]
    public void Evaluation_changes_nothing()
    {
        double Train(bool evaluate)
        {
            using Trainer trainer = Create(batch: 16, train: 48);
            trainer.SetLearningRate(0.05);
            trainer.Step();
            if (evaluate)
            {
                trainer.Evaluate();
            }

            trainer.Step();
            return trainer.ReadSums().LossSum;
        }

        Assert.That(Train(evaluate: true), Is.EqualTo(Train(evaluate: false)));
    }

    [TestCase(0, false)]
    [TestCase(2, false)]
    [TestCase(3, false)]
    [TestCase(2, true)]
    public void A_resumed_training_continues_bit_for_bit(int stepsBefore, bool augmented)
    {
        Augmentation augmentation = augmented ? new Augmentation { Padding = 2, Mirrors = true, Cutout = 3 } : Augmentation.None;
        string path = Path.Combine(Directory.CreateTempSubdirectory("resume").FullName, "last.safetensors");
        try
        {
            List<MetricSums> expected = [];
            float[] parameters;
            using (Trainer trainer = Create(batch: 16, train: 45, augmentation: augmentation))
            {
                trainer.SetLearningRate(0.05);
                RunEpoch(trainer);
                Steps(trainer, stepsBefore);
                Checkpoint.Save(trainer, path, new Dictionary<string, string> { ["note"] = "kept" });
                parameters = Finish(trainer, expected);
            }

            List<MetricSums> got = [];
            // The seed decides how images are changed, so it must be the run's; what else it decided comes from the file.
            using Trainer resumed = Create(batch: 16, train: 45, seed: augmented ? 1ul : 77ul, augmentation: augmentation);
            Assert.That(Checkpoint.Load(resumed, path), Is.EqualTo(new Dictionary<string, string> { ["note"] = "kept" }));
            Assert.That((resumed.CompletedEpochs, resumed.CompletedSteps), Is.EqualTo((1, stepsBefore)));
            resumed.SetLearningRate(0.05);
            float[] resumedParameters = Finish(resumed, got);
            Assert.That(got, Is.EqualTo(expected));
            Assert.That(resumedParameters.AsSpan().SequenceEqual(parameters));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }

        static float[] Finish(Trainer trainer, List<MetricSums> sums)
        {
            Steps(trainer, trainer.StepsPerEpoch - trainer.CompletedSteps);
            sums.Add(trainer.ReadSums());
            trainer.EndEpoch();
            sums.Add(RunEpoch(trainer));
            sums.Add(trainer.Evaluate());
            return Parameters(trainer);
        }
    }

    [Test]
    public void The_seed_decides_everything()
    {
        float[] Train(ulong seed)
        {
            using Trainer trainer = Create(batch: 16, train: 48, seed);
            trainer.SetLearningRate(0.05);
            RunEpoch(trainer);
            return Parameters(trainer);
        }

        float[] first = Train(1);
        Assert.That(Train(1).AsSpan().SequenceEqual(first));
        Assert.That(Train(2).AsSpan().SequenceEqual(first), Is.False);
    }

    [TestCase(ShortcutStyle.Torchvision, "captured")]
    [TestCase(ShortcutStyle.Torchvision, "separate")]
    [TestCase(ShortcutStyle.Article, "separate")]
    [TestCase(ShortcutStyle.Subsample, "separate")]
    [TestCase(ShortcutStyle.None, "separate")]
    public void Steps_captured_or_not_fused_or_not_compute_the_same_bits(ShortcutStyle shortcut, string way)
    {
        (List<MetricSums> Sums, float[] Parameters) Train(bool capture, FusionPreference fusion)
        {
            using Trainer trainer = Create(_context, batch: 16, train: 45, spec: Small with { Shortcut = shortcut }, capture: capture, fusion: fusion);
            trainer.SetLearningRate(0.05);
            List<MetricSums> sums = [];
            for (int epoch = 0; epoch < 3; epoch++)
            {
                sums.Add(RunEpoch(trainer));
                sums.Add(trainer.Evaluate());
            }

            Assert.That(trainer.Execution, capture ? Is.EqualTo("one CUDA graph a step") : Is.EqualTo("call by call"));
            return (sums, Parameters(trainer));
        }

        var (sums, parameters) = Train(capture: way == "captured", FusionPreference.Descriptors);
        var (others, otherParameters) = Train(capture: false, way == "captured" ? FusionPreference.Descriptors : FusionPreference.None);
        Assert.That(sums, Is.EqualTo(others));
        Assert.That(parameters.AsSpan().SequenceEqual(otherParameters));
    }

    [TestCase(ShortcutStyle.Torchvision)]
    [TestCase(ShortcutStyle.Subsample)]
    [TestCase(ShortcutStyle.None)]
    public void Steps_by_graph_plans_captured_or_not_compute_the_same_bits_and_those_of_the_other_ways_but_for_rounding(ShortcutStyle shortcut)
    {
        (double[] Losses, float[] Parameters) Train(bool capture, FusionPreference fusion)
        {
            using Trainer trainer = Create(_context, batch: 16, train: 45, spec: Small with { Shortcut = shortcut }, capture: capture, fusion: fusion);
            Assert.That(trainer.TrainingPass.Operations.Choices.Any(choice => choice.Way == OperationWay.GraphPlan), Is.EqualTo(fusion == FusionPreference.Graph));
            trainer.SetLearningRate(0.05);
            double[] losses = [RunEpoch(trainer).Loss, trainer.Evaluate().Loss, RunEpoch(trainer).Loss];
            return (losses, Parameters(trainer));
        }

        var captured = Train(capture: true, FusionPreference.Graph);
        var eager = Train(capture: false, FusionPreference.Graph);
        Assert.That(captured.Losses, Is.EqualTo(eager.Losses));
        Assert.That(captured.Parameters.AsSpan().SequenceEqual(eager.Parameters));

        var separate = Train(capture: true, FusionPreference.None);
        Assert.That(captured.Losses, Is.EqualTo(separate.Losses).Within(1e-3).Percent);
        double distance = Math.Sqrt(captured.Parameters.Zip(separate.Parameters, (a, b) => ((double)a - b) * ((double)a - b)).Sum());
        double norm = Math.Sqrt(separate.Parameters.Sum(value => (double)value * value));
        Assert.That(distance / norm, Is.LessThan(1e-5));
    }

    [Test]
    public void A_checkpoint_inside_an_epoch_wants_the_same_batch_size()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (Trainer trainer = Create(batch: 16, train: 48))
            {
                Steps(trainer, 1);
                Checkpoint.Save(trainer, path, new Dictionary<string, string>());
            }

            using Trainer other = Create(batch: 24, train: 48);
            float[] before = Parameters(other);
            Assert.That(() => Checkpoint.Load(other, path), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("16").And.Message.Contains("24"));
            Assert.That(Parameters(other).AsSpan().SequenceEqual(before));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestCase(Precision.BFloat16, FusionPreference.Descriptors)]
    [TestCase(Precision.Float16, FusionPreference.Descriptors)]
    [TestCase(Precision.BFloat16, FusionPreference.Graph)]
    [TestCase(Precision.Float16, FusionPreference.Graph)]
    public void Steps_of_16_bits_captured_or_not_compute_the_same_bits(Precision precision, FusionPreference fusion)
    {
        (List<MetricSums> Sums, float[] Parameters) Train(bool capture)
        {
            using Trainer trainer = Create(_context, batch: 16, train: 45, capture: capture, precision: precision, fusion: fusion);
            trainer.SetLearningRate(0.05);
            List<MetricSums> sums = [RunEpoch(trainer), trainer.Evaluate(), RunEpoch(trainer), trainer.Evaluate()];
            return (sums, Parameters(trainer));
        }

        var (sums, parameters) = Train(capture: true);
        var (others, otherParameters) = Train(capture: false);
        Assert.That(sums, Is.EqualTo(others));
        Assert.That(parameters.AsSpan().SequenceEqual(otherParameters));
    }

    [TestCase(Precision.BFloat16)]
    [TestCase(Precision.Float16)]
    public void A_training_in_16_bits_continues_bit_for_bit_with_its_loss_scale(Precision precision)
    {
        string path = Path.GetTempFileName();
        try
        {
            using Trainer first = Create(batch: 16, train: 45, precision);
            first.SetLearningRate(0.05);
            first.Restore(With(first.Progress(), "loss_scale_exponent", "24"));
            RunEpoch(first);
            Steps(first, 1);
            Assert.That(first.SkippedSteps, precision == Precision.Float16 ? Is.GreaterThan(0) : Is.Zero);
            Checkpoint.Save(first, path, new Dictionary<string, string>());
            using Trainer second = Create(batch: 16, train: 45, precision);
            Checkpoint.Load(second, path);
            second.SetLearningRate(0.05);
            Assert.That(second.Progress(), Is.EqualTo(first.Progress()));
            foreach (Trainer trainer in (Trainer[])[first, second])
            {
                Steps(trainer, 2);
                trainer.EndEpoch();
                RunEpoch(trainer);
            }

            Assert.That(second.Progress(), Is.EqualTo(first.Progress()));
            Assert.That(Parameters(second).AsSpan().SequenceEqual(Parameters(first)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void A_loss_scale_that_is_too_large_is_halved_until_steps_count_again()
    {
        using Trainer trainer = Create(batch: 16, train: 45, Precision.Float16);
        trainer.SetLearningRate(0.05);
        trainer.Restore(With(trainer.Progress(), "loss_scale_exponent", "24"));
        float[] before = Parameters(trainer);
        trainer.Step();
        Assert.That(trainer.SkippedSteps, Is.EqualTo(1));
        Assert.That(Parameters(trainer).AsSpan().SequenceEqual(before));
        Steps(trainer, 2);
        trainer.EndEpoch();
        for (int epoch = 0; epoch < 6; epoch++)
        {
            RunEpoch(trainer);
        }

        long skipped = trainer.SkippedSteps;
        Assert.That(skipped, Is.LessThan(15));
        Assert.That(trainer.Progress()["loss_scale_exponent"], Is.EqualTo($"{24 - skipped}"));
        Assert.That(Parameters(trainer), Is.All.Matches<float>(float.IsFinite));
        Assert.That(Parameters(trainer).AsSpan().SequenceEqual(before), Is.False);
    }

    [Test]
    public void A_loss_scale_outside_of_what_it_can_be_is_refused()
    {
        using Trainer trainer = Create(batch: 16, train: 45, Precision.Float16);
        Assert.That(() => trainer.Restore(With(trainer.Progress(), "loss_scale_exponent", "99")), Throws.InstanceOf<FormatException>().With.Message.Contains("99"));
    }

    [Test]
    public void Exact_convolutions_in_tf32_are_refused()
    {
        TrainerOptions options = new() { BatchSize = 16, Precision = Precision.TensorFloat32, Pass = new PassOptions { Exact = true } };
        Assert.That(() => new Trainer(_context, new Network(Small), options, Images(48, "train", 8), Images(21, "test", 8), Table()), Throws.ArgumentException.With.Message.Contains("TF32"));
    }

    [TestCase("resnet101", StemKind.ImageNet)]
    [TestCase("resnet152", StemKind.ImageNet)]
    [TestCase("resnet110", StemKind.Cifar)]
    public void The_deepest_networks_learn_a_batch_by_heart(string model, StemKind stem)
    {
        using Trainer trainer = Create(batch: 4, train: 4, spec: ModelCatalogue.Get(model, stem, classes: 4), extent: 64);
        trainer.SetLearningRate(0.01);
        double[] losses = new double[12];
        for (int epoch = 0; epoch < losses.Length; epoch++)
        {
            trainer.Step();
            losses[epoch] = trainer.ReadSums().Loss;
            trainer.EndEpoch();
        }

        Assert.That(losses[0], Is.GreaterThan(0.5).And.LessThan(20));
        Assert.That(losses[^3..].Min(), Is.LessThan(losses[0] * 0.75));
        Assert.That(Parameters(trainer), Is.All.Matches<float>(float.IsFinite));
    }

    [Test]
    public void A_batch_that_ends_in_a_single_value_a_channel_is_refused_at_the_start() => Assert.That(
        () => Create(batch: 4, train: 5, spec: ModelCatalogue.Get("resnet18", StemKind.ImageNet, classes: 4), extent: 32),
        Throws.ArgumentException.With.Message.Contains("layer4.0.").And.Message.Contains("batch size"));

    [Test]
    public void A_trainer_that_cannot_be_made_gives_its_memory_back()
    {
        Requires.TheCpuDevice("calls are only counted by the CPU device");
        IReadOnlyDictionary<string, long>? before = DriverCalls.Read();
        Assert.That(() => Create(batch: 4, train: 5, spec: ModelCatalogue.Get("resnet18", StemKind.ImageNet, classes: 4), extent: 32), Throws.ArgumentException);
        IReadOnlyDictionary<string, long> calls = DriverCalls.Since(before)!;
        long Calls(string symbol) => calls.GetValueOrDefault(symbol);
        Assert.That(Calls("cuMemAlloc_v2"), Is.GreaterThan(4));
        Assert.That(Calls("cuMemFree_v2"), Is.EqualTo(Calls("cuMemAlloc_v2")));
        Assert.That(Calls("cuMemFreeHost"), Is.EqualTo(Calls("cuMemAllocHost_v2") + Calls("cuMemHostAlloc")));
    }

    [Test]
    public void A_batch_larger_than_the_data_is_refused() =>
        Assert.That(() => Create(batch: 50, train: 48), Throws.ArgumentException.With.Message.Contains("50").And.Message.Contains("48"));

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> progress, string key, string text) => new(progress) { [key] = text };

    internal static Trainer Create(CudaContext context, int batch, int train, ulong seed = 1, ModelSpec? spec = null, int extent = 8, bool capture = true, Augmentation? augmentation = null, FusionPreference fusion = FusionPreference.Auto,
        Precision precision = Precision.Float32)
    {
        TrainerOptions options = new()
        {
            BatchSize = batch,
            Seed = seed,
            CaptureSteps = capture,
            Augmentation = augmentation ?? Augmentation.None,
            Precision = precision,
            Pass = new PassOptions { Deterministic = true, Fusion = fusion },
        };
        return new Trainer(context, new Network(spec ?? Small), options, Images(train, "train", extent), Images(21, "test", extent), Table());
    }

    private Trainer Create(int batch, int train, ulong seed = 1, ModelSpec? spec = null, int extent = 8, Augmentation? augmentation = null) =>
        Create(_context, batch, train, seed, spec, extent, augmentation: augmentation);

    private Trainer Create(int batch, int train, Precision precision) => Create(_context, batch, train, precision: precision);

    // Noise, with a bright quarter that tells the class.
    private static LabelledImages Images(int count, string name, int extent)
    {
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % 4))];
        byte[] pixels = new byte[count * 3 * extent * extent];
        ulong seed = Formula.Seed(name);
        for (int i = 0; i < pixels.Length; i++)
        {
            int column = i % extent;
            int row = i / extent % extent;
            int label = labels[i / (3 * extent * extent)];
            bool bright = (row >= extent / 2 ? 2 : 0) + (column >= extent / 2 ? 1 : 0) == label;
            pixels[i] = (byte)((Formula.Draw(seed, i) >> 17) + (bright ? 100 : 0));
        }

        return new LabelledImages(pixels, labels, 3, extent, extent);
    }

    private static float[] Table() => [.. Enumerable.Range(0, 3 * 256).Select(i => ((i % 256 / 255f) - 0.4f) / 0.25f)];

    private static MetricSums RunEpoch(Trainer trainer)
    {
        Steps(trainer, trainer.StepsPerEpoch);
        MetricSums sums = trainer.ReadSums();
        trainer.EndEpoch();
        return sums;
    }

    private static void Steps(Trainer trainer, int count)
    {
        for (int i = 0; i < count; i++)
        {
            trainer.Step();
        }
    }

    private static float[] Parameters(Trainer trainer)
    {
        float[] values = new float[trainer.Buffers.Parameters.Length];
        trainer.Stream.CopyToHost(trainer.Buffers.Parameters.Span, values.AsSpan());
        trainer.Stream.Synchronize();
        return values;
    }
}
