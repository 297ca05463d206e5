using System.Buffers.Binary;
using System.Diagnostics;
using Golden;

namespace CudnnNet.Tests;

/// <summary>
/// Programs of tests/Clients, which know nothing but the C interfaces of NVIDIA's libraries, are built like for those and run with
/// LD_LIBRARY_PATH at the CPU device's folder of links.
/// </summary>
public sealed class ForeignClientTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("cudnnnet-client-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_program_in_cpp_linked_with_cuda_cudnn_and_cublas_computes_and_keeps_the_order_of_its_streams()
    {
        string program = Compile("c++", ["-std=c++17", Client("layers.cpp"), "-I", Headers, "-L", Links, "-lcuda", "-lcudnn", "-lcublas", "-pthread"]);
        string output = Run(program, [], Links);
        Assert.That(output, Does.Contain("two streams: in order"));
    }

    [TestCase("libcublas.so.12")]
    [TestCase("libcublas.so.13")]
    public void A_program_in_Python_computes_and_keeps_the_order_of_its_streams(string cublas)
        => Assert.That(Run(Python, [Client("layers.py"), cublas], Links), Does.Contain("two streams: in order"));

    [TestCase("12")]
    [TestCase("13")]
    public void A_program_in_C_for_either_version_of_the_runtime_runs(string version)
    {
        string program = Compile("cc", ["-std=c11", Client("runtime.c"), "-I", Path.Combine(Headers, $"cuda{version}"), Path.Combine(Links, $"libcudart.so.{version}")]);
        Assert.That(Run(program, [], Links), Does.StartWith($"runtime {version}"));
    }

    [Test]
    public void A_kernel_launched_from_CUDA_source_runs()
    {
        string fatBinary = Path.Combine(_folder, "kernel.fatbin");
        WriteFatBinary(fatBinary, Existing("native", "kernels", "generated", "training.ptx"));
        string program = Compile("clang++-19",
        [
            // Without NVIDIA's SDK the compiler is told of which version it would be.
            "-x", "cuda", "--cuda-host-only", "--cuda-path=/nonexistent", "-nocudainc", "-nocudalib", "-std=c++17", "-Xclang", "-target-sdk-version=12.0",
            "-Xclang", "-fcuda-include-gpubinary", "-Xclang", fatBinary, "-I", Path.Combine(Headers, "cuda13"), "-I", Headers, Client("kernel.cu"),
            "-L", Links, "-lcudart",
        ]);
        Assert.That(Run(program, [], Links), Is.EqualTo("kernel: right\n"));
    }

    [Test]
    public void Every_name_is_found_in_every_library_and_all_of_them_are_one_device()
        => Assert.That(Run(Python, [Client("names.py"), Existing("native", "abi")], Links), Does.EndWith("one device\n"));

    [Test]
    public void What_test_suites_of_other_bindings_ask_is_answered()
        => Assert.That(Run(Python, [Client("probing.py"), Existing("native", "abi")], Links), Does.EndWith("no failures\n"));

    [Test]
    public void An_installed_device_works_from_where_it_was_installed()
    {
        Run(Tool("cmake"), ["--install", Existing("build", "native"), "--prefix", _folder], Links);
        string libcuda = Directory.EnumerateFiles(_folder, "libcuda.so.1", SearchOption.AllDirectories).Single();
        string output = Run(Python, ["-c", "import ctypes; print(ctypes.CDLL('libcuda.so.1').cuInit(0)); print(open('/proc/self/maps').read())"], Path.GetDirectoryName(libcuda)!);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(output, Does.StartWith("0\n"));
            Assert.That(output, Does.Contain($"{_folder}/").And.Contain("libcudnnnet_cpu.so"));
            Assert.That(output, Does.Not.Contain(Existing("build", "native")), "nothing comes from where it was built");
        }
        Assert.That(File.Exists(Path.Combine(_folder, "include", "cudnnnet", "cudnn.h")));
    }

    private static string Links => Existing("build", "native", "links");

    private static string Headers => Existing("build", "native", "include");

    private static string Python => Tool("python3");

    private static string Client(string name) => Existing("tests", "Clients", name);

    // The path of something in the repository; the test is skipped where it is not there.
    private static string Existing(params string[] parts)
    {
        if (RepositoryFolder.Path(parts) is { } path && (File.Exists(path) || Directory.Exists(path)))
        {
            return path;
        }
        Assert.Ignore($"{string.Join('/', parts)} is not built: cmake -S native -B build/native && cmake --build build/native");
        return "";
    }

    private static string Tool(string name)
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (File.Exists(Path.Combine(folder, name)))
            {
                return Path.Combine(folder, name);
            }
        }
        Assert.Ignore($"there is no {name} on this machine");
        return "";
    }

    private string Compile(string compiler, IEnumerable<string> arguments)
    {
        string program = Path.Combine(_folder, "client");
        Run(Tool(compiler), [.. arguments, "-o", program], null);
        return program;
    }

    private static string Run(string program, IEnumerable<string> arguments, string? libraries)
    {
        var start = new ProcessStartInfo(program, arguments);
        if (libraries is not null)
        {
            start.Environment["LD_LIBRARY_PATH"] = libraries;
        }
        FinishedProgram run = FinishedProgram.Run(start, TimeSpan.FromMinutes(2));
        Assert.That(run.ExitCode, Is.Zero, run.Output + run.Errors);
        Assert.That(run.Errors, Does.Not.Contain("no version information"), "the loader knows every symbol's version");
        return run.Output;
    }

    // One PTX text in the container that nvcc puts beside a program's host code.
    private static void WriteFatBinary(string path, string ptx)
    {
        byte[] text = File.ReadAllBytes(ptx);
        int padded = (text.Length + 7) / 8 * 8;
        byte[] binary = new byte[16 + 64 + padded];
        BinaryPrimitives.WriteUInt32LittleEndian(binary, 0xBA55ED50);
        BinaryPrimitives.WriteUInt16LittleEndian(binary.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(binary.AsSpan(6), 16);
        BinaryPrimitives.WriteInt64LittleEndian(binary.AsSpan(8), 64 + padded);
        Span<byte> entry = binary.AsSpan(16);
        BinaryPrimitives.WriteUInt16LittleEndian(entry, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], 0x0101);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], 64);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], padded);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[28..], 75);
        text.CopyTo(entry[64..]);
        File.WriteAllBytes(path, binary);
    }
}
