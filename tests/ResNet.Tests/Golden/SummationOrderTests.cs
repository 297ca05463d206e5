using System.Globalization;
using Golden;

namespace ResNet.Tests.Golden;

/// <summary>
/// Why some losses of <see cref="NetTests"/> need a larger k: their distance from the reference is what the order of the sums makes. The same
/// network with its channels in other orders scatters as widely, so no order is the right one and PyTorch's was a lucky one.
/// </summary>
[TestFixture, Explicit("minutes: ./test.sh --filter SummationOrder")]
public sealed class SummationOrderTests
{
    private const int Orders = 8;

    // A distance beyond three standard deviations would be a fault that all orders share.
    private const double StandardDeviations = 3;

    [TestCase("r18-imagenet-formula", true)]
    [TestCase("r34-imagenet", true)]
    [TestCase("r34-imagenet", false)]
    [TestCase("r18-imagenet-smooth", false)]
    [TestCase("r50-imagenet-smooth", false)]
    [TestCase("r50-cifar", false)]
    public void The_loss_is_as_far_off_as_other_orders_of_the_channels_make_it(string name, bool training)
    {
        if (!NetCase.Names().Contains(name))
        {
            Assert.Ignore($"skipped: {name} is not among the golden nets; {GoldenFolder.Message}");
        }

        NetCase net = NetCase.Load(name);
        if (net.TryLoadBatches(out string reason) is not { } batches)
        {
            Assert.Ignore($"skipped: {reason}");
            return;
        }

        using NetworkBench bench = new(NetworkBench.SpecOf(net.Architecture));
        NetworkPass learning = bench.AddPass(net.Batch, training: true, runningFactor: 1);
        NetworkPass evaluation = bench.AddPass(net.Batch, training: false);
        bench.PlaceInOneArena();
        Dictionary<string, NetParameter> parameters = net.Parameters.ToDictionary(parameter => parameter.Name);
        double expected = (training ? net.Train : net.Evaluation).Loss!.Value;
        double[] distances = new double[Orders];
        for (int seed = 0; seed < Orders; seed++)
        {
            ChannelOrder order = new(net, seed);
            bench.Reset(parameter => order.Apply(parameters[parameter.Name]));
            bench.SetBatch(learning, order.Apply(batches.A));
            learning.Operations.Run(StepPhase.Forward);
            NetworkPass last = learning;
            if (!training)
            {
                bench.SetBatch(evaluation, order.Apply(batches.B));
                evaluation.Operations.Run(StepPhase.Forward);
                last = evaluation;
            }

            last.Operations.Run(StepPhase.Loss);
            distances[seed] = bench.ReadLoss(last) - expected;
        }

        string all = string.Join(" ", distances.Select(distance => distance.ToString("e1", CultureInfo.InvariantCulture)));
        TestContext.Out.WriteLine($"{name}: {all}");
        double mean = distances.Average();
        double deviation = Math.Sqrt(distances.Sum(distance => (distance - mean) * (distance - mean)) / (Orders - 1));
        Assert.That(Math.Abs(distances[0]), Is.LessThanOrEqualTo(StandardDeviations * deviation), $"distances of {Orders} orders: {all}");
        Assert.That(Math.Abs(mean), Is.LessThanOrEqualTo(StandardDeviations * deviation), $"distances of {Orders} orders: {all}");
    }
}
