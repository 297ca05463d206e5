using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;

namespace Packages.Tests;

/// <summary>What the packages hold and say of themselves.</summary>
public sealed class PackageContentTests
{
    // The kind of debugging information that SourceLink is, in the specification of portable PDBs.
    private static readonly Guid s_sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    // What .NET needs itself is on every machine that has it.
    private static readonly string[] s_ofTheRuntime = ["libc.", "libm.", "libstdc++.", "libgcc_s.", "ld-"];

    [TestCase("CudnnNet", "README.md", "lib/net10.0/CudnnNet.dll", "lib/net10.0/CudnnNet.xml")]
    [TestCase("CudnnNet.ResNet", "README.md", "lib/net10.0/ResNet.dll", "lib/net10.0/ResNet.xml")]
    [TestCase("CudnnNet.CpuDevice", "README.md", "{CPU device}")]
    public void A_package_holds_this_and_nothing_else(string id, params string[] expected)
    {
        using ZipArchive package = PackedRepository.Open(id);
        string[] files = [.. package.Entries.Select(entry => entry.FullName).Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal)
            && !name.StartsWith("package/", StringComparison.Ordinal) && name != "[Content_Types].xml" && name != $"{id}.nuspec")];
        Assert.That(files, Is.EquivalentTo(expected.Select(file => file.Replace("{CPU device}", PackedRepository.CpuDevice, StringComparison.Ordinal))));
    }

    [TestCase("CudnnNet")]
    [TestCase("CudnnNet.ResNet", "CudnnNet")]
    [TestCase("CudnnNet.CpuDevice", "CudnnNet")]
    public void A_package_has_the_tags_version_a_licence_a_readme_its_source_and_what_it_needs(string id, params string[] needed)
    {
        XElement metadata = Metadata(id);
        XNamespace ns = metadata.Name.Namespace;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(metadata.Element(ns + "version")?.Value, Is.EqualTo(PackedRepository.Version));
            Assert.That(metadata.Element(ns + "license")?.Value, Is.EqualTo("MIT"));
            Assert.That(metadata.Element(ns + "readme")?.Value, Is.EqualTo("README.md"));
            Assert.That(metadata.Element(ns + "repository")?.Attribute("url")?.Value, Is.EqualTo("https://github.com/nobody/ResNetCudnn.git"));
            Assert.That(metadata.Element(ns + "repository")?.Attribute("commit")?.Value, Is.EqualTo(PackedRepository.Commit));
            Assert.That(
                metadata.Descendants(ns + "dependency").Select(dependency => $"{dependency.Attribute("id")?.Value} {dependency.Attribute("version")?.Value}"),
                Is.EqualTo(needed.Select(package => $"{package} {PackedRepository.Version}")));
        }
    }

    [TestCase("CudnnNet", "CudnnNet")]
    [TestCase("CudnnNet.ResNet", "ResNet")]
    public void A_debugger_finds_every_source_file_by_its_commit(string id, string assembly)
    {
        using ZipArchive package = PackedRepository.Open(id, "snupkg");
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(Copy(package, $"lib/net10.0/{assembly}.pdb"));
        MetadataReader symbols = provider.GetMetadataReader();
        string link = symbols.GetCustomDebugInformation(EntityHandle.ModuleDefinition).Select(symbols.GetCustomDebugInformation)
            .Where(information => symbols.GetGuid(information.Kind) == s_sourceLink)
            .Select(information => Encoding.UTF8.GetString(symbols.GetBlobBytes(information.Value))).Single();
        string[] documents = [.. symbols.Documents.Select(handle => symbols.GetString(symbols.GetDocument(handle).Name))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(link, Does.Contain($"https://raw.githubusercontent.com/nobody/ResNetCudnn/{PackedRepository.Commit}/*"));
            Assert.That(documents, Has.Length.AtLeast(10).And.All.StartsWith("/_/"));
            Assert.That(documents, Has.Some.StartsWith($"/_/src/{assembly}/"));
        }
    }

    [TestCase("CudnnNet", "CudnnNet")]
    [TestCase("CudnnNet.ResNet", "ResNet")]
    public void An_assembly_is_reproducible_and_knows_no_folder_of_the_machine_that_made_it(string id, string assembly)
    {
        using ZipArchive package = PackedRepository.Open(id);
        MemoryStream bytes = Copy(package, $"lib/net10.0/{assembly}.dll");
        using PEReader reader = new(bytes, PEStreamOptions.LeaveOpen);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(reader.ReadDebugDirectory().Select(entry => entry.Type), Has.Member(DebugDirectoryEntryType.Reproducible));
            Assert.That(bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(PackedRepository.Folder)), Is.EqualTo(-1), "where the folder's name stands");
        }
    }

    [Test]
    public void The_CPU_device_names_the_packages_of_Debian_it_needs_and_searches_no_folder_of_the_machine_that_made_it()
    {
        using ZipArchive package = PackedRepository.Open("CudnnNet.CpuDevice");
        string readme = Encoding.UTF8.GetString(Copy(package, "README.md").ToArray());
        string[] named = readme.Split('\n').Single(line => line.StartsWith("apt-get install ", StringComparison.Ordinal)).Split(' ')[2..];
        string library = Path.Combine(PackedRepository.Folder, "libcudnnnet_cpu.so");
        File.WriteAllBytes(library, Copy(package, PackedRepository.CpuDevice).ToArray());
        string[] dynamic = CommandLine.Run(PackedRepository.Folder, "readelf", "-d", library).Split('\n');
        string[] needed = [.. dynamic.Where(line => line.Contains("(NEEDED)", StringComparison.Ordinal)).Select(InBrackets).Where(file => !s_ofTheRuntime.Any(file.StartsWith))];
        string path = InBrackets(dynamic.Single(line => line.Contains("PATH)", StringComparison.Ordinal)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(named, Is.Unique.And.Length.EqualTo(needed.Length));
            string[] installed = [.. named.SelectMany(name => CommandLine.Run(PackedRepository.Folder, "dpkg-query", "-L", name).Split('\n')).Select(file => Path.GetFileName(file)!)];
            Assert.That(needed, Is.SubsetOf(installed));
            Assert.That(path.Split(':'), Is.All.Matches("^(\\$ORIGIN/|/usr/lib/)"));
        }
    }

    // readelf writes names in square brackets.
    private static string InBrackets(string line) => line.Split('[', ']')[1];

    private static XElement Metadata(string id)
    {
        using ZipArchive package = PackedRepository.Open(id);
        return XDocument.Load(Copy(package, $"{id}.nuspec")).Root!.Elements().Single();
    }

    private static MemoryStream Copy(ZipArchive package, string name)
    {
        using Stream entry = package.GetEntry(name)!.Open();
        MemoryStream copy = new();
        entry.CopyTo(copy);
        copy.Position = 0;
        return copy;
    }
}
