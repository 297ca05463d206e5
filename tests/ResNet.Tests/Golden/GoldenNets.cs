using Golden;

namespace ResNet.Tests.Golden;

/// <summary>The golden networks as fixtures want them: where they or their data are missing, tests are skipped and say so.</summary>
internal static class GoldenNets
{
    /// <summary>PyTorch's losses in bfloat16, by the name they have in <see cref="SgdRun.LossesByPrecision"/>.</summary>
    public const string PyTorchInBFloat16 = "bf16_autocast";

    private const string None = "(none)";

    /// <summary>The networks' names, or a single one that <see cref="LoadOrSkip"/> knows to stand for none.</summary>
    public static IEnumerable<string> Names => NetCase.Names().DefaultIfEmpty(None);

    /// <summary>The names of those that PyTorch has also trained in bfloat16, likewise.</summary>
    public static IEnumerable<string> TrainedInBFloat16 =>
        NetCase.Names().Where(name => NetCase.Load(name).Sgd.LossesByPrecision.ContainsKey(PyTorchInBFloat16)).DefaultIfEmpty(None);

    /// <summary>A network and its batches; the test is skipped where either is missing.</summary>
    public static (NetCase Net, ImageSet A, ImageSet B) LoadOrSkip(string name)
    {
        if (!NetCase.Names().Contains(name))
        {
            throw new IgnoreException($"skipped: {(name == None ? "" : $"{name} is not among the golden nets; ")}{GoldenFolder.Message}");
        }

        NetCase net = NetCase.Load(name);
        return net.TryLoadBatches(out string reason) is { } batches ? (net, batches.A, batches.B) : throw new IgnoreException($"skipped: {reason}");
    }
}
