using CudnnNet;

namespace ResNet.Tests.Checkpoints;

[TestFixture]
public sealed class CheckpointTests
{
    private static readonly ModelSpec Small = new("small", StemKind.Cifar, 8, BlockKind.Basic, [1, 1], [8, 16], ShortcutStyle.Torchvision, 4);
    private string _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("checkpoint").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    private string File1 => Path.Combine(_folder, "net.safetensors");

    [Test]
    public void A_network_is_written_under_torchvisions_names_and_comes_back_bit_for_bit()
    {
        using NetworkBench first = Create(Small, seed: 1);
        first.Stream.Fill(first.Buffers.MeanView(first.Network.Layout.Statistics[1]), 0.25f);
        Checkpoint.SaveNetwork(first.Stream, first.Network, first.Buffers, batchesTracked: 12, File1);

        using (SafetensorsReader reader = new(File1))
        {
            Assert.That(
                reader.Tensors.Keys,
                Is.SupersetOf(["conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked", "layer2.0.downsample.1.running_var", "fc.bias"]));
            Assert.That(reader.ReadNumber("layer2.0.bn2.num_batches_tracked"), Is.EqualTo(12));
            Assert.That(reader.Tensors["layer2.0.conv1.weight"].Shape, Is.EqualTo([16L, 8, 3, 3]));
        }

        using NetworkBench second = Create(Small, seed: 2);
        Checkpoint.LoadNetwork(second.Stream, second.Network, second.Buffers, File1);
        Assert.That(Everything(second), Is.EqualTo(Everything(first)));
    }

    [Test]
    public void Another_network_is_refused_and_nothing_changes()
    {
        using NetworkBench small = Create(Small, seed: 1);
        Checkpoint.SaveNetwork(small.Stream, small.Network, small.Buffers, 0, File1);
        (ModelSpec Spec, string Message)[] others =
        [
            (Small with { Depths = [2, 1] }, "lacks layer1.1.conv1.weight"),
            (Small with { Shortcut = ShortcutStyle.Article }, "lacks layer1.0.downsample.0.weight"),
            (Small with { Shortcut = ShortcutStyle.None }, "it has layer2.0.downsample.0.weight"),
            (Small with { Classes = 5 }, "fc.weight"),
            (Small with { Widths = [8, 24] }, "24"),
        ];
        foreach ((ModelSpec spec, string message) in others)
        {
            using NetworkBench other = Create(spec, seed: 3);
            float[] before = Everything(other);
            Assert.That(
                () => Checkpoint.LoadNetwork(other.Stream, other.Network, other.Buffers, File1),
                Throws.InstanceOf<InvalidDataException>().With.Message.Contains(message).And.Message.Contains(File1));
            Assert.That(Everything(other), Is.EqualTo(before));
        }
    }

    [Test]
    public void A_file_cut_anywhere_is_refused()
    {
        using NetworkBench small = Create(Small, seed: 1);
        Checkpoint.SaveNetwork(small.Stream, small.Network, small.Buffers, 0, File1);
        byte[] whole = File.ReadAllBytes(File1);
        foreach (int length in new[] { 0, 7, 8, 100, whole.Length / 2, whole.Length - 1 })
        {
            File.WriteAllBytes(File1, whole[..length]);
            Assert.That(() => Checkpoint.LoadNetwork(small.Stream, small.Network, small.Buffers, File1), Throws.InstanceOf<InvalidDataException>(), $"{length} bytes");
        }
    }

    [Test]
    public void A_missing_file_is_an_io_error_that_names_it()
    {
        using NetworkBench small = Create(Small, seed: 1);
        Assert.That(() => Checkpoint.LoadNetwork(small.Stream, small.Network, small.Buffers, File1), Throws.InstanceOf<IOException>().With.Message.Contains(File1));
    }

    [Test]
    public void A_network_without_a_training_cannot_be_continued()
    {
        using CudaContext context = CudaContext.Primary();
        using Trainer trainer = Training.TrainerTests.Create(context, batch: 16, train: 48);
        Checkpoint.SaveNetwork(trainer.Stream, trainer.Network, trainer.Buffers, 0, File1);
        Assert.That(() => Checkpoint.Load(trainer, File1), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("momentum"));
    }

    [Test]
    public void Names_of_kuangliu_and_of_dataparallel_are_understood()
    {
        using NetworkBench first = Create(Small, seed: 1);
        SafetensorsWriter writer = new();
        foreach (Parameter parameter in first.Network.Layout.Parameters)
        {
            string name = parameter.Name.Replace("downsample", "shortcut", StringComparison.Ordinal).Replace("fc.", "linear.", StringComparison.Ordinal);
            writer.AddFloats($"module.{name}", parameter.Shape, ParameterTransfer.Read(first.Stream, first.Buffers.Parameters, parameter));
        }

        foreach (RunningStatistics statistics in first.Network.Layout.Statistics)
        {
            string name = statistics.Name.Replace("downsample", "shortcut", StringComparison.Ordinal);
            writer.AddFloats($"module.{name}.running_mean", [statistics.Channels], new float[statistics.Channels]);
            writer.AddFloats($"module.{name}.running_var", [statistics.Channels], [.. Enumerable.Repeat(1f, statistics.Channels)]);
        }

        writer.Save(File1);
        using NetworkBench second = Create(Small, seed: 2);
        Checkpoint.LoadNetwork(second.Stream, second.Network, second.Buffers, File1);
        Assert.That(Everything(second), Is.EqualTo(Everything(first)));
    }

    private static NetworkBench Create(ModelSpec spec, ulong seed)
    {
        NetworkBench bench = new(spec);
        Initialization.Initialize(bench.Stream, bench.Buffers, new RandomSequence(seed));
        return bench;
    }

    private static float[] Everything(NetworkBench bench) => [.. bench.Read(bench.Buffers.Parameters.Span), .. bench.Read(bench.Buffers.Statistics.Span)];
}
