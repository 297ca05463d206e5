using CudnnNet;
using CudnnNet.Interop;
using GpuSupport;

namespace ResNet.Tests.Graphs;

/// <summary>
/// What the trainer would build on GPUs that are not here: passes are put together as on such a device, and whether a graph has a plan is answered by the records of NVIDIA's cuDNN. The
/// graphs come from the network; none is taken from the records.
/// </summary>
public sealed class GpuGraphTests
{
    private const int Batch = 128;

    // The networks of the table of networks, and the shapes its rows are of: the imagenet stem looks at images of 224 x 224.
    private static readonly (string Model, StemKind Stem, ShortcutStyle Shortcut, int Size)[] s_networks =
    [
        ("resnet18", StemKind.Cifar, ShortcutStyle.Torchvision, 32),
        ("resnet18", StemKind.ImageNet, ShortcutStyle.Article, 224),
        ("resnet50", StemKind.Cifar, ShortcutStyle.Article, 32),
        ("resnet50", StemKind.ImageNet, ShortcutStyle.Torchvision, 224),
        ("resnet20", StemKind.Cifar, ShortcutStyle.Torchvision, 32),
        ("resnet20", StemKind.Cifar, ShortcutStyle.Subsample, 32),
    ];

    private static IEnumerable<TestCaseData> Networks(params string[] devices) =>
        from network in s_networks
        from device in devices
        select new TestCaseData(network.Model, network.Stem, network.Shortcut, network.Size, device);

    private static IEnumerable<TestCaseData> Recent => Networks("sm_80", "sm_90");

    [TestCaseSource(nameof(Recent))]
    public void In_single_precision_convolutions_are_plans_that_the_real_library_has_and_what_is_not_recorded_goes_the_next_way(
        string model, StemKind stem, ShortcutStyle shortcut, int size, string device)
    {
        IReadOnlyList<OperationChoice> choices = Choices(model, stem, shortcut, size, device);
        foreach (OperationChoice choice in choices)
        {
            bool isRecorded = choice.Computes is "convolution" or "data gradient" or "filter gradient" or "norm training, and its gradients";
            Assert.That(choice.Way, Is.EqualTo(isRecorded ? OperationWay.GraphPlan : NextWay(choice.Computes)), $"{choice}");
            Assert.That(choice.Reason, isRecorded ? Is.Empty : Does.Contain($"no record"), $"{choice}");
        }
    }

    private static OperationWay NextWay(string computes) => computes.StartsWith("norm", StringComparison.Ordinal) ? OperationWay.FusedCall : OperationWay.SeparateCalls;

    private static IReadOnlyList<OperationChoice> Choices(string model, StemKind stem, ShortcutStyle shortcut, int size, string device)
    {
        if (NetworkTable.Rows.Count == 0)
        {
            Assert.Ignore("skipped: no records of NVIDIA's cuDNN are here");
        }

        using NetworkBench bench = new(ModelCatalogue.Get(model, stem, shortcut), FusionPreference.Graph);
        NetworkPass pass = bench.AddPass(Batch, training: true, height: size, width: size, support: graph => Answer(graph, device));
        return pass.Operations.Choices;
    }

    /// <summary>The recorded answer. What is not recorded is not there: nothing is built on a guess.</summary>
    private static GraphSupport Answer(OperationGraph graph, string device)
    {
        RecordedSupport recorded = GpuRecords.Recorded.Check(graph, device);
        return recorded.Answer switch
        {
            RecordedAnswer.Supported => new(true, "", cudnnStatus_t.CUDNN_STATUS_SUCCESS),
            RecordedAnswer.NotSupported => new(false, $"no engine on {device}: {recorded.Explanation}", cudnnStatus_t.CUDNN_STATUS_NOT_SUPPORTED),
            _ => new(false, $"no record of it on {device}: {recorded.Explanation}", cudnnStatus_t.CUDNN_STATUS_NOT_SUPPORTED),
        };
    }
}
