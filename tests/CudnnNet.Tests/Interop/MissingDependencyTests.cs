using System.Diagnostics;
using System.Text;
using Golden;

namespace CudnnNet.Tests;

/// <summary>A CPU device that is there but lacks one of the libraries it computes with.</summary>
public sealed class MissingDependencyTests
{
    private string _folder = "";

    [SetUp]
    public void Make_a_folder() => _folder = Directory.CreateTempSubdirectory("cudnnnet-").FullName;

    [TearDown]
    public void Remove_it() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void The_library_it_lacks_is_named_with_Debians_package()
    {
        string library = Path.Combine(_folder, LibraryNames.CpuDevice(Platform.Linux));
        string needed = Needed().First(file => file.StartsWith("libdnnl.so.", StringComparison.Ordinal));
        // A version of the same name that no machine has; the file is else the real one.
        string absent = needed[..^1] + "9";
        byte[] bytes = File.ReadAllBytes(Built());
        Replace(bytes, needed, absent);
        File.WriteAllBytes(library, bytes);

        using RealFolders machine = new(new Dictionary<string, string> { ["CUDNNNET_DEVICE"] = "cpu" }, _folder);
        MissingLibraryException error = Assert.Throws<MissingLibraryException>(() => _ = new LibraryResolver(machine).Library(NativeLibraryId.Cudnn))!;
        Assert.That(error.Message, Is.EqualTo(
            $"The CPU device is to stand in for cuDNN, but {library} could not be loaded ({absent}: cannot open shared object file: No such file or directory). "
            + $"{absent} is in Debian's package libdnnl9: apt-get install libdnnl9."));
    }

    [Test]
    public void Debian_says_the_same_of_every_library_it_needs()
    {
        if (!File.Exists("/usr/bin/dpkg-query"))
        {
            Assert.Ignore("skipped: no Debian package manager here");
        }

        string[] files = [.. Needed().Where(file => !IsOfTheCompiler(file))];
        Assert.That(files, Has.Length.AtLeast(4));
        foreach (string file in files)
        {
            MissingDependency missing = MissingDependency.In($"{file}: cannot open shared object file: No such file or directory")!;
            Assert.That(Run("dpkg-query", "-W", "-f=${Status}", missing.Package), Does.Contain("install ok installed"), file);
            Assert.That(Run("dpkg-query", "-L", missing.Package), Does.Contain($"/{file}\n"), file);
        }
    }

    [TestCase("libstdc++.so.6", "libstdc++6")]
    [TestCase("libopenblas.so.0", "libopenblas0-openmp")]
    [TestCase("libfmt9.so.1", "libfmt9-1")]
    public void A_package_is_named_after_its_file(string file, string package)
        => Assert.That(MissingDependency.In($"/app/{file}: cannot open shared object file: No such file")?.Package, Is.EqualTo(package));

    [TestCase("")]
    [TestCase("invalid ELF header")]
    [TestCase("libgloo.so.0: file too short")]
    [TestCase("undefined symbol: dnnl_stream_wait, version .so.1")]
    public void Another_reason_names_no_package(string reason) => Assert.That(MissingDependency.In(reason), Is.Null);

    private static string Built()
    {
        string built = Path.Combine(AppContext.BaseDirectory, LibraryNames.CpuDevice(Platform.Linux));
        if (!OperatingSystem.IsLinux() || !File.Exists(built))
        {
            Assert.Ignore("skipped: the CPU device is not beside the tests");
        }

        return built;
    }

    // The names which the file itself says it needs, as the linker's own tool reads them.
    private static string[] Needed()
    {
        string built = Built();
        if (!File.Exists("/usr/bin/readelf"))
        {
            Assert.Ignore("skipped: readelf is not installed");
        }

        return [.. Run("readelf", "-d", built).Split('\n').Where(line => line.Contains("(NEEDED)", StringComparison.Ordinal)).Select(line => line.Split('[', ']')[1])];
    }

    private static bool IsOfTheCompiler(string file)
        => file.StartsWith("libc.", StringComparison.Ordinal) || file.StartsWith("libm.", StringComparison.Ordinal) || file.StartsWith("ld-", StringComparison.Ordinal)
            || file.StartsWith("libgcc_s.", StringComparison.Ordinal);

    private static void Replace(byte[] bytes, string old, string with)
    {
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(old + '\0'));
        Assert.That(at, Is.Positive);
        Encoding.ASCII.GetBytes(with).CopyTo(bytes, at);
    }

    private static string Run(string program, params string[] arguments)
        => FinishedProgram.Run(new ProcessStartInfo(program, arguments), TimeSpan.FromMinutes(2)).Output;
}
