using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResNet;

namespace Cifar.Tests;

public class RunFolderTests
{
    // The keys of the first version, before images could be changed and algorithms chosen.
    private const string FirstVersion =
        """
        {
          "dataset": "digits", "dataset_source": "s", "data_folder": null, "dataset_sha256": "0", "train_images": 1437, "test_images": 360, "subset": false, "classes": 10,
          "pixel_maximum": 16, "normalization_mean": [0.3054], "normalization_deviation": [0.3755], "model": "resnet18", "stem": "cifar", "shortcut": "torchvision", "epochs": 10,
          "batch_size": 32, "learning_rate": 0.01, "schedule": "cosine", "momentum": 0.9, "weight_decay": 0.01, "seed": 1, "device": "cpu", "device_name": "d", "precision": "f32",
          "program_version": "0.1"
        }
        """;

    [Test]
    public void A_row_of_the_metrics_reads_back_to_the_same_numbers()
    {
        var metrics = new EpochMetrics(3, 0.1, 1.0 / 3, 0.7, 2.0 / 7, 0.9, 123.4, 5.67);
        Assert.That(EpochMetrics.FromRow(metrics.ToRow("digits")), Is.EqualTo(metrics));
        Assert.That(EpochMetrics.FromRow(EpochMetrics.Header), Is.Null);
        Assert.That(EpochMetrics.FromRow("1,2,3"), Is.Null);
    }

    [Test]
    public void A_folder_that_holds_a_run_is_not_overwritten()
    {
        using var temporary = new TemporaryFolder();
        File.WriteAllText(temporary["config.json"], "{}");
        Assert.That(() => RunFolder.Create(temporary.Path, "resnet18"), Throws.TypeOf<RunFolderException>().With.Message.Contains("--resume"));
    }

    [Test]
    public void A_folder_that_cannot_be_made_is_an_error_with_its_name()
    {
        using var temporary = new TemporaryFolder();
        File.WriteAllText(temporary["file"], "");
        string path = Path.Combine(temporary["file"], "run");
        Assert.That(() => RunFolder.Create(path, "resnet18"), Throws.TypeOf<RunFolderException>().With.Message.Contains(path));
    }

    [Test]
    public void A_missing_run_is_an_error_that_says_where_runs_lie()
    {
        using var temporary = new TemporaryFolder();
        Assert.That(() => RunFolder.Open(temporary["none"]), Throws.TypeOf<RunFolderException>().With.Message.Contains("./runs"));
        Assert.That(() => RunFolder.Open(temporary.Path), Throws.TypeOf<RunFolderException>().With.Message.Contains("config.json"));
    }

    [Test]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_beside_it()
    {
        using var temporary = new TemporaryFolder();
        AtomicFile.WriteText(temporary["a.txt"], "old");
        Assert.That(
            () => AtomicFile.Write(temporary["a.txt"], stream =>
            {
                stream.WriteByte(1);
                throw new IOException("disk full");
            }),
            Throws.TypeOf<IOException>());
        Assert.That(File.ReadAllText(temporary["a.txt"]), Is.EqualTo("old"));
        Assert.That(Directory.GetFiles(temporary.Path), Has.Length.EqualTo(1));
    }

    [Test]
    public void The_summary_has_exactly_the_keys_promised()
    {
        var summary = new RunSummary { Dataset = "digits", Model = "resnet18", Stem = "cifar", Device = "cpu", Precision = "f32", Epochs = 1, TestAccuracy = 0.9, BestTestAccuracy = 0.9, ImagesPerSecond = 10 };
        using var document = JsonDocument.Parse(summary.ToJson());
        Assert.That(
            document.RootElement.EnumerateObject().Select(p => p.Name),
            Is.EqualTo(new[] { "dataset", "model", "stem", "device", "precision", "epochs", "test_accuracy", "best_test_accuracy", "images_per_second" }));
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("{\"model\": 3}")]
    [TestCase("not json")]
    public void A_damaged_configuration_is_an_error_with_the_file(string content)
    {
        using var temporary = new TemporaryFolder();
        File.WriteAllText(temporary["config.json"], content);
        Assert.That(() => RunConfiguration.Read(temporary["config.json"]), Throws.TypeOf<RunFolderException>().With.Message.Contains(temporary["config.json"]));
    }

