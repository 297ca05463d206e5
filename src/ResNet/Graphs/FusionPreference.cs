namespace ResNet;

/// <summary>
/// By which of cuDNN's doors a pass would have its operations computed, on every device alike. What the library lacks for a tensor's type, shape and layout is computed the next way. Which
/// is fastest on a GPU has not been measured.
/// </summary>
public enum FusionPreference
{
    /// <summary>The descriptors API; a normalisation with sum and ReLU as one call, else as a plan of the graph API, else call by call.</summary>
    Auto,

    /// <summary>The graph API: convolutions, gradients with what is added to them, normalisations with sum and ReLU, each as one plan; else as <see cref="Descriptors"/>.</summary>
    Graph,

    /// <summary>The descriptors API alone; a normalisation with sum and ReLU as one call, else call by call.</summary>
    Descriptors,

    /// <summary>The descriptors API, every operation a call of its own.</summary>
    None,
}

/// <summary>Preferences in words.</summary>
public static class FusionPreferences
{
    /// <summary>The preference as it is written on the command line, and for <see cref="FusionPreference.Auto"/> what is asked first: "auto (descriptors first)".</summary>
    public static string ToWords(this FusionPreference preference) =>
        preference == FusionPreference.Auto ? "auto (descriptors first)" : preference.ToString().ToLowerInvariant();
}
