using CudnnNet.Generator.Documents;
using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator;

/// <summary>The command line: regenerates in place, or checks that regenerating would change nothing.</summary>
internal static class Program
{
    internal const string CpuDevice = "build/native/libcudnnnet_cpu.so";

    private const string Usage = """
        usage: dotnet run --project src/CudnnNet.Generator -c Release [-- [--check] [--document] [--root FOLDER]]

        Reads native/abi/*.json and writes what is generated from it: the raw bindings, their layout tests,
        and the headers and exported symbols of the CPU device. Writes the typed launches of kernels, too.

          --check        write nothing; exit 1 and list the files if anything would change
          --document     also docs/cpu-device.md, with what build/native/libcudnnnet_cpu.so answers and what the typed classes call
          --root FOLDER  the repository (default: the nearest folder above with ResNetCudnn.sln)
        """;

    internal static int Main(string[] arguments)
    {
        bool check = false;
        bool document = false;
        string? root = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--check":
                    check = true;
                    break;
                case "--document":
                    document = true;
                    break;
                case "--root" when i + 1 < arguments.Length:
                    root = arguments[++i];
                    break;
                case "--help" or "-h":
                    Console.WriteLine(Usage);
                    return 0;
                default:
                    Console.Error.WriteLine($"unknown argument: {arguments[i]}\n\n{Usage}");
                    return 2;
            }
        }
        root ??= FindRoot();
        if (root is null || !Directory.Exists(Path.Combine(root, "native", "abi")))
        {
            Console.Error.WriteLine($"no native/abi under {root ?? Environment.CurrentDirectory}: run inside the repository or name it with --root");
            return 2;
        }
        try
        {
            Output output = Generation.Run(root);
            if (document)
            {
                output.Add(CpuDeviceDocument.Path, CpuDeviceDocument.Write(root, Path.Combine(root, CpuDevice)));
            }
            if (!check)
            {
                int changes = output.WriteTo(root);
                Console.WriteLine($"{output.Files.Count} files are current, {changes} of them changed");
                return 0;
            }
            IReadOnlyList<string> differences = output.Differences(root);
            foreach (string difference in differences)
            {
                Console.Error.WriteLine(difference);
            }
            Console.WriteLine(differences.Count == 0
                ? $"{output.Files.Count} generated files are current"
                : "run without --check to regenerate, or undo the edits: generated files are changed through the generator");
            return differences.Count == 0 ? 0 : 1;
        }
        catch (FactException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>The nearest folder above the working directory, or above the program, that holds the solution.</summary>
    internal static string? FindRoot()
    {
        foreach (string start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
        {
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "ResNetCudnn.sln")))
                {
                    return folder.FullName;
                }
            }
        }
        return null;
    }
}
