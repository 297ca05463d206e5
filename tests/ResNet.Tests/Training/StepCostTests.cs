using CudnnNet;

namespace ResNet.Tests.Training;

/// <summary>What a step costs the host: one launch of a graph.</summary>
[TestFixture]
public sealed class StepCostTests
{
    [TestCase("resnet18", StemKind.ImageNet, ShortcutStyle.Article, Precision.Float32, FusionPreference.Descriptors)]
    [TestCase("resnet20", StemKind.Cifar, ShortcutStyle.Subsample, Precision.Float32, FusionPreference.Descriptors)]
    [TestCase("resnet18", StemKind.ImageNet, ShortcutStyle.Torchvision, Precision.BFloat16, FusionPreference.Descriptors)]
    [TestCase("resnet20", StemKind.Cifar, ShortcutStyle.Subsample, Precision.Float16, FusionPreference.Descriptors)]
    [TestCase("resnet18", StemKind.ImageNet, ShortcutStyle.Article, Precision.Float32, FusionPreference.Graph)]
    [TestCase("resnet18", StemKind.ImageNet, ShortcutStyle.Torchvision, Precision.BFloat16, FusionPreference.Graph)]
    [TestCase("resnet20", StemKind.Cifar, ShortcutStyle.Subsample, Precision.Float16, FusionPreference.Graph)]
    [TestCase("resnet20", StemKind.Cifar, ShortcutStyle.Torchvision, Precision.Float32, FusionPreference.None)]
    public void After_the_second_a_step_is_one_launch_that_allocates_copies_and_waits_for_nothing(string model, StemKind stem, ShortcutStyle shortcut, Precision precision, FusionPreference fusion)
    {
        IReadOnlyDictionary<string, long> during = CallsOfFiveSteps(model, stem, shortcut, capture: true, precision, fusion);
        Assert.That(during.Keys.Except(["cuGraphLaunch", "cuCtxGetCurrent"]), Is.Empty);
        Assert.That(during["cuGraphLaunch"], Is.EqualTo(5));
    }

    [TestCase(FusionPreference.Descriptors)]
    [TestCase(FusionPreference.Graph)]
    public void A_step_that_is_not_captured_only_launches(FusionPreference fusion)
    {
        IReadOnlyDictionary<string, long> during = CallsOfFiveSteps("resnet20", StemKind.Cifar, ShortcutStyle.Subsample, capture: false, Precision.Float32, fusion);
        Assert.That(during.Keys.Except(["cuLaunchKernel", "cuCtxGetCurrent"]), Is.Empty);
        Assert.That(during["cuLaunchKernel"], Is.GreaterThanOrEqualTo(5 * 6), "batch, loss, sums, bias, its gradient, sgd, counter");
    }

    [Test]
    public void A_new_learning_rate_is_one_copy_to_the_device_and_leaves_the_sums_alone()
    {
        using CudaContext context = CudaContext.Primary();
        using Trainer trainer = TrainerTests.Create(context, batch: 8, train: 40);
        trainer.SetLearningRate(0.01);
        trainer.Step();
        MetricSums sums = trainer.ReadSums();
        IReadOnlyDictionary<string, long>? before = DriverCalls.Read();
        trainer.SetLearningRate(0.02);
        IReadOnlyDictionary<string, long>? during = DriverCalls.Since(before);
        Assert.That((sums.LossSum, sums.Images), Is.EqualTo((trainer.ReadSums().LossSum, 8)));
        Assert.That(sums.LossSum, Is.Positive);
        Requires.TheCpuDevice("calls are only counted by the CPU device");
        Assert.That(during!.Where(call => call.Key.StartsWith("cuMemcpy", StringComparison.Ordinal)).Select(call => (call.Key, call.Value)), Is.EqualTo(new[] { ("cuMemcpyHtoDAsync_v2", 1L) }));
    }

    private static IReadOnlyDictionary<string, long> CallsOfFiveSteps(string model, StemKind stem, ShortcutStyle shortcut, bool capture, Precision precision, FusionPreference fusion)
    {
        using CudaContext context = CudaContext.Primary();
        using Trainer trainer = TrainerTests.Create(
            context, batch: 2, train: 40, spec: ModelCatalogue.Get(model, stem, shortcut), extent: 32, capture: capture, precision: precision, fusion: fusion);
        Assert.That(trainer.TrainingPass.Operations.Choices.Any(choice => choice.Way == OperationWay.GraphPlan), Is.EqualTo(fusion == FusionPreference.Graph));
        trainer.SetLearningRate(0.01);
        for (int step = 0; step < 3; step++)
        {
            trainer.Step();
        }

        trainer.Synchronize();
        IReadOnlyDictionary<string, long>? before = DriverCalls.Read();
        long managed = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 5; step++)
        {
            trainer.Step();
        }

        managed = GC.GetAllocatedBytesForCurrentThread() - managed;
        IReadOnlyDictionary<string, long>? during = DriverCalls.Since(before);
        trainer.Synchronize();
        Assert.That(managed, Is.Zero, "managed bytes in five steps");
        Requires.TheCpuDevice("calls are only counted by the CPU device; the managed bytes are 0");
        return during!;
    }
}
