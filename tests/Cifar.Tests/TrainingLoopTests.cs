namespace Cifar.Tests;

public class TrainingLoopTests
{
    [Test]
    public void Every_epoch_gets_a_row_with_its_own_sums()
    {
        using var temporary = new TemporaryFolder();
        var training = new SmallTraining();
        var (code, folder, _) = Train(training, temporary["run"], epochs: 3);

        Assert.That(code, Is.EqualTo(ExitCode.Done));
        string[] lines = File.ReadAllLines(folder.MetricsFile);
        Assert.That(lines[0], Is.EqualTo("epoch,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,images_per_second,seconds,dataset"));
        Assert.That(lines, Has.Length.EqualTo(4));
        var second = EpochMetrics.FromRow(lines[2])!;
        double expected = Enumerable.Range(51, 50).Sum(i => 1.0 / i) / 50;
        Assert.That(second.TrainLoss, Is.EqualTo(expected).Within(1e-12));
        Assert.That((second.Epoch, second.TrainAccuracy, second.TestLoss, second.TestAccuracy), Is.EqualTo((2, 0.2, 1.5, 0.2)));
        Assert.That(lines[2], Does.EndWith(",digits"));
    }

    [Test]
    public void The_rate_of_every_epoch_follows_the_schedule()
    {
        using var temporary = new TemporaryFolder();
        var training = new SmallTraining();
        Train(training, temporary["run"], epochs: 4, recipe => recipe with { LearningRate = 0.4, Schedule = new LearningRateSchedule.Steps(2, 3) });
        Assert.That(training.Rates, Is.EqualTo(new[] { 0.4, 0.4, 0.04, 0.004 }).Within(1e-15));
    }

    [Test]
    public void The_wish_to_stop_is_granted_after_the_step_and_the_rest_continues_to_the_same_rows()
    {
        using var temporary = new TemporaryFolder();
        var (_, whole, _) = Train(new SmallTraining(), temporary["whole"], epochs: 3);

        using var stop = new StopSignal();
        var first = new SmallTraining { AfterStep = iteration => { if (iteration == 70) { stop.Request(); } } };
        var (code, part, _) = Train(first, temporary["part"], epochs: 3, stop: stop);
        Assert.That(code, Is.EqualTo(ExitCode.Interrupted));
        Assert.That((first.CompletedEpochs, first.CompletedSteps), Is.EqualTo((1, 20)));

        var second = new SmallTraining();
        second.Load(part.LastCheckpoint);
        var reopened = Open(part.Folder, second.CompletedEpochs);
        var (rest, _, _) = Train(second, reopened, epochs: 3);
        Assert.That(rest, Is.EqualTo(ExitCode.Done));
        Assert.That(Numbers(reopened), Is.EqualTo(Numbers(whole)));
    }

    [Test]
    public void The_best_checkpoint_is_that_of_the_epoch_with_the_best_test()
    {
        using var temporary = new TemporaryFolder();
        double[] accuracies = [0.5, 0.8, 0.8, 0.3];
        var (_, folder, _) = Train(new SmallTraining { TestAccuracy = epoch => accuracies[epoch] }, temporary["run"], epochs: 4);
        Assert.That(File.ReadAllLines(folder.BestCheckpoint)[0], Does.StartWith("2 0 "), "the first of equals is kept");
        Assert.That(File.ReadAllLines(folder.LastCheckpoint)[0], Does.StartWith("4 0 "));
        Assert.That(File.ReadAllLines(folder.LastCheckpoint), Does.Contain("dataset=digits"));
    }

    [Test]
    public void A_loss_that_is_not_a_number_ends_the_training_and_keeps_the_last_good_state()
    {
        using var temporary = new TemporaryFolder();
        var error = Assert.Throws<DivergedException>(() => Train(new SmallTraining { DivergesAt = 60 }, temporary["run"], epochs: 3));
        Assert.That(error!.Message, Does.Contain("epoch 2").And.Contains("--lr"));
        Assert.That(File.ReadAllLines(Path.Combine(temporary["run"], "last.safetensors"))[0], Does.StartWith("1 0 "));
    }

    [Test]
    public void Plain_lines_say_the_mean_loss_every_100_iterations_and_the_train_accuracy_every_200()
    {
        using var temporary = new TemporaryFolder();
        var (_, _, text) = Train(new SmallTraining { StepsPerEpoch = 150 }, temporary["run"], epochs: 3);
        string[] lines = text.Split('\n');
        double expected = Enumerable.Range(101, 100).Sum(i => 1.0 / i) / 100;
        Assert.That(lines.Count(l => l.Contains("mean loss", StringComparison.Ordinal)), Is.EqualTo(4));
        Assert.That(lines, Has.One.StartsWith("epoch 1, iteration 100: mean loss ").And.Some.EqualTo(FormattableString.Invariant($"epoch 2, iteration 200: mean loss {expected:F4}, train accuracy 20.00 %")));
        Assert.That(lines.Count(l => l.Contains("train accuracy 20.00 %", StringComparison.Ordinal)), Is.EqualTo(2));
        Assert.That(lines.Count(l => l.Contains("[digits]: test accuracy", StringComparison.Ordinal) && l.Contains("seconds", StringComparison.Ordinal)), Is.EqualTo(3));
        Assert.That(text, Does.Contain("THIS IS THE DIGITS DATA SET"));
    }

    private static string[] Numbers(RunFolder folder)
        => [.. File.ReadAllLines(folder.MetricsFile).Select(line => string.Join(',', line.Split(',').Take(6)))];

    private static RunFolder Open(string path, int completedEpochs)
    {
        File.WriteAllText(Path.Combine(path, "config.json"), "{}");
        var folder = RunFolder.Open(path);
        folder.ReadMetrics(completedEpochs);
        return folder;
    }

    private static (int Code, RunFolder Folder, string Text) Train(SmallTraining training, string path, int epochs, Func<Recipe, Recipe>? change = null, StopSignal? stop = null)
        => Train(training, RunFolder.Create(path, "resnet18"), epochs, change, stop);

    private static (int Code, RunFolder Folder, string Text) Train(SmallTraining training, RunFolder folder, int epochs, Func<Recipe, Recipe>? change = null, StopSignal? stop = null)
    {
        var data = DigitsData.Load();
        var recipe = Presets.DefaultFor(data) with { Epochs = epochs, BatchSize = training.BatchSize };
        recipe = change is null ? recipe : change(recipe);
        using var text = new StringWriter { NewLine = "\n" };
        var display = new PlainDisplay(text);
        using var own = stop is null ? new StopSignal() : null;
        display.Begin(new RunFacts(recipe, data, "cpu", "none", training.Fusion, folder.Folder, 1, training.StepsPerEpoch));
        var loop = new TrainingLoop(training, recipe, data, folder, display, stop ?? own!, () => new RunSummary
        {
            Dataset = data.Name,
            Model = recipe.Model,
            Stem = recipe.Stem,
            Device = "cpu",
            Precision = "f32",
            Epochs = folder.Epochs.Count,
            TestAccuracy = 0,
            BestTestAccuracy = 0,
            ImagesPerSecond = 0,
        });
        return (loop.Run(), folder, text.ToString());
    }
}
