using Golden;

namespace ResNet.Tests.Golden;

/// <summary>
/// Whole networks against PyTorch's float64 references: no worse than k = 4 times PyTorch's own single precision. Two things need a word.
/// </summary>
/// <remarks>
/// <para>One number may be near its reference by luck (PyTorch's evaluation loss of r50-cifar is off by 8e-10, its logits by 3e-5). A mean
/// of cross-entropies inherits the distance of the logits, so that distance's root mean square is a measure for losses as well.</para>
/// <para>On the nets that are not smooth, about one ReLU input in a million rounds to the other side of zero, in PyTorch's order of summation a
/// different one than in ours, and moves the gradient by about 1e-3, whatever the arithmetic. So gradients there are held to 2e-2 (of the
/// gradient's norm), and the loss after the first update to 2e-2 if our gradient shows that such an input was met, else sharply.</para>
/// </remarks>
[TestFixtureSource(nameof(Nets))]
public sealed class NetTests(string net)
{
    // A step of r50-imagenet-smooth multiplies any distance by about 1.5 while its loss triples; ours is six times PyTorch's at the third loss,
    // which is still within k of the logits' distance, and is carried on from there.
    private static readonly Dictionary<string, double> FactorsForTenSteps = new() { ["r50-imagenet-smooth"] = 8 };

    private NetCase _case = null!;
    private Observation _seen = null!;

    public static IEnumerable<string> Nets => NetCase.Names() is { Count: > 0 } names ? names : ["(none)"];

    [OneTimeSetUp]
    public void Run()
    {
        if (NetCase.Names().Count == 0)
        {
            Assert.Ignore($"skipped: {GoldenFolder.Message}");
        }

        _case = NetCase.Load(net);
        if (_case.TryLoadBatches(out string reason) is not { } batches)
        {
            Assert.Ignore($"skipped: {reason}");
            return;
        }

        _seen = Observation.Of(_case, batches.A, batches.B);
    }

    [Test]
    public void Parameters_have_torchvisions_names_shapes_order_and_number()
    {
        Network network = new(NetworkBench.SpecOf(_case.Architecture));
        Assert.That(
            network.Layout.Parameters.Select(p => $"{p.Name} [{string.Join(", ", p.Shape)}]"),
            Is.EqualTo(_case.Parameters.Select(p => p.ToString())));
        Assert.That(network.Layout.ParameterCount, Is.EqualTo(_case.ParameterCount));
    }

    [Test]
    public void Training_gives_the_expected_logits_and_loss()
    {
        Check(_case.Train.JudgeLogits(_seen.Logits));
        CheckLoss(_case.Train, _seen.Loss);
    }

    [Test]
    public void Every_block_gives_the_expected_activations() => Assert.Multiple(() =>
    {
        foreach (TensorNorm expected in _case.Activations)
        {
            float[] got = _seen.Activations[expected.Name];
            double deviation = expected.Deviation["f32"];
            Check(_case.JudgeNorm(expected.Name, got, expected.Norm, deviation));

            // A projection gathers the errors of all elements with weights below 1.
            ulong seed = Formula.Seed($"{_case.Id}/{expected.Name}#proj0");
            double projection = 0;
            for (int i = 0; i < got.Length; i++)
            {
                projection += got[i] * Formula.Weight(seed, i);
            }

            Check(GoldenRule.JudgeNumber($"{expected.Name} projection", projection, expected.Projection!.Value, Math.Max(deviation, Math.ScaleB(1, -25)) * expected.Norm));
        }
    });

    [Test]
    public void Running_statistics_move_as_expected() => Assert.Multiple(() =>
    {
        foreach (TensorNorm expected in _case.RunningAfterOneStep)
        {
            float[] got = _seen.Statistics[expected.Name];
            double allowed = Math.Max(expected.Deviation["f32"], Math.ScaleB(1, -25)) * expected.Norm;
            Check(_case.JudgeNorm(expected.Name, got, expected.Norm, expected.Deviation["f32"]));
            Check(GoldenRule.JudgeNumber($"{expected.Name} sum", got.Sum(value => (double)value), expected.Sum, allowed * Math.Sqrt(got.Length)));
        }
    });

