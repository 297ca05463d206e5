namespace CudnnNet.Generator.Tests;

/// <summary>A folder with a copy of the facts, to be spoilt by a test.</summary>
internal sealed class TemporaryRepository : IDisposable
{
    public TemporaryRepository(string root)
    {
        Path = Directory.CreateTempSubdirectory("cudnnnet-generator-").FullName;
        Facts = System.IO.Path.Combine(Path, "native", "abi");
        Directory.CreateDirectory(Facts);
        foreach (string file in Directory.EnumerateFiles(System.IO.Path.Combine(root, "native", "abi"), "*.json"))
        {
            File.Copy(file, System.IO.Path.Combine(Facts, System.IO.Path.GetFileName(file)));
        }
    }

    public string Path { get; }

    public string Facts { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
