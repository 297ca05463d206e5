using System.Text.Json;
using ResNet;

namespace Cifar.Tests;

public class RunFolderTests
{
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

    [Test]
    public void A_configuration_of_an_earlier_version_means_what_that_version_did()
    {
        // The keys of the first version, before images could be changed and algorithms chosen.
        using var temporary = new TemporaryFolder();
        File.WriteAllText(
            temporary["config.json"],
            """
            {
              "dataset": "digits", "dataset_source": "s", "data_folder": null, "dataset_sha256": "0", "train_images": 1437, "test_images": 360, "subset": false, "classes": 10,
              "pixel_maximum": 16, "normalization_mean": [0.3054], "normalization_deviation": [0.3755], "model": "resnet18", "stem": "cifar", "shortcut": "torchvision", "epochs": 10,
              "batch_size": 32, "learning_rate": 0.01, "schedule": "cosine", "momentum": 0.9, "weight_decay": 0.01, "seed": 1, "device": "cpu", "device_name": "d", "precision": "f32",
              "program_version": "0.1"
            }
            """);
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
}
