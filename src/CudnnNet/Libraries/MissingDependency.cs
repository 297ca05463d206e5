using System.Text.RegularExpressions;

namespace CudnnNet;

/// <summary>A library that another one needs and that is not installed, as the loader of Linux names it.</summary>
/// <param name="File">Its file, e.g. <c>libgloo.so.0</c>.</param>
internal sealed partial record MissingDependency(string File)
{
    /// <summary>
    /// The package of Debian, Ubuntu and their kin that has it: their policy names it after the file, libgloo.so.0 comes in libgloo0.
    /// Of the builds of OpenBLAS it is the one that shares its threads with the rest of the CPU device.
    /// </summary>
    public string Package
    {
        get
        {
            Match parts = Versioned().Match(File);
            string name = parts.Groups[1].Value;
            return name == "libopenblas" ? $"{name}{parts.Groups[2].Value}-openmp"
                : char.IsAsciiDigit(name[^1]) ? $"{name}-{parts.Groups[2].Value}"
                : name + parts.Groups[2].Value;
        }
    }

    /// <summary>Reads it out of the loader's reason; null where the reason is another one.</summary>
    public static MissingDependency? In(string reason)
    {
        Match file = NotFound().Match(reason);
        return file.Success ? new MissingDependency(file.Groups[1].Value) : null;
    }

    [GeneratedRegex(@"(lib[A-Za-z0-9_+.-]+\.so\.[0-9]+): cannot open shared object file")]
    private static partial Regex NotFound();

    [GeneratedRegex(@"^(.+)\.so\.([0-9]+)$")]
    private static partial Regex Versioned();
}
