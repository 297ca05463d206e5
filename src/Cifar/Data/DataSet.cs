using System.Security.Cryptography;

namespace Cifar;

/// <summary>A data set in memory: training and test images with what is known about them.</summary>
public sealed class DataSet
{
    /// <summary>The name used on the terminal and in every file: <c>CIFAR-10</c>, <c>CIFAR-100</c> or <c>digits</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Where it came from, in words.</summary>
    public required string Source { get; init; }

    /// <summary>The folder the files were read from; null for the embedded digits.</summary>
    public string? Folder { get; init; }

    /// <summary>The number of classes.</summary>
    public required int Classes { get; init; }

    /// <summary>The number of channels of every image.</summary>
    public const int Channels = 3;

    /// <summary>Rows of every image, in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>Columns of every image, in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>How pixels become numbers.</summary>
    public required Normalization Normalization { get; init; }

    /// <summary>The images to learn from.</summary>
    public required ImageSet Train { get; init; }

    /// <summary>The images to test with.</summary>
    public required ImageSet Test { get; init; }

    /// <summary>True for the digits the program falls back to when it finds no other data.</summary>
    public bool IsEmbedded => Folder is null;

    /// <summary>SHA-256 over images and labels: two runs with the same fingerprint saw the same data in the same order.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Train.Labels);
        hash.AppendData(Train.Images);
        hash.AppendData(Test.Labels);
        hash.AppendData(Test.Images);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
