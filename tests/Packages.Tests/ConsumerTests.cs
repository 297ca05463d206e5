using System.Diagnostics;
using System.Globalization;
using Golden;

namespace Packages.Tests;

/// <summary>Projects outside the repository that know the packages and nothing else of it.</summary>
public sealed class ConsumerTests
{
    private string _consumer = "";

    [OneTimeSetUp]
    public void Build_a_fresh_project()
    {
        _consumer = NewProject("consumer", "Gemm", $$"""
            Bindings();
            Networks();
            static void Bindings()
            {
            {{Readme("CudnnNet")}}
            }
            static void Networks()
            {
            {{Readme("ResNet")}}
            }
            """);
        // Nothing but the packages is needed, so nothing but their folder is asked.
        File.WriteAllText(Path.Combine(_consumer, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="packages" value="{PackedRepository.Feed}" />
              </packageSources>
              <fallbackPackageFolders>
                <clear />
              </fallbackPackageFolders>
            </configuration>
            """);
        CommandLine.Run(_consumer, "dotnet", "build", "-c", "Release", "-o", "out", "--nologo");
    }

    [Test]
    public void A_fresh_project_that_restored_the_packages_runs_a_sample_and_the_code_of_their_readmes()
    {
        string[] lines = CommandLine.Run(_consumer, "dotnet", Path.Combine("out", "consumer.dll")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The sample's products, what the readme of CudnnNet adds up, and the number of parameters that torchvision gives for its resnet18.
        Assert.That(lines, Is.EqualTo(new[] { "A * B = { 58, 64 }, { 139, 154 }", "transposed B * transposed A = { 58, 139 }, { 64, 154 }", "2000", "11689512" }));
    }

    [Test]
    public void A_machine_without_one_of_the_libraries_it_needs_is_told_which_and_how_to_install_it()
    {
        string copy = Path.Combine(PackedRepository.Folder, "incomplete");
        CommandLine.Run(_consumer, "cp", "-r", "out", copy);
        string library = Path.Combine(copy, PackedRepository.CpuDevice);
        byte[] bytes = File.ReadAllBytes(library);
        int at = bytes.AsSpan().IndexOf("libgomp.so.1\0"u8);
        Assert.That(at, Is.Positive);
        // A version that no machine has.
        bytes[at + "libgomp.so.".Length] = (byte)'8';
        File.WriteAllBytes(library, bytes);
        (int exitCode, string output) = CommandLine.RunToTheEnd(copy, "env", "CUDNNNET_DEVICE=cpu", "dotnet", "consumer.dll");
        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(output, Does.Contain("libgomp.so.8: cannot open shared object file").And.Contains("libgomp.so.8 is in Debian's package libgomp8: apt-get install libgomp8."));
    }

    [Test]
    public void A_sample_is_published_as_a_native_program_without_a_warning_and_runs()
    {
        string folder = NewProject("native", "Convolution", "");
        File.WriteAllText(Path.Combine(folder, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <add key="packages" value="{PackedRepository.Feed}" />
              </packageSources>
            </configuration>
            """);
        string output = CommandLine.Run(folder, "dotnet", "publish", "-c", "Release", "-r", PackedRepository.RuntimeIdentifier, "-p:PublishAot=true", "-p:TrimmerSingleWarn=false", "-o", "out", "--nologo");
        string program = Path.Combine(folder, "out", "native");
        string[] lines = CommandLine.Run(folder, program).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(output, Does.Not.Contain("warning"));
            Assert.That(lines, Is.Not.Empty.And.All.EndsWith(": 16, 32, 48, 64"));
            Assert.That(Path.Combine(folder, "out", "native.dll"), Does.Not.Exist);
        }

        Report(folder, program);
    }

    // The code of a package's readme, but for its using directives.
    private static string Readme(string project)
    {
        string[] lines = File.ReadAllLines(RepositoryFolder.Path("src", project, "README.md")!);
        int from = Array.IndexOf(lines, "```csharp") + 1;
        return string.Join('\n', lines[from..Array.IndexOf(lines, "```", from)].Where(line => !(line.StartsWith("using ", StringComparison.Ordinal) && !line.Contains('='))));
    }

    // A sample's source beside a project that has the packages' names and their version only.
    private static string NewProject(string name, string sample, string more)
    {
        if (PackedRepository.Folder.Length == 0)
        {
            Assert.Ignore("skipped: there are no packages");
        }

        string folder = Path.Combine(PackedRepository.Folder, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), $"using ResNet;\n{File.ReadAllText(RepositoryFolder.Path("samples", sample, "Program.cs")!)}{more}");
        File.WriteAllText(Path.Combine(folder, $"{name}.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="CudnnNet.CpuDevice" Version="{PackedRepository.Version}" />
                <PackageReference Include="CudnnNet.ResNet" Version="{PackedRepository.Version}" />
              </ItemGroup>
            </Project>
            """);
        return folder;
    }

    private static void Report(string folder, string program)
    {
        double[] milliseconds = [.. Enumerable.Range(0, 10).Select(_ =>
        {
            Stopwatch clock = Stopwatch.StartNew();
            CommandLine.Run(folder, program);
            return clock.Elapsed.TotalMilliseconds;
        }).Order()];
        TestReport.Write("native-aot", [string.Create(CultureInfo.InvariantCulture,
            $"The sample Convolution as a native program: {new FileInfo(program).Length} bytes, from start to end {milliseconds[0]:0} ms at best, {milliseconds[5]:0} ms in the middle of ten runs")]);
    }
}
