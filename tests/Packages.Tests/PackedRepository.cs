using System.IO.Compression;
using System.Runtime.InteropServices;
using Golden;

namespace Packages.Tests;

/// <summary>
/// The packages, made once from a copy of this repository's sources as they are now: a copy because it has what a release has, a tag and
/// a remote on GitHub.
/// </summary>
[SetUpFixture]
public sealed class PackedRepository
{
    public const string Version = "1.2.3-rc.4";

    /// <summary>This machine as .NET names it: "linux-x64", "linux-arm64".</summary>
    public static string RuntimeIdentifier { get; } = $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>The CPU device's library in its package and beside a program that has restored it.</summary>
    public static string CpuDevice { get; } = $"runtimes/{RuntimeIdentifier}/native/libcudnnnet_cpu.so";

    /// <summary>The folder all of this happens in, outside the repository.</summary>
    public static string Folder { get; private set; } = "";

    /// <summary>The copy.</summary>
    public static string Sources => Path.Combine(Folder, "sources");

    /// <summary>The packages.</summary>
    public static string Feed => Path.Combine(Folder, "feed");

    /// <summary>The commit they were made from.</summary>
    public static string Commit { get; private set; } = "";

    [OneTimeSetUp]
    public static void Pack()
    {
        string library = Path.Combine("build", "native", "libcudnnnet_cpu.so");
        if (RepositoryFolder.Root is not { } root || !Path.Exists(Path.Combine(root, ".git")) || !File.Exists(Path.Combine(root, library)))
        {
            Assert.Ignore("skipped: the packages are made in a clone of the repository in which the CPU device is built");
            return;
        }

        Folder = Directory.CreateTempSubdirectory("packages-").FullName;
        string[] files = CommandLine.Run(root, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z",
            "src", ".ci", "native/kernels/generated", "Directory.*", "global.json", ".editorconfig", "LICENSE").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        foreach (string file in files.Where(file => File.Exists(Path.Combine(root, file))).Append(library))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Sources, file))!);
            File.Copy(Path.Combine(root, file), Path.Combine(Sources, file));
        }

        Git("init", "--quiet");
        Git("add", "src");
        Git("-c", "user.name=Test", "-c", "user.email=test@localhost", "commit", "--quiet", "--no-gpg-sign", "--message", "Packages");
        Git("tag", "v" + Version);
        Git("remote", "add", "origin", "https://github.com/nobody/ResNetCudnn.git");
        Commit = Git("rev-parse", "HEAD").Trim();

        File.WriteAllText(Path.Combine(Sources, "Packages.slnx"), """
            <Solution>
              <Project Path="src/CudnnNet/CudnnNet.csproj" />
              <Project Path="src/CudnnNet.CpuDevice/CudnnNet.CpuDevice.csproj" />
              <Project Path="src/ResNet/ResNet.csproj" />
            </Solution>
            """);
        CommandLine.Run(Sources, "dotnet", "pack", "Packages.slnx", "-c", "Release", "-o", Feed, "-p:RunAnalyzers=false", "--nologo");
    }

    [OneTimeTearDown]
    public static void Remove()
    {
        if (Folder.Length > 0)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>A package, opened.</summary>
    public static ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    private static string Git(params string[] arguments) => CommandLine.Run(Sources, "git", arguments);
}
