namespace Cifar;

/// <summary>Decides which data set a command works on: the folder asked for, else one found by itself, else the embedded digits.</summary>
internal static class DataLocator
{
    /// <summary>The environment variable that names a folder with CIFAR.</summary>
    public const string Variable = "CIFAR_DIR";

    /// <summary>Loads the data set.</summary>
    /// <param name="folder">What <c>--data</c> said; <c>digits</c> asks for the embedded images, null looks in $CIFAR_DIR, then in ./data.</param>
    /// <param name="classes">What <c>--classes</c> said.</param>
    /// <param name="allowSubset">What <c>--allow-subset</c> said.</param>
    /// <exception cref="DataException">The folder has no data or the data is damaged.</exception>
    public static DataSet Load(string? folder, int? classes, bool allowSubset)
    {
        if (folder is not null && !string.Equals(folder, "digits", StringComparison.OrdinalIgnoreCase))
        {
            return CifarFolder.Load(folder, classes, allowSubset);
        }

        if (folder is null)
        {
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            {
                // A variable that was set means to be used: a wrong one is an error, not a reason to fall back quietly.
                return CifarFolder.Load(named, classes, allowSubset);
            }

            if (CifarFolder.Holds("data", classes))
            {
                return CifarFolder.Load("data", classes, allowSubset);
            }
        }

        if (classes is not (null or 10))
        {
            throw new DataException($"--classes {classes} was asked for, but the embedded digits have 10 classes. Give the folder of CIFAR-100 with --data.");
        }

        return DigitsData.Load();
    }
}
