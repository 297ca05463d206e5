using System.Text;

namespace CudnnNet.Tests;

/// <summary>NVRTC is NVIDIA's own, also where the CPU device computes; it needs no GPU. Where it is not installed these tests say so.</summary>
public sealed class NvrtcProgramTests
{
    private const string Template = """
        #include "factor.h"
        template <int N> __global__ void fill(float* values) { values[threadIdx.x] = N * FACTOR; }
        """;

    private static readonly Dictionary<string, string> s_headers = new() { ["factor.h"] = "#define FACTOR 2.5f" };

    internal static bool IsInstalled
    {
        get
        {
            try
            {
                return NvrtcProgram.Version.Major >= 12;
            }
            catch (MissingLibraryException)
            {
                return false;
            }
        }
    }

    [Test]
    public void Without_the_library_the_error_names_it_and_where_it_was_looked_for()
    {
        if (IsInstalled)
        {
            Assert.Ignore("skipped: NVRTC is installed");
        }

        Assert.That(
            () => new NvrtcProgram(Template),
            Throws.TypeOf<MissingLibraryException>().With.Message.Contains("NVRTC").And.Message.Contains("libnvrtc.so")
                .And.Property("Library").EqualTo(NativeLibraryId.Nvrtc));
    }

    [Test]
    public void A_template_with_a_header_becomes_PTX_under_its_lowered_name()
    {
        RequireNvrtc();
        using NvrtcProgram program = new(Template, "fill.cu", s_headers);
        program.AddNameExpression("fill<3>");
        program.Compile("--gpu-architecture=compute_75");
        string ptx = Encoding.ASCII.GetString(program.GetPtx());
        string name = program.GetLoweredName("fill<3>");
        Assert.That(ptx, Does.Contain($".visible .entry {name}(").And.Contains("0f40F00000").And.EndsWith("\0"));
        Assert.That(() => program.GetLoweredName("fill<4>"), Throws.TypeOf<NvrtcException>());
        Assert.That(() => program.AddNameExpression("fill<5>"), Throws.TypeOf<NvrtcException>());
    }

    [Test]
    public void A_real_architecture_gives_machine_code_and_dlto_code_for_the_linker()
    {
        RequireNvrtc();
        using NvrtcProgram program = new("extern \"C\" __global__ void nothing() {}");
        program.Compile("--gpu-architecture=sm_80");
        Assert.That(program.GetCubin()[..4], Is.EqualTo(new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F' }));
        using NvrtcProgram linked = new("extern \"C\" __global__ void nothing() {}");
        linked.Compile("--gpu-architecture=sm_80", "-dlto");
        Assert.That(linked.GetLtoCode(), Is.Not.Empty);
        Assert.That(() => linked.GetCubin().Length == 0 ? throw new InvalidOperationException() : 0, Throws.Exception);
    }

    [Test]
    public void What_does_not_compile_is_an_error_with_the_compilers_words()
    {
        RequireNvrtc();
        using NvrtcProgram program = new("__global__ void broken() { int x = missing; }", "broken.cu");
        Assert.That(
            () => program.Compile("--gpu-architecture=compute_75"),
            Throws.TypeOf<NvrtcException>().With.Message.Contains("'broken.cu' was to be compiled with --gpu-architecture=compute_75")
                .And.Message.Contains("identifier \"missing\" is undefined").And.Property("StatusName").EqualTo("NVRTC_ERROR_COMPILATION"));
        Assert.That(program.Log, Does.Contain("broken.cu(1)"));
        using NvrtcProgram other = new("__global__ void fine() {}");
        Assert.That(() => other.Compile("--no-such-option"), Throws.TypeOf<NvrtcException>().With.Message.Contains("no-such-option"));
    }

    [Test]
    public void The_library_tells_its_architectures()
    {
        RequireNvrtc();
        Assert.That(NvrtcProgram.GetArchitectures(), Does.Contain(80).And.Ordered);
    }

    [Test]
    public void A_disposed_program_compiles_nothing_any_more()
    {
        RequireNvrtc();
        NvrtcProgram program = new("");
        program.Dispose();
        program.Dispose();
        Assert.That(() => program.Compile(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(program.GetPtx, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => new NvrtcProgram(null!), Throws.ArgumentNullException);
    }

    private static void RequireNvrtc()
    {
        if (!IsInstalled)
        {
            Assert.Ignore("skipped: NVRTC is not installed; NVIDIA's Python wheel nvidia-cuda-nvrtc brings it, and needs no GPU");
        }
    }
}
