namespace ResNet.Tests.Models;

[TestFixture]
public sealed class ModelTests
{
    // The numbers of parameters torchvision's documentation gives, with 1000 classes.
    [TestCase("resnet18", 11_689_512)]
    [TestCase("resnet34", 21_797_672)]
    [TestCase("resnet50", 25_557_032)]
    [TestCase("resnet101", 44_549_160)]
    [TestCase("resnet152", 60_192_808)]
    public void The_imagenet_networks_have_torchvisions_number_of_parameters(string name, long expected) =>
        Assert.That(new Network(ModelCatalogue.Get(name, StemKind.ImageNet, classes: 1000)).Layout.ParameterCount, Is.EqualTo(expected));

    // He et al. 2015, table 6: 0.27, 0.46, 0.66, 0.85 and 1.7 million.
    [TestCase("resnet20", 0.27)]
    [TestCase("resnet32", 0.46)]
    [TestCase("resnet44", 0.66)]
    [TestCase("resnet56", 0.85)]
    [TestCase("resnet110", 1.7)]
    public void The_cifar_networks_have_the_papers_number_of_parameters(string name, double millions) =>
        Assert.That(new Network(ModelCatalogue.Get(name, shortcut: ShortcutStyle.Subsample)).Layout.ParameterCount / 1e6, Is.EqualTo(millions).Within(0.035));

    [Test]
    public void The_article_projects_in_the_first_block_of_every_stage()
    {
        string[] Projections(ShortcutStyle shortcut) =>
        [
            .. new Network(ModelCatalogue.Get("resnet18", shortcut: shortcut)).Layout.Parameters
                .Select(p => p.Name).Where(name => name.EndsWith("downsample.0.weight", StringComparison.Ordinal)),
        ];

        Assert.That(Projections(ShortcutStyle.Torchvision), Is.EqualTo(["layer2.0.downsample.0.weight", "layer3.0.downsample.0.weight", "layer4.0.downsample.0.weight"]));
        Assert.That(
            Projections(ShortcutStyle.Article),
            Is.EqualTo(["layer1.0.downsample.0.weight", "layer2.0.downsample.0.weight", "layer3.0.downsample.0.weight", "layer4.0.downsample.0.weight"]));
        Assert.That(Projections(ShortcutStyle.Subsample), Is.Empty);
    }

    [TestCase("resnet50", 64, 64, "stage 1 makes 256 channels of 64")]
    [TestCase("resnet18", 16, 64, "stage 1 makes 64 channels of 16")]
    [TestCase("resnet18", 64, 128, "stage 3 makes 64 channels of 128")]
    public void Shortcuts_without_parameters_are_refused_where_they_cannot_have_the_blocks_shape(string name, int stem, int second, string found)
    {
        ModelSpec spec = ModelCatalogue.Get(name) with { StemWidth = stem, Depths = [1, 1, 1], Widths = [64, second, 64], Shortcut = ShortcutStyle.Subsample };
        Assert.That(spec.Validate, Throws.ArgumentException.With.Message.Contains(found).And.Message.Contains("Choose torchvision or article"));
        Assert.That((spec with { Shortcut = ShortcutStyle.Torchvision }).Validate, Throws.Nothing);
    }

    [Test]
    public void A_bottleneck_carries_its_stride_on_the_3x3()
    {
        BlockDefinition block = new Network(ModelCatalogue.Get("resnet50", StemKind.ImageNet)).Blocks[3];
        Assert.That(block.Name, Is.EqualTo("layer2.0"));
        Assert.That(block.Residual.Select(layer => layer.Convolution.Geometry.StrideHeight), Is.EqualTo([1, 2, 1]));
    }

    [Test]
    public void Views_into_the_flat_buffers_are_aligned_first_those_that_are_multiplied_in_order_and_do_not_overlap()
    {
        foreach (string name in ModelCatalogue.Names)
        {
            ParameterLayout layout = new Network(ModelCatalogue.Get(name, classes: 7)).Layout;
            long end = 0;
            foreach (Parameter parameter in layout.Parameters.OrderBy(parameter => !parameter.IsFactor))
            {
                Assert.That(parameter.Offset < layout.FactorElements, Is.EqualTo(parameter.IsFactor), "what is multiplied comes first");
                Assert.That(parameter.Offset % ParameterLayout.Alignment, Is.Zero);
                Assert.That(parameter.Offset, Is.GreaterThanOrEqualTo(end).And.LessThan(end + ParameterLayout.Alignment));
                end = parameter.Offset + parameter.Elements;
            }

            Assert.That(layout.Elements, Is.GreaterThanOrEqualTo(end));
        }
    }

    [Test]
    public void An_unknown_name_is_answered_with_the_known_ones() =>
        Assert.That(() => ModelCatalogue.Get("resnet19"), Throws.ArgumentException.With.Message.Contains("resnet19").And.Message.Contains("resnet18"));

    [Test]
    public void Initialization_draws_filters_with_the_fan_out_deviation_and_repeats_by_seed()
    {
        using NetworkBench bench = new(ModelCatalogue.Get("resnet20"));
        Parameter filter = bench.Network.Layout["layer2.0.conv1.weight"];
        float[] Draw(ulong seed)
        {
            Initialization.Initialize(bench.Stream, bench.Buffers, new RandomSequence(seed));
            return ParameterTransfer.Read(bench.Stream, bench.Buffers.Parameters, filter);
        }

        float[] first = Draw(1);
        Assert.That(Draw(1), Is.EqualTo(first));
        Assert.That(Draw(2), Is.Not.EqualTo(first));

        // 32 x 16 x 3 x 3: deviation sqrt(2 / (32 x 9)); 4608 numbers estimate it to about one percent.
        double deviation = Math.Sqrt(first.Sum(value => (double)value * value) / first.Length);
        Assert.That(deviation, Is.EqualTo(Math.Sqrt(2.0 / (32 * 9))).Within(4).Percent);
        Assert.That(ParameterTransfer.Read(bench.Stream, bench.Buffers.Parameters, bench.Network.Layout["bn1.weight"]), Is.All.EqualTo(1f));
        Assert.That(bench.ReadStatistic("bn1.running_var"), Is.All.EqualTo(1f));
        Assert.That(
            ParameterTransfer.Read(bench.Stream, bench.Buffers.Parameters, bench.Network.Layout["fc.weight"]),
            Is.All.Matches<float>(value => Math.Abs(value) <= 1 / Math.Sqrt(64)));
    }
}
