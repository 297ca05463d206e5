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

    private static IEnumerable<TestCaseData> Networks(string[] devices, Precision[] precisions) =>
        from network in s_networks
        from device in devices
        from precision in precisions
        select new TestCaseData(network.Model, network.Stem, network.Shortcut, network.Size, device, precision);

    private static IEnumerable<TestCaseData> Narrow => Networks(["sm_80", "sm_90"], [Precision.BFloat16, Precision.Float16]);

    private static IEnumerable<TestCaseData> Single => Networks(["sm_80", "sm_90"], [Precision.Float32, Precision.TensorFloat32]);

    private static IEnumerable<TestCaseData> Older => Networks(["sm_75"], [Precision.BFloat16, Precision.Float16]);

    [TestCaseSource(nameof(Narrow))]
    public void Every_convolution_and_normalisation_of_a_16_bit_step_is_a_plan_that_the_real_library_has(
        string model, StemKind stem, ShortcutStyle shortcut, int size, string device, Precision precision)
    {
        (IReadOnlyList<OperationChoice> choices, IReadOnlyList<OperationGraph> asked) = PutTogether(model, stem, shortcut, size, device, precision);
        Assert.That(choices.Where(choice => choice.Way != OperationWay.GraphPlan), Is.Empty);

        // By the operations of the network: three directions of every convolution but the first, which has no data gradient, and both of every normalisation.
        Network network = new(ModelCatalogue.Get(model, stem, shortcut));
        int convolutions = network.Layout.Parameters.Count(parameter => parameter.Kind == ParameterKind.ConvolutionFilter), normalisations = network.Layout.Statistics.Count;
        Assert.That(asked, Has.Count.EqualTo((3 * convolutions) - 1 + (2 * normalisations)));
    }

    [TestCaseSource(nameof(Narrow))]
    public void Where_convolutions_sum_for_the_normalisations_behind_them_the_real_library_has_the_plans_and_has_them_for_the_others(
        string model, StemKind stem, ShortcutStyle shortcut, int size, string device, Precision precision)
    {
        IReadOnlyList<OperationChoice> choices = PutTogether(model, stem, shortcut, size, device, precision, sums: true).Choices;
        Assert.That(choices.Where(choice => choice.Way != OperationWay.GraphPlan), Is.Empty);

        // What follows such a normalisation is recorded for bfloat16: the ReLU, on sm_90 also the shortcut before it.
        string[] summed = [.. choices.Where(choice => choice.Computes.Contains("sums", StringComparison.Ordinal)).Select(choice => choice.Computes).Distinct()];
        string[] recorded = precision == Precision.Float16 ? [] : device == "sm_80" ? ["norm training, relu"] : ["norm training, relu", "norm training, add, relu"];
        Assert.That(summed, Is.EquivalentTo(recorded.Select(title => $"{title} of the convolution's sums, and its gradients")));
    }

    [TestCaseSource(nameof(Single))]
    public void In_single_precision_convolutions_are_plans_that_the_real_library_has_and_what_is_not_recorded_goes_the_next_way(
        string model, StemKind stem, ShortcutStyle shortcut, int size, string device, Precision precision)
    {
        foreach (OperationChoice choice in PutTogether(model, stem, shortcut, size, device, precision).Choices)
        {
            bool isRecorded = choice.Computes is "convolution" or "data gradient" or "filter gradient" or "norm training, and its gradients";
            Assert.That(choice.Way, Is.EqualTo(isRecorded ? OperationWay.GraphPlan : NextWay(choice.Computes)), $"{choice}");
            Assert.That(choice.Reason, isRecorded ? Is.Empty : Does.StartWith("no record"), $"{choice}");
        }
    }

    [TestCaseSource(nameof(Older))]
    public void Where_a_device_has_no_graph_for_a_type_its_operations_go_the_next_way_and_say_why(
        string model, StemKind stem, ShortcutStyle shortcut, int size, string device, Precision precision)
    {
        IReadOnlyList<OperationChoice> choices = PutTogether(model, stem, shortcut, size, device, precision).Choices;
        Assert.That(OperationChoice.Describe(choices), Does.Match("norm training, relu, and its gradients +\\d+  one fused call; no engine on sm_75"));
        foreach (OperationChoice choice in choices)
        {
            // Compute capability 7.5 has no engines for bfloat16 but some filter gradients, and none for normalisations of any type.
            bool isConvolution = choice.Computes is "convolution" or "data gradient" or "filter gradient";
            bool isPlan = precision == Precision.Float16 ? isConvolution : choice.Computes == "filter gradient" && choice.Way == OperationWay.GraphPlan;
            Assert.That(choice.Way, Is.EqualTo(isPlan ? OperationWay.GraphPlan : NextWay(choice.Computes)), $"{choice}");
            Assert.That(choice.Reason, isPlan ? Is.Empty : Does.StartWith("no "), $"{choice}");
        }
    }

    private static OperationWay NextWay(string computes) => computes.Contains("norm", StringComparison.Ordinal) && computes.Contains("relu", StringComparison.Ordinal) ? OperationWay.FusedCall : OperationWay.SeparateCalls;

    /// <summary>The choices of a training pass that is put together as on a device, and the graphs the device was found to have plans for.</summary>
    private static (IReadOnlyList<OperationChoice> Choices, IReadOnlyList<OperationGraph> Supported) PutTogether(
        string model, StemKind stem, ShortcutStyle shortcut, int size, string device, Precision precision, bool sums = false)
    {
        if (NetworkTable.Rows.Count == 0)
        {
            Assert.Ignore("skipped: no records of NVIDIA's cuDNN are here");
        }

        List<OperationGraph> supported = [];
        GraphSupport Ask(OperationGraph graph)
        {
            GraphSupport answer = Answer(graph, device);
            if (answer.IsSupported)
            {
                supported.Add(graph);
            }

            return answer;
        }

        using NetworkBench bench = new(ModelCatalogue.Get(model, stem, shortcut), precision, FusionPreference.Graph, sums);
        NetworkPass pass = bench.AddPass(Batch, training: true, height: size, width: size, support: Ask);
        return (pass.Operations.Choices, supported);
    }

    /// <summary>The recorded answer. What is not recorded is not there: nothing is built on a guess.</summary>
    private static GraphSupport Answer(OperationGraph graph, string device)
    {
        RecordedSupport recorded = GpuRecords.Recorded.Check(graph, device);
        return recorded.Answer == RecordedAnswer.Supported || (recorded.Answer == RecordedAnswer.NotRecorded && IsRecordedInParts(graph, device))
            ? new(true, "", cudnnStatus_t.CUDNN_STATUS_SUCCESS)
            : new(false, $"no {(recorded.Answer == RecordedAnswer.NotSupported ? "engine" : "record")} on {device}: {recorded.Explanation}", cudnnStatus_t.CUDNN_STATUS_NOT_SUPPORTED);
    }

    /// <summary>
    /// The one pattern that is recorded with other windows than the network's: in half precision the data gradient with an addition, of 3 x 3 windows at stride 1 only. It counts as recorded where
    /// half precision has that graph for the recorded window, never lacks it, has the data gradient of the very window by itself, and bfloat16, for which every window is recorded, has the graph.
    /// </summary>
    private static bool IsRecordedInParts(OperationGraph graph, string device)
    {
        if (graph.Name != "data gradient, add" || graph.Tensors[0].Type != DataType.Float16)
        {
            return false;
        }

        RecordedSupport sameType = GpuRecords.Recorded.Check(graph, device);
        bool IsRecorded(OperationGraph other) => GpuRecords.Recorded.Check(other, device).Answer == RecordedAnswer.Supported;
        GraphTensor dx = graph.Tensors[^1];
        TensorShape image = new((int)dx.Dimensions[0], (int)dx.Dimensions[1], (int)dx.Dimensions[2], (int)dx.Dimensions[3], DataType.Float16);
        var recordedWindow = DataGradientGraph.Of(image, new FilterShape(image.C, image.C, 3, 3, DataType.Float16), new Convolution(Padding: 1), image, adds: true);
        return IsRecorded(recordedWindow.Graph) && sameType.Records.All(record => record.IsSupported)
            && IsRecorded(Like(graph, DataType.Float16, adds: false)) && IsRecorded(Like(graph, DataType.BFloat16, adds: true));
    }

    /// <summary>A data gradient of the same shapes in another type, with the addition or without.</summary>
    private static OperationGraph Like(OperationGraph graph, DataType type, bool adds)
    {
        GraphTensor dy = graph.Tensors[0], w = graph.Tensors[1], dx = graph.Tensors[^1];
        int window = (int)w.Dimensions[2], stride = (int)(dx.Dimensions[2] / dy.Dimensions[2]);
        TensorShape Image(GraphTensor tensor) => new((int)tensor.Dimensions[0], (int)tensor.Dimensions[1], (int)tensor.Dimensions[2], (int)tensor.Dimensions[3], type);
        FilterShape filter = new((int)w.Dimensions[0], (int)w.Dimensions[1], window, window, type);
        return DataGradientGraph.Of(Image(dy), filter, new Convolution(Padding: window / 2, Stride: stride), Image(dx), adds).Graph;
    }
}
