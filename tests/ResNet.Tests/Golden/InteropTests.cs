using Golden;

namespace ResNet.Tests.Golden;

/// <summary>Checkpoints which PyTorch wrote are read, and the network they hold answers as PyTorch's does.</summary>
[TestFixture]
public sealed class InteropTests
{
    public static IEnumerable<string> Checkpoints => InteropCase.Names() is { Count: > 0 } names ? names : ["(none)"];

    [TestCaseSource(nameof(Checkpoints))]
    public void A_checkpoint_of_torchvisions_names_gives_the_expected_logits(string name) => Compare(name, interop => interop.Checkpoint);

    [Test]
    public void A_checkpoint_of_kuangliu_s_names_gives_the_same_logits()
    {
        if (GoldenFolder.File("interop/r20b-kuangliu.safetensors") is not { } path)
        {
            Assert.Ignore($"skipped: interop/r20b-kuangliu.safetensors is missing. {GoldenFolder.Message}");
            return;
        }

        Compare("r20b", _ => path);
    }

    private static void Compare(string name, Func<InteropCase, string> checkpoint)
    {
        if (InteropCase.Names().Count == 0)
        {
            Assert.Ignore($"skipped: {GoldenFolder.Message}");
        }

        InteropCase interop = InteropCase.Load(name);
        using NetworkBench bench = new(NetworkBench.SpecOf(interop.Architecture));
        NetworkPass pass = bench.AddPass(interop.Sets[0].Shape[0], training: false);
        bench.PlaceInOneArena();
        Checkpoint.LoadNetwork(bench.Stream, bench.Network, bench.Buffers, checkpoint(interop));
        foreach (InteropImages set in interop.Sets)
        {
            if (set.Source.TryLoad(out string reason) is not { } images)
            {
                TestContext.Out.WriteLine($"left out: {reason}");
                continue;
            }

            bench.SetBatch(pass, images);
            pass.Operations.Run(StepPhase.Forward);
            float[] logits = bench.Read(pass.Logits);
            Verdict verdict = GoldenRule.JudgeTensor($"{interop.Id}/{set.Name}", set.Logits, set.MaximumAbsolute, set.Deviations["f32"], logits);
            Assert.That(verdict.Passed, verdict.Message);
            for (int n = 0; n < set.Shape[0]; n++)
            {
                if (set.Margins[n] > 8 * set.Deviations["f32"].Maximum)
                {
                    float[] row = logits[(n * set.Shape[1])..((n + 1) * set.Shape[1])];
                    Assert.That(Array.IndexOf(row, row.Max()), Is.EqualTo(set.Predicted[n]), $"image {n} of {set.Name}");
                }
            }
        }
    }
}
