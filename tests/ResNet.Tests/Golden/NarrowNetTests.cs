using Golden;

namespace ResNet.Tests.Golden;

/// <summary>Whole networks in 16 bits against PyTorch's float64 reference: no further from it than twice PyTorch's own bfloat16 (autocast).</summary>
[TestFixtureSource(nameof(Nets))]
public sealed class NarrowNetTests(string net)
{
    private const string PyTorch = "bf16_autocast";

    public static IEnumerable<string> Nets =>
        NetCase.Names().Where(name => NetCase.Load(name).Sgd.LossesByPrecision.ContainsKey(PyTorch)).ToList() is { Count: > 0 } names ? names : ["(none)"];

    [TestCase(Precision.BFloat16)]
    [TestCase(Precision.Float16)]
    public void Ten_steps_lose_what_is_expected(Precision precision)
    {
        if (net == "(none)")
        {
            Assert.Ignore($"skipped: {GoldenFolder.Message}");
        }

        NetCase golden = NetCase.Load(net);
        if (golden.TryLoadBatches(out string reason) is not { } batches)
        {
            Assert.Ignore($"skipped: {reason}");
            return;
        }

        using NetworkBench bench = new(NetworkBench.SpecOf(golden.Architecture), precision);
        NetworkPass training = bench.AddPass(golden.Batch, training: true);
        bench.PlaceInOneArena();
        bench.Reset(parameter => golden.Parameters.Single(p => p.Name == parameter.Name).Specification.Values());
        double deviation = 0;
        for (int step = 0; step < golden.Sgd.Losses.Count; step++)
        {
            bench.SetBatch(training, step % 2 == 0 ? batches.A : batches.B);
            training.Operations.Run(StepPhase.Forward);
            training.Operations.Run(StepPhase.Loss);
            double loss = bench.ReadLoss(training);
            training.Operations.Run(StepPhase.Backward);
            bench.Update(golden.Sgd.LearningRate, golden.Sgd.Momentum, golden.Sgd.WeightDecay);

            // PyTorch's distance at one step may be small by luck: its greatest up to there is the measure.
            double expected = golden.Sgd.Losses[step];
            deviation = Math.Max(deviation, Math.Abs(golden.Sgd.LossesByPrecision[PyTorch][step] - expected));
            TestContext.Out.WriteLine($"step {step}: {loss:F5}, float64 {expected:F5}, PyTorch's bfloat16 {golden.Sgd.LossesByPrecision[PyTorch][step]:F5}");
            Assert.That(loss, Is.EqualTo(expected).Within(2 * deviation), $"step {step}");
        }
    }
}
