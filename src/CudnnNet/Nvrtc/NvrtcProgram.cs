using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>CUDA C++ source that NVRTC compiles while the program runs. No GPU is needed for that; NVIDIA's library is, also on the CPU device.</summary>
/// <example><code>
/// using NvrtcProgram program = new("template&lt;int N&gt; __global__ void fill(float* p) { p[threadIdx.x] = N; }");
/// program.AddNameExpression("fill&lt;3&gt;");
/// program.Compile("--gpu-architecture=compute_75");
/// using CudaModule module = context.LoadModule(program.GetPtx());
/// CudaKernel kernel = module.GetKernel(program.GetLoweredName("fill&lt;3&gt;"));
/// </code></example>
public sealed unsafe class NvrtcProgram : NativeOwner
{
    private readonly string _name;
    private nvrtcProgram _handle;

    /// <summary>Takes the source over; nothing is compiled yet.</summary>
    /// <param name="source">The source's text.</param>
    /// <param name="name">What the compiler calls it in its messages.</param>
    /// <param name="headers">The text of each header by the name under which the source includes it.</param>
    /// <exception cref="NvrtcException">NVRTC refuses.</exception>
    /// <exception cref="MissingLibraryException">NVRTC is not installed; the message lists where it was looked for.</exception>
    public NvrtcProgram(string source, string name = "program.cu", IReadOnlyDictionary<string, string>? headers = null)
        : base(parent: null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _name = name;
        using Texts texts = new([.. headers?.Values ?? []]);
        using Texts names = new([.. headers?.Keys ?? []]);
        using Texts own = new([source, name]);
        nvrtcProgram handle;
        Nvrtc.Check(Nvrtc.nvrtcCreateProgram(&handle, own.First[0], own.First[1], headers?.Count ?? 0, texts.First, names.First), "nvrtcCreateProgram");
        _handle = handle;
    }

    /// <summary>The version of NVRTC.</summary>
    /// <exception cref="MissingLibraryException">NVRTC is not installed.</exception>
    public static Version Version
    {
        get
        {
            int major;
            int minor;
            Nvrtc.Check(Nvrtc.nvrtcVersion(&major, &minor));
            return new(major, minor);
        }
    }

    /// <summary>What the compiler has said; empty before <see cref="Compile"/>.</summary>
    public string Log { get; private set; } = string.Empty;

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public nvrtcProgram Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>The architectures that this NVRTC compiles for: 75 for <c>compute_75</c>.</summary>
    /// <exception cref="NvrtcException">NVRTC refuses.</exception>
    /// <exception cref="MissingLibraryException">NVRTC is not installed.</exception>
    public static IReadOnlyList<int> GetArchitectures()
    {
        int count;
        Nvrtc.Check(Nvrtc.nvrtcGetNumSupportedArchs(&count));
        int[] architectures = new int[count];
        fixed (int* first = architectures)
        {
            Nvrtc.Check(Nvrtc.nvrtcGetSupportedArchs(first));
        }

        return architectures;
    }

    /// <summary>Asks for a function or variable by its C++ name, as templates and namespaces need it: <c>"fill&lt;3&gt;"</c>, <c>"&amp;table"</c>. Before <see cref="Compile"/>.</summary>
    /// <exception cref="NvrtcException">The program is compiled already.</exception>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public void AddNameExpression(string expression)
    {
        ArgumentException.ThrowIfNullOrEmpty(expression);
        using Texts text = new([expression]);
        Nvrtc.Check(Nvrtc.nvrtcAddNameExpression(Handle, text.First[0]), "nvrtcAddNameExpression");
    }

    /// <summary>Compiles.</summary>
    /// <param name="options">NVRTC's options, e.g. <c>--gpu-architecture=sm_80</c> (a cubin), <c>compute_75</c> (PTX), <c>-dlto</c> (for linking), <c>--use_fast_math</c>.</param>
    /// <exception cref="NvrtcException">The source does not compile or an option is wrong; the message has the compiler's whole log.</exception>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public void Compile(params ReadOnlySpan<string> options)
    {
        nvrtcProgram handle = Handle;
        using Texts texts = new(options);
        nvrtcResult status = Nvrtc.nvrtcCompileProgram(handle, options.Length, texts.First);
        Log = ReadLog();
        if (status != nvrtcResult.NVRTC_SUCCESS)
        {
            string with = options.IsEmpty ? "no options" : string.Join(' ', options!);
            throw new NvrtcException("nvrtcCompileProgram", status, $"'{_name}' was to be compiled with {with}. {(Log.Length == 0 ? LastErrorText.Of(status) : $"The compiler says:\n{Log}")}");
        }
    }

