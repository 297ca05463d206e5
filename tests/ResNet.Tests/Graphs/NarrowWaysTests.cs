using Golden;
using ResNet.Tests.Golden;

namespace ResNet.Tests.Graphs;

/// <summary>
/// In 16 bits graph plans are as near to single precision as the descriptors API, in every block and every gradient of the golden networks. Losses would say less: they are single numbers, near to
/// the exact one by luck or not.
/// </summary>
[TestFixtureSource(nameof(Cases))]
public sealed class NarrowWaysTests(string net, Precision precision)
{
    // Errors that have the same causes differ by chance, the less the more elements there are.
    private const double Chance = 1.25;

    private NetCase _golden = null!;
    private ImageSet _batch = null!;
    private Dictionary<string, float[]> _exact = [];
    private Dictionary<string, double> _allowed = [];

    public static IEnumerable<TestFixtureData> Cases =>
        from name in GoldenNets.TrainedInBFloat16
        from precision in (Precision[])[Precision.BFloat16, Precision.Float16]
        select new TestFixtureData(name, precision);

    [OneTimeSetUp]
    public void ComputeByDescriptors()
    {
        (_golden, _batch, _) = GoldenNets.LoadOrSkip(net);
        _exact = Compute(Precision.Float32, FusionPreference.Descriptors, sums: false);
        _allowed = Compute(precision, FusionPreference.Descriptors, sums: false).ToDictionary(entry => entry.Key, entry => Chance * Distance(entry.Key, entry.Value));
    }

    [TestCase(FusionPreference.Graph, false)]
    [TestCase(FusionPreference.Graph, true)]
    [TestCase(FusionPreference.None, false)]
    public void Blocks_and_gradients_are_as_near_to_single_precision_as_by_the_descriptors_API(FusionPreference fusion, bool sumsInConvolutions) => Assert.Multiple(() =>
    {
        foreach ((string name, float[] values) in Compute(precision, fusion, sumsInConvolutions))
        {
            Assert.That(Distance(name, values), Is.LessThan(_allowed[name]), name);
        }
    });

    // What a training pass leaves in its blocks' outputs, the logits and the gradients of the blocks' inputs.
    private Dictionary<string, float[]> Compute(Precision precision, FusionPreference fusion, bool sums)
    {
        using NetworkBench bench = new(NetworkBench.SpecOf(_golden.Architecture), precision, fusion, sums);
        NetworkPass training = bench.AddPass(_golden.Batch, training: true);
        Assert.That(training.Operations.Choices.Any(choice => choice.Computes == "convolution, statistics"), Is.EqualTo(sums));
        bench.PlaceApart();
        bench.Reset(_golden);
        bench.SetBatch(training, _batch);
        training.Operations.Run();
        Dictionary<string, float[]> results = training.Activations.ToDictionary(entry => entry.Key, entry => bench.Read(entry.Value));
        results["logits"] = bench.Read(training.Logits);
        foreach (PlannedTensor gradient in training.Operations.Tensors.Where(tensor => tensor.Name.EndsWith("bn1 input gradient", StringComparison.Ordinal)))
        {
            results[gradient.Name] = bench.Read(gradient);
        }

        return results;
    }

    // From the exact tensor, relative to its norm. Half precision's gradients have the loss scale as a factor; the best factor takes it away.
    private double Distance(string name, float[] got)
    {
        float[] exact = _exact[name];
        double product = 0, squares = 0;
        for (int i = 0; i < got.Length; i++)
        {
            product += (double)got[i] * exact[i];
            squares += (double)exact[i] * exact[i];
        }

        double scale = precision == Precision.Float16 && name.EndsWith("gradient", StringComparison.Ordinal) ? product / squares : 1, sum = 0;
        for (int i = 0; i < got.Length; i++)
        {
            double distance = (got[i] / scale) - exact[i];
            sum += distance * distance;
        }

        return Math.Sqrt(sum / squares);
    }
}
