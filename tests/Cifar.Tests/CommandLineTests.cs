namespace Cifar.Tests;

public class CommandLineTests
{
    [Test]
    public void Without_a_command_the_help_is_shown_and_the_usage_is_wrong()
    {
        var (code, output, _) = Run();
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(output, Does.Contain("Start here").And.Contains("resnet train"));
    }

    [TestCase("train", "--preset article --epochs 3 --seed 1")]
    [TestCase("train", "--resume")]
    [TestCase("eval", "best network")]
    public void The_help_of_a_command_teaches_with_examples(string command, string words)
    {
        var (code, output, error) = Run(command, "--help");
        Assert.That((code, error), Is.EqualTo((ExitCode.Done, "")));
        Assert.That(output, Does.Contain("Examples:").And.Contains(words).And.Contains($"resnet {command}"));
    }

    [TestCase("--model resnet19", "unknown model \"resnet19\"; known are resnet18, resnet20, ")]
    [TestCase("--stem resnet", "unknown stem \"resnet\"; known are cifar, imagenet")]
    [TestCase("--preset book", "unknown preset \"book\"; known are article")]
    [TestCase("--device tpu", "unknown device \"tpu\"; known are auto, cuda, cpu")]
    [TestCase("--schedule linear", "unknown schedule \"linear\"; known are constant, cosine, steps:")]
    [TestCase("--classes 11", "known are 10, 100")]
    [TestCase("--epochs 0", "--epochs 0: a whole number")]
    [TestCase("--epochs many", "--epochs many: a whole number")]
    [TestCase("--batch-size -1", "--batch-size -1: a whole number")]
    [TestCase("--lr 0", "--lr 0: a number above 0")]
    [TestCase("--lr 0,1", "--lr 0,1: a number above 0")]
    [TestCase("--lr NaN", "--lr NaN: a number above 0")]
    [TestCase("--momentum 2", "--momentum 2: a number from 0 up to 1")]
    [TestCase("--augment much", "unknown augmentation \"much\"; known are none, standard")]
    [TestCase("--cutout -1", "--cutout -1: a whole number")]
    [TestCase("--precision f16", "known are f32, tf32, bf16, fp16")]
    [TestCase("--precision tf32 --math exact", "--precision tf32 rounds factors")]
    [TestCase("--precision tf32 --deterministic", "--precision tf32 rounds factors")]
    [TestCase("--math slow", "known are exact, fast")]
    [TestCase("--algorithms best", "known are heuristic, measure")]
    [TestCase("--fusion all", "unknown fusion \"all\"; known are auto, graph, descriptors, none")]
    [TestCase("--deterministic --math fast", "--deterministic allows neither --math fast nor --algorithms measure")]
    [TestCase("--epoch 3", "unknown option --epoch; did you mean --epochs?")]
    [TestCase("--frobnicate", "unknown option --frobnicate; resnet train knows --data,")]
    public void A_wrong_word_is_answered_with_what_is_known(string arguments, string message)
    {
        var (code, _, error) = Run(["train", .. arguments.Split(' ')]);
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain(message).And.Contains("resnet train --help"));
    }

    [TestCase("train", "--data")]
    [TestCase("train", "--output")]
    [TestCase("train", "--resume")]
    [TestCase("benchmark step", "--json")]
    public void An_empty_name_is_wrong_usage(string command, string option)
    {
        var (code, _, error) = Run([.. command.Split(' '), option, ""]);
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain($"{option} \"\": a "));
    }

    [Test]
    public void A_benchmark_with_more_images_than_can_be_held_is_wrong_usage()
    {
        var (code, _, error) = Run("benchmark", "step", "--batch-size", "65536", "--size", "1024");
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain("--batch-size 65536 and --size 1024").And.Contains("206,158,430,208 bytes"));
    }

    [Test]
    public void An_unknown_command_is_answered_with_the_nearest()
    {
        var (code, _, error) = Run("trian");
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain("unknown command trian; did you mean train?"));
    }

    [Test]
    public void A_batch_larger_than_the_data_is_wrong_usage()
    {
        var (code, _, error) = Run("train", "--data", "digits", "--batch-size", "1438");
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain("--batch-size 1438").And.Contains("1437"));
    }

    [TestCase("4")]
    [TestCase("1")]
    public void A_last_batch_that_batch_normalisation_cannot_learn_from_is_wrong_usage(string size)
    {
        var (code, _, error) = Run("train", "--data", "digits", "--batch-size", size);
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain("a batch of a single image"));
    }

    [Test]
    public void A_test_in_batches_that_the_network_cannot_be_put_together_for_is_wrong_usage()
    {
        using var temporary = new TemporaryFolder();
        Assert.That(Run("train", "--data", "digits", "--epochs", "1", "--output", temporary["run"]).Code, Is.EqualTo(ExitCode.Done));
        Assert.That(Run("eval", temporary["run"]).Code, Is.EqualTo(ExitCode.Done));
        var (code, _, error) = Run("eval", temporary["run"], "--batch-size", "1");
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain("--batch-size 1 makes a batch of a single image"));
    }

    [Test]
    public void Networks_for_Cifar_have_no_other_stem()
    {
        var (code, _, error) = Run("train", "--data", "digits", "--model", "resnet20", "--stem", "imagenet");
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain("resnet20 has the cifar stem only"));
    }

    [Test]
    public void Bottlenecks_have_no_shortcuts_without_parameters()
    {
        var (code, _, error) = Run("train", "--data", "digits", "--model", "resnet50", "--shortcut", "subsample");
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain("resnet50: stage 1 makes 256 channels of 64").And.Contains("Choose torchvision or article"));
    }

    [Test]
    public void A_folder_without_data_is_a_failure_that_says_what_to_do()
    {
        using var temporary = new TemporaryFolder();
        var (code, _, error) = Run("train", "--data", temporary.Path);
        Assert.That(code, Is.EqualTo(ExitCode.Failed));
        Assert.That(error, Does.Contain(temporary.Path).And.Contains("data_batch_1.bin").And.Contains("https://"));
    }

    [Test]
    public void A_preset_gives_the_article_and_options_change_parts_of_it()
    {
        var data = DigitsData.Load();
        var recipe = new TrainRequest { Preset = "article", BatchSize = 64 }.RecipeFor(data);
        Assert.That(recipe, Is.EqualTo(Presets.Article with { BatchSize = 64 }));
        Assert.That((recipe.Model, recipe.Stem, recipe.Shortcut, recipe.LearningRate, recipe.Momentum, recipe.WeightDecay, recipe.Epochs), Is.EqualTo(("resnet18", "imagenet", "article", 0.1, 0.9, 5e-4, 270)));
    }

    [Test]
    public void A_square_larger_than_the_images_is_wrong_usage()
    {
        var (code, _, error) = Run("train", "--data", "digits", "--cutout", "17");
        Assert.That(code, Is.EqualTo(ExitCode.WrongUsage));
        Assert.That(error, Does.Contain("--cutout 17").And.Contains("0 to 16"));
    }

    [Test]
    public void Determinism_brings_exact_mathematics_with_it()
    {
        var recipe = new TrainRequest { Deterministic = true, Augment = "standard", Cutout = 5 }.RecipeFor(DigitsData.Load());
        Assert.That((recipe.Deterministic, recipe.Math, recipe.Algorithms), Is.EqualTo((true, "exact", "heuristic")));
        Assert.That(recipe.Augmentation, Is.EqualTo(ResNet.Augmentation.Standard with { Cutout = 5 }));
        Assert.That(new TrainRequest().RecipeFor(DigitsData.Load()).Augmentation.IsNone);
    }

    [Test]
    public void A_run_is_continued_only_with_its_own_configuration()
    {
        var run = Presets.Article with { Epochs = 3 };
        Assert.That(new TrainRequest().RecipeToContinue(run, "runs/a"), Is.EqualTo(run));
        Assert.That(new TrainRequest { Preset = "article", Epochs = 3, LearningRate = 0.1 }.RecipeToContinue(run, "runs/a"), Is.EqualTo(run));
        Assert.That(new TrainRequest { Epochs = 5 }.RecipeToContinue(run, "runs/a").Epochs, Is.EqualTo(5), "steps do not depend on the length");

        Assert.That(() => new TrainRequest { Math = "exact" }.RecipeToContinue(run, "runs/a"), Throws.TypeOf<UsageException>().With.Message.Contains("--math is fast in the run and exact now"));
        Assert.That(() => new TrainRequest { Precision = "bf16" }.RecipeToContinue(run, "runs/a"), Throws.TypeOf<UsageException>().With.Message.Contains("--precision is f32 in the run and bf16 now"));
        Assert.That(() => new TrainRequest { Cutout = 8 }.RecipeToContinue(run, "runs/a"), Throws.TypeOf<UsageException>().With.Message.Contains("--cutout is 0 in the run and 8 now"));
        var error = Assert.Throws<UsageException>(() => new TrainRequest { LearningRate = 0.2, Seed = 9 }.RecipeToContinue(run, "runs/a"));
        Assert.That(error!.Message, Does.Contain("runs/a").And.Contains("--lr is 0.1 in the run and 0.2 now").And.Contains("--seed is 1 in the run and 9 now"));
        Assert.That(() => new TrainRequest { Epochs = 2 }.RecipeToContinue(run, "runs/a"), Throws.TypeOf<UsageException>());
        var cosine = run with { Schedule = new LearningRateSchedule.Cosine() };
        Assert.That(() => new TrainRequest { Epochs = 5 }.RecipeToContinue(cosine, "runs/a"), Throws.TypeOf<UsageException>().With.Message.Contains("cosine"));
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = new Application(new SmallTraining(), output, error).Run(arguments);
        return (code, output.ToString(), error.ToString());
    }
}