    /// <summary>The PTX text, which ends with a zero byte. For <see cref="CudaContext.LoadModule"/>.</summary>
    /// <exception cref="NvrtcException">The program is not compiled, or to something else.</exception>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public byte[] GetPtx() => Read("nvrtcGetPTX", &Nvrtc.nvrtcGetPTXSize, &Nvrtc.nvrtcGetPTX);

    /// <summary>The machine code of one architecture; the program has to be compiled for a real one (<c>sm_80</c>). For <see cref="CudaContext.LoadModule"/>.</summary>
    /// <exception cref="NvrtcException">The program is not compiled, or to something else.</exception>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public byte[] GetCubin() => Read("nvrtcGetCUBIN", &Nvrtc.nvrtcGetCUBINSize, &Nvrtc.nvrtcGetCUBIN);

    /// <summary>The intermediate code for optimising at link time; the program has to be compiled with <c>-dlto</c>.</summary>
    /// <exception cref="NvrtcException">The program is not compiled, or to something else.</exception>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public byte[] GetLtoCode() => Read("nvrtcGetLTOIR", &Nvrtc.nvrtcGetLTOIRSize, &Nvrtc.nvrtcGetLTOIR);

    /// <summary>The linker's name of what <see cref="AddNameExpression"/> asked for; it names the kernel in the module.</summary>
    /// <exception cref="NvrtcException">The program is not compiled, or the expression was not added.</exception>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public string GetLoweredName(string expression)
    {
        ArgumentException.ThrowIfNullOrEmpty(expression);
        using Texts text = new([expression]);
        byte* lowered;
        Nvrtc.Check(Nvrtc.nvrtcGetLoweredName(Handle, text.First[0], &lowered), "nvrtcGetLoweredName");
        return Marshal.PtrToStringUTF8((nint)lowered) ?? string.Empty;
    }

    private protected override void Release()
    {
        if (_handle != default)
        {
            nvrtcProgram handle = _handle;
            _ = Nvrtc.nvrtcDestroyProgram(&handle);
        }

        _handle = default;
    }

    /// <summary>What the compilation made; its function of the same name with Size tells how much that is.</summary>
    private byte[] Read(string function, delegate*<nvrtcProgram, nuint*, nvrtcResult> size, delegate*<nvrtcProgram, byte*, nvrtcResult> read)
    {
        nuint bytes;
        Nvrtc.Check(size(Handle, &bytes), $"{function}Size");
        byte[] image = new byte[bytes];
        fixed (byte* first = image)
        {
            Nvrtc.Check(read(_handle, first), function);
        }

        return image;
    }

    private string ReadLog()
    {
        nuint size;
        if (Nvrtc.nvrtcGetProgramLogSize(_handle, &size) != nvrtcResult.NVRTC_SUCCESS || size <= 1)
        {
            return string.Empty;
        }

        byte[] text = new byte[size];
        fixed (byte* first = text)
        {
            return Nvrtc.nvrtcGetProgramLog(_handle, first) == nvrtcResult.NVRTC_SUCCESS ? Encoding.UTF8.GetString(text).TrimEnd('\0').Trim() : string.Empty;
        }
    }

    /// <summary>Texts for a C function: zero-terminated, with the array of their addresses.</summary>
    private readonly ref struct Texts
    {
        private readonly int _count;

        public Texts(ReadOnlySpan<string> texts)
        {
            _count = texts.Length;
            First = (byte**)NativeMemory.AllocZeroed((nuint)Math.Max(1, texts.Length), (nuint)sizeof(byte*));
            for (int i = 0; i < texts.Length; i++)
            {
                First[i] = Utf8StringMarshaller.ConvertToUnmanaged(texts[i]);
            }
        }

        public byte** First { get; }

        public void Dispose()
        {
            for (int i = 0; i < _count; i++)
            {
                Utf8StringMarshaller.Free(First[i]);
            }

            NativeMemory.Free(First);
        }
    }
}
