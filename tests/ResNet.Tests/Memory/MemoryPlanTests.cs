using Golden;

namespace ResNet.Tests.Memory;

[TestFixture]
public sealed class MemoryPlanTests
{
    [TestCase("resnet18", StemKind.Cifar, ShortcutStyle.Article)]
    [TestCase("resnet18", StemKind.ImageNet, ShortcutStyle.Torchvision)]
    [TestCase("resnet50", StemKind.ImageNet, ShortcutStyle.Torchvision)]
    [TestCase("resnet20", StemKind.Cifar, ShortcutStyle.Subsample)]
    [TestCase("resnet20", StemKind.Cifar, ShortcutStyle.None)]
    [TestCase("resnet152", StemKind.Cifar, ShortcutStyle.Torchvision)]
    public void Tensors_alive_at_one_time_share_no_byte_and_the_arena_is_little_more_than_they_need(string model, StemKind stem, ShortcutStyle shortcut)
    {
        using NetworkBench bench = new(ModelCatalogue.Get(model, stem, shortcut));
        NetworkPass pass = bench.AddPass(16, training: true);
        List<PlannedTensor> tensors = [.. pass.Operations.Tensors.Where(tensor => tensor.Bytes > 0)];
        for (int i = 0; i < tensors.Count; i++)
        {
            PlannedTensor a = tensors[i];
            Assert.That(a.Offset, Is.GreaterThanOrEqualTo(0));
            Assert.That(a.Offset % MemoryPlan.Alignment, Is.Zero);
            Assert.That(a.Offset + a.Bytes, Is.LessThanOrEqualTo(pass.Plan.ArenaBytes));
            for (int j = 0; j < i; j++)
            {
                PlannedTensor b = tensors[j];
                bool together = a.FirstUse <= b.LastUse && b.FirstUse <= a.LastUse;
                bool overlap = a.Offset < b.Offset + b.Bytes && b.Offset < a.Offset + a.Bytes;
                Assert.That(together && overlap, Is.False, $"{a.Name} and {b.Name}");
            }
        }

        TestContext.Out.WriteLine(pass.Plan.Describe());
        Assert.That(pass.Plan.ArenaBytes, Is.LessThanOrEqualTo(1.1 * pass.Plan.LowerBoundBytes));
        Assert.That(pass.Plan.ArenaBytes, Is.LessThan(0.75 * pass.Plan.NaiveBytes));
        Assert.That(pass.Plan.Describe(), Does.Contain("arena"));
    }

    [TestCase("resnet20", StemKind.Cifar, ShortcutStyle.Subsample)]
    [TestCase("resnet18", StemKind.ImageNet, ShortcutStyle.Article)]
    public void A_step_in_the_shared_arena_gives_the_bits_of_a_step_in_separate_memory(string model, StemKind stem, ShortcutStyle shortcut)
    {
        float[] Gradients(bool shared)
        {
            using NetworkBench bench = new(ModelCatalogue.Get(model, stem, shortcut));
            NetworkPass pass = bench.AddPass(4, training: true);
            if (shared)
            {
                bench.PlaceInOneArena();
            }
            else
            {
                bench.PlaceApart();
            }

            Initialization.Initialize(bench.Stream, bench.Buffers, new RandomSequence(1));
            float[] images = new TensorSpecification("plan/images", [4, 3, 32, 32], 2).Values();
            bench.SetBatch(pass, new ImageSet(4, images, [0, 1, 2, 3]));
            pass.Operations.Run();
            return bench.Read(bench.Buffers.Gradients.Span);
        }

        float[] gradients = Gradients(shared: true);
        Assert.That(gradients.Any(value => value != 0));
        Assert.That(gradients.AsSpan().SequenceEqual(Gradients(shared: false)));
    }
}