    [TestCase("model", "\"resnet19\"", "known are resnet18, ")]
    [TestCase("stem", "\"large\"", "known are cifar, imagenet")]
    [TestCase("shortcut", "\"long\"", "known are torchvision, ")]
    [TestCase("epochs", "0", "1 or more")]
    [TestCase("batch_size", "0", "1 or more")]
    [TestCase("learning_rate", "0", "above 0 is needed")]
    [TestCase("learning_rate", "1e999", "above 0 is needed")]
    [TestCase("schedule", "\"linear\"", "known are constant, ")]
    [TestCase("momentum", "-1", "or 0,")]
    [TestCase("weight_decay", "-1", "or 0,")]
    [TestCase("seed", "-1", "0 or more")]
    [TestCase("augment", "\"much\"", "known are none, standard")]
    [TestCase("cutout", "-1", "0 or more")]
    [TestCase("precision", "\"f99\"", "known are f32, ")]
    [TestCase("math", "\"slow\"", "known are exact, fast")]
    [TestCase("algorithms", "\"best\"", "known are heuristic, measure")]
    [TestCase("fusion", "\"all\"", "known are auto, ")]
    [TestCase("model", "null", "")]
    [TestCase("schedule", "null", "")]
    [TestCase("dataset", "null", "")]
    public void A_value_that_no_training_can_have_is_an_error_with_file_and_name(string key, string value, string rule)
    {
        using var temporary = new TemporaryFolder();
        string file = temporary["config.json"];
        JsonObject configuration = JsonNode.Parse(FirstVersion)!.AsObject();
        configuration.Remove(key);
        File.WriteAllText(file, configuration.ToJsonString()[..^1] + $",\"{key}\":{value}}}");
        Assert.That(() => RunConfiguration.Read(file).ToRecipe(file), Throws.TypeOf<RunFolderException>().With.Message.Contains(file).And.Message.Contains(key).And.Message.Contains(rule));
    }

    [Test]
    public void A_configuration_with_bytes_that_nobody_wrote_is_read_or_refused_with_its_name()
    {
        using var temporary = new TemporaryFolder();
        string file = temporary["config.json"];
        int refused = RefusalsOfDamaged(file, Encoding.UTF8.GetBytes(FirstVersion), rounds: 2000, () =>
        {
            Recipe recipe = RunConfiguration.Read(file).ToRecipe(file);
            Assert.That((recipe.Epochs, recipe.BatchSize), Is.GreaterThanOrEqualTo((1, 1)));
        });
        Assert.That(refused, Is.InRange(1000, 1999));
    }

    [Test]
    public void Rows_with_bytes_that_nobody_wrote_are_read_or_refused_with_their_file()
    {
        using var temporary = new TemporaryFolder();
        var folder = RunFolder.Create(temporary["run"], "resnet18");
        for (int epoch = 1; epoch <= 3; epoch++)
        {
            folder.Add(new EpochMetrics(epoch, 0.1, 1.25, 0.5, 1.5, 0.25, 10, 1), "digits");
        }

        int refused = RefusalsOfDamaged(folder.MetricsFile, File.ReadAllBytes(folder.MetricsFile), rounds: 1000, () =>
        {
            folder.ReadMetrics(3);
            Assert.That(folder.Epochs.Select(row => row.Epoch), Is.EqualTo(new[] { 1, 2, 3 }));
        });
        Assert.That(refused, Is.InRange(500, 999));
    }

    [Test]
    public void A_configuration_of_an_earlier_version_means_what_that_version_did()
    {
        using var temporary = new TemporaryFolder();
        File.WriteAllText(temporary["config.json"], FirstVersion);
        Recipe recipe = RunConfiguration.Read(temporary["config.json"]).ToRecipe("config.json");
        Assert.That((recipe.Augment, recipe.Cutout, recipe.Math, recipe.Deterministic, recipe.Algorithms, recipe.Fusion), Is.EqualTo(("none", 0, "exact", false, "heuristic", "descriptors")));
    }

    [Test]
    public void Rows_after_the_checkpoint_are_dropped_and_missing_ones_are_an_error()
    {
        using var temporary = new TemporaryFolder();
        var folder = RunFolder.Create(temporary["run"], "resnet18");
        for (int epoch = 1; epoch <= 3; epoch++)
        {
            folder.Add(new EpochMetrics(epoch, 0.1, 1, 0.5, 1, 0.5, 10, 1), "digits");
        }

        folder.ReadMetrics(2);
        Assert.That(folder.Epochs.Select(e => e.Epoch), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(() => folder.ReadMetrics(4), Throws.TypeOf<RunFolderException>().With.Message.Contains("epoch 4"));
    }

    // How often a file with damaged content is refused; every refusal names the file.
    private static int RefusalsOfDamaged(string file, byte[] written, int rounds, Action read)
    {
        var random = new Random(1);
        int refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            File.WriteAllBytes(file, Damaged(written, random));
            try
            {
                read();
            }
            catch (RunFolderException refusal)
            {
                Assert.That(refusal.Message, Does.Contain(file));
                refused++;
            }
        }

        return refused;
    }

    // A few bytes changed; every fourth time cut off, too.
    private static byte[] Damaged(byte[] written, Random random)
    {
        byte[] bytes = [.. written];
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }
}