    [Test]
    public void Gradients_are_the_expected_ones() => Assert.Multiple(() =>
    {
        double floor = _case.IsSmooth ? 0 : FlipTolerance;
        double squares = 0;
        foreach (NetParameter expected in _case.Parameters)
        {
            float[] got = _seen.Gradients[expected.Name];
            squares += got.Sum(value => (double)value * value);
            Check(_case.JudgeNorm($"gradient of {expected.Name}", got, expected.GradientNorm, expected.GradientDeviation["f32"], floor: floor));

            // No element is further off than the whole tensor.
            double tensor = _case.IsSmooth ? 0 : Math.Max(expected.GradientDeviation["f32"], floor / GoldenRule.DefaultFactor) * expected.GradientNorm;
            double allowed = Math.Max(Math.Max(expected.GradientMaximumDeviation["f32"], Math.ScaleB(expected.GradientMaximum, -23)), tensor);
            foreach (ElementAt element in expected.GradientAt)
            {
                Check(GoldenRule.JudgeNumber($"gradient of {expected.Name}[{element.Index}]", got[element.Index], element.Value, allowed));
            }
        }

        double relative = Math.Max(Math.Max(_case.GradientDeviation["f32"], Math.ScaleB(1, -25)), floor / GoldenRule.DefaultFactor);
        Check(GoldenRule.JudgeNumber("norm of the gradient", Math.Sqrt(squares), _case.GradientNorm, relative * _case.GradientNorm));
    });

    [Test]
    public void Evaluation_uses_the_running_statistics()
    {
        Check(_case.Evaluation.JudgeLogits(_seen.EvaluationLogits));
        CheckLoss(_case.Evaluation, _seen.EvaluationLoss);
        Assert.That(_seen.EvaluationHits, Is.EqualTo(_case.Evaluation.Top1Correct));
        if (_case.EvaluationAfterMomentum is { } expected)
        {
            Check(expected.JudgeLogits(_seen.EvaluationLogitsAfterMomentum));
        }
    }

    [Test]
    public void The_first_update_gives_the_expected_parameters() => Assert.Multiple(() =>
    {
        // An update moves a parameter by the rate times the gradient: so much of the gradient's tolerance arrives in it.
        double floor = _case.IsSmooth ? 0 : FlipTolerance * _case.Sgd.LearningRate;
        foreach (NetParameter expected in _case.Parameters)
        {
            double share = expected.Step1Norm == 0 ? 0 : floor * expected.GradientNorm / expected.Step1Norm;
            Check(_case.JudgeNorm($"{expected.Name} after one step", _seen.ParametersAfterOneStep[expected.Name], expected.Step1Norm, expected.Step1Deviation["f32"], floor: share));
        }
    });

    [Test]
    public void Ten_steps_lose_what_is_expected() => Assert.Multiple(() =>
    {
        double deviation = _case.Train.LogitsDeviation["f32"].Rms;
        double factor = FactorsForTenSteps.GetValueOrDefault(net, GoldenRule.DefaultFactor);
        bool flipped = !_case.IsSmooth && MetAFlip();
        TestContext.Out.WriteLine($"a ReLU input rounded to the other side of zero: {flipped}");
        int steps = _case.IsSmooth ? _case.Sgd.Losses.Count : 2;
        for (int step = 0; step < steps; step++)
        {
            double expected = _case.Sgd.Losses[step];
            deviation = Math.Max(deviation, Math.Abs(_case.Sgd.LossesByPrecision["f32"][step] - expected));
            double allowed = Math.Max(deviation, Math.ScaleB(Math.Abs(expected), -23));
            Check(GoldenRule.JudgeNumber($"loss {step}", _seen.Losses[step], expected, step > 0 && flipped ? Math.Max(allowed, FlipTolerance / factor * expected) : allowed, factor));
        }

        Assert.That(_seen.Losses, Is.All.Matches<double>(double.IsFinite));
    });

    // What a ReLU input on the other side of zero may move.
    private const double FlipTolerance = 2e-2;

    // Arithmetic alone moves a gradient by some 1e-6, a flip by 1e-3.
    private bool MetAFlip() => _case.Parameters.Any(expected =>
        Math.Abs(Math.Sqrt(_seen.Gradients[expected.Name].Sum(value => (double)value * value)) - expected.GradientNorm) > 5e-5 * expected.GradientNorm
        || expected.GradientAt.Any(element => Math.Abs(_seen.Gradients[expected.Name][element.Index] - element.Value) > 5e-5 * expected.GradientMaximum));

