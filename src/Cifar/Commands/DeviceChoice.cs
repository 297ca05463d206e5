using System.CommandLine;
using CudnnNet;

namespace Cifar;

/// <summary>The option <c>--device</c>.</summary>
internal static class DeviceChoice
{
    private static readonly string[] s_words = ["auto", "cuda", "cpu"];

    /// <summary>Makes the option.</summary>
    public static Option<string?> Option() => OptionParts.Word("--device", "device", "Where to compute; auto, the default, takes the GPU if there is one, else the CPU device", s_words);

    /// <summary>The kind a word names; null where none was given, so that the environment may speak.</summary>
    public static DeviceKind? Parse(string? word) => word switch
    {
        "auto" => DeviceKind.Auto,
        "cuda" => DeviceKind.Cuda,
        "cpu" => DeviceKind.Cpu,
        _ => null,
    };

    /// <summary>Makes the choice for the process and says what it fell on: <c>cuda</c> or <c>cpu</c>.</summary>
    /// <exception cref="DeviceException">The option asks for a GPU and there is none.</exception>
    /// <exception cref="NativeLibraryException">The environment variable asks for a GPU and there is none.</exception>
    /// <exception cref="UsageException">The environment variable holds an unknown word.</exception>
    public static string Apply(DeviceKind? wanted)
    {
        if (wanted is { } kind)
        {
            NativeLibraries.Requested = kind;
        }

        try
        {
            return NativeLibraries.Selected == DeviceKind.Cuda ? "cuda" : "cpu";
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
        catch (MissingLibraryException e) when (wanted == DeviceKind.Cuda)
        {
            // The bindings know their environment variable only, and an option given goes before it.
            throw new DeviceException($"--device cuda: {e.Message} Given as an option that is --device cpu.");
        }
    }
}
