using CudnnNet;

namespace ResNet;

/// <summary>By which of cuDNN's doors a pass would have its operations computed. What the library lacks is computed the next way down: <see cref="Graph"/>, <see cref="Descriptors"/>, <see cref="None"/>.</summary>
public enum FusionPreference
{
    /// <summary>On a GPU <see cref="Graph"/>; on the CPU device <see cref="Descriptors"/>, which is the faster way there.</summary>
    Auto,

    /// <summary>The graph API: convolutions, gradients with what is added to them, normalisations with sum and ReLU, each as one plan.</summary>
    Graph,

    /// <summary>The descriptors API, normalisation with sum and ReLU as one call.</summary>
    Descriptors,

    /// <summary>The descriptors API, every operation a call of its own.</summary>
    None,
}

/// <summary>Preferences in words.</summary>
public static class FusionPreferences
{
    /// <summary>The preference itself, for <see cref="FusionPreference.Auto"/> what it stands for on the device of this process.</summary>
    internal static FusionPreference Resolved(this FusionPreference preference) => preference != FusionPreference.Auto ? preference
        : NativeLibraries.Selected == DeviceKind.Cuda ? FusionPreference.Graph
        : FusionPreference.Descriptors;

    /// <summary>"auto (graph)": the preference as it is written, and what it stands for where that is another.</summary>
    public static string ToWords(this FusionPreference preference) =>
        preference == FusionPreference.Auto ? $"auto ({Word(preference.Resolved())})" : Word(preference);

    private static string Word(FusionPreference preference) => preference.ToString().ToLowerInvariant();
}
