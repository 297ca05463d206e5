namespace ResNet.Tests.Graphs;

/// <summary>What a preference between cuDNN's doors means, which no device changes.</summary>
public sealed class FusionPreferenceTests
{
    [TestCase(FusionPreference.Auto, true, OperationWay.FusedCall, OperationWay.GraphPlan)]
    [TestCase(FusionPreference.Auto, false)]
    [TestCase(FusionPreference.Graph, true, OperationWay.GraphPlan, OperationWay.FusedCall)]
    [TestCase(FusionPreference.Graph, false, OperationWay.GraphPlan)]
    [TestCase(FusionPreference.Descriptors, true, OperationWay.FusedCall)]
    [TestCase(FusionPreference.Descriptors, false)]
    [TestCase(FusionPreference.None, true)]
    [TestCase(FusionPreference.None, false)]
    public void Before_separate_calls_a_normalisation_tries_these_ways(FusionPreference fusion, bool relu, params OperationWay[] ways) =>
        Assert.That(BatchNormalizationLayer.PreferredWays(fusion, relu), Is.EqualTo(ways));

    [CpuDeviceOnly("the fused calls exist in 16 bits alone")]
    [TestCase(Precision.Float32)]
    [TestCase(Precision.BFloat16)]
    [TestCase(Precision.Float16)]
    public void Where_no_fused_call_is_missing_auto_computes_as_descriptors(Precision precision) =>
        Assert.That(ChoicesOf(FusionPreference.Auto, precision), Is.EqualTo(ChoicesOf(FusionPreference.Descriptors, precision)).And.Not.Empty);

    [TestCase(FusionPreference.Auto, "auto (descriptors first)")]
    [TestCase(FusionPreference.Graph, "graph")]
    [TestCase(FusionPreference.Descriptors, "descriptors")]
    [TestCase(FusionPreference.None, "none")]
    public void In_words_a_preference_says_what_is_asked_first(FusionPreference fusion, string words) => Assert.That(fusion.ToWords(), Is.EqualTo(words));

    private static IReadOnlyList<OperationChoice> ChoicesOf(FusionPreference fusion, Precision precision)
    {
        using NetworkBench bench = new(ModelCatalogue.Get("resnet20"), precision, fusion, sumsInConvolutions: true);
        return bench.AddPass(batch: 2, training: true).Operations.Choices;
    }
}
