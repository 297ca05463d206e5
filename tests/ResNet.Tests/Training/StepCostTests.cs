using CudnnNet;

namespace ResNet.Tests.Training;

/// <summary>What a step costs the host: nothing but launches.</summary>
[TestFixture]
public sealed class StepCostTests
{
    [TestCase("resnet18", StemKind.ImageNet, ShortcutStyle.Article)]
    [TestCase("resnet20", StemKind.Cifar, ShortcutStyle.Subsample)]
    public void After_the_first_a_step_allocates_copies_and_waits_for_nothing(string model, StemKind stem, ShortcutStyle shortcut)
    {
        using CudaContext context = CudaContext.Primary();
        using Trainer trainer = TrainerTests.Create(context, batch: 2, train: 40, spec: ModelCatalogue.Get(model, stem, shortcut), extent: 32);
        trainer.SetLearningRate(0.01);
        for (int step = 0; step < 3; step++)
        {
            trainer.Step();
        }

        trainer.Synchronize();
        Dictionary<string, long> before = NativeLibraries.Selected == DeviceKind.Cpu ? CallCounts.Read() : [];
        long managed = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 5; step++)
        {
            trainer.Step();
        }

        managed = GC.GetAllocatedBytesForCurrentThread() - managed;
        Dictionary<string, long> during = before.Count == 0 ? [] : CallCounts.Read().ToDictionary(entry => entry.Key, entry => entry.Value - before[entry.Key]);
        trainer.Synchronize();
        Assert.That(managed, Is.Zero, "managed bytes in five steps");
        Requires.TheCpuDevice("calls are only counted by the CPU device; the managed bytes are 0");
        Assert.That(during.Where(entry => entry.Key != "cuLaunchKernel" && entry.Value != 0), Is.Empty);
        Assert.That(during["cuLaunchKernel"], Is.GreaterThanOrEqualTo(5 * 6), "batch, loss, sums, bias, its gradient, sgd, counter");
    }
}