    private static void CheckLoss(NetResult expected, double got) => Check(GoldenRule.JudgeNumber(
        $"{expected.Key} loss", got, expected.Loss!.Value,
        Math.Max(Math.Max(expected.LossDeviation["f32"], expected.LogitsDeviation["f32"].Rms), Math.ScaleB(Math.Abs(expected.Loss.Value), -23))));

    private static void Check(Verdict verdict) => Assert.That(verdict.Passed, verdict.Message);

    /// <summary>What a network did with the case's batches.</summary>
    private sealed record Observation(
        float[] Logits,
        double Loss,
        Dictionary<string, float[]> Activations,
        Dictionary<string, float[]> Statistics,
        Dictionary<string, float[]> Gradients,
        float[] EvaluationLogits,
        double EvaluationLoss,
        int EvaluationHits,
        float[] EvaluationLogitsAfterMomentum,
        Dictionary<string, float[]> ParametersAfterOneStep,
        double[] Losses)
    {
        public static Observation Of(NetCase net, ImageSet a, ImageSet b)
        {
            using NetworkBench bench = new(NetworkBench.SpecOf(net.Architecture));
            NetworkPass training = bench.AddPass(net.Batch, training: true);
            NetworkPass overwriting = bench.AddPass(net.Batch, training: true, runningFactor: 1);
            NetworkPass evaluation = bench.AddPass(net.Batch, training: false);
            bench.PlaceInOneArena();
            Dictionary<string, float[]> initial = net.Parameters.ToDictionary(p => p.Name, p => p.Specification.Values());
            IReadOnlyList<Parameter> parameters = bench.Network.Layout.Parameters;

            void Reset() => bench.Reset(parameter => initial[parameter.Name]);

            Dictionary<string, float[]> ReadAll(CudnnNet.DeviceMemory<float> buffer) => parameters.ToDictionary(p => p.Name, p => ParameterTransfer.Read(bench.Stream, buffer, p));

            Reset();
            bench.SetBatch(training, a);
            training.Operations.Run(StepPhase.Forward);
            float[] logits = bench.Read(training.Logits);
            Dictionary<string, float[]> activations = training.Activations.ToDictionary(entry => entry.Key, entry => bench.Read(entry.Value));
            training.Operations.Run(StepPhase.Loss);
            double loss = bench.ReadLoss(training);
            training.Operations.Run(StepPhase.Backward);
            Dictionary<string, float[]> gradients = ReadAll(bench.Buffers.Gradients);
            Dictionary<string, float[]> statistics = net.RunningAfterOneStep.ToDictionary(entry => entry.Name, entry => bench.ReadStatistic(entry.Name));

            float[] Evaluate(NetworkPass first)
            {
                Reset();
                bench.SetBatch(first, a);
                first.Operations.Run(StepPhase.Forward);
                bench.SetBatch(evaluation, b);
                evaluation.Operations.Run(StepPhase.Forward);
                return bench.Read(evaluation.Logits);
            }

            float[] logitsAfterMomentum = Evaluate(training);
            float[] evaluationLogits = Evaluate(overwriting);
            evaluation.Operations.Run(StepPhase.Loss);
            double evaluationLoss = bench.ReadLoss(evaluation);
            int hits = Enumerable.Range(0, net.Batch).Count(n => ArgMax(evaluationLogits, n, net.Architecture.Classes) == b.Labels[n]);

            Reset();
            Dictionary<string, float[]>? afterOneStep = null;
            double[] losses = new double[net.Sgd.Losses.Count];
            for (int step = 0; step < losses.Length; step++)
            {
                bench.SetBatch(training, step % 2 == 0 ? a : b);
                training.Operations.Run(StepPhase.Forward);
                training.Operations.Run(StepPhase.Loss);
                losses[step] = bench.ReadLoss(training);
                training.Operations.Run(StepPhase.Backward);
                bench.Update(net.Sgd.LearningRate, net.Sgd.Momentum, net.Sgd.WeightDecay);
                afterOneStep ??= ReadAll(bench.Buffers.Parameters);
            }

            return new(
                logits, loss, activations, statistics, gradients, evaluationLogits, evaluationLoss, hits, logitsAfterMomentum, afterOneStep!, losses);
        }

        private static int ArgMax(float[] logits, int row, int classes)
        {
            ReadOnlySpan<float> values = logits.AsSpan(row * classes, classes);
            int best = 0;
            for (int k = 1; k < classes; k++)
            {
                best = values[k] > values[best] ? k : best;
            }

            return best;
        }
    }
}
