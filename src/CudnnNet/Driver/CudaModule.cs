using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Device code loaded into a context by <see cref="CudaContext.LoadModule"/>.</summary>
public sealed class CudaModule : NativeOwner
{
    private CUmodule _handle;

    internal CudaModule(CudaContext context, ReadOnlySpan<byte> image, ModuleOptions options)
        : base(context)
    {
        Context = context;
        try
        {
            if (image.IsEmpty)
            {
                throw new ArgumentException("The module's image is empty. Pass PTX text, a cubin or a fat binary.", nameof(image));
            }

            context.EnsureCurrent();
            _handle = Load(image, options, out string log);
            CompilerLog = log;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the driver's compiler remarked while it loaded the module; empty where it had nothing to compile or to say.</summary>
    public string CompilerLog { get; } = string.Empty;

    /// <summary>The context the module is loaded into.</summary>
    public CudaContext Context { get; }

    /// <summary>The driver's handle.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public CUmodule Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>The kernel <paramref name="name"/>.</summary>
    /// <param name="name">The linker name; for C++ functions that are not <c>extern "C"</c>, the mangled one.</param>
    /// <exception cref="CudaException">The module has no such kernel.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public unsafe CudaKernel GetKernel(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        CUmodule module = Handle;
        Context.EnsureCurrent();
        CUfunction function;
        byte* text = Utf8StringMarshaller.ConvertToUnmanaged(name);
        try
        {
            CUresult status = Cuda.cuModuleGetFunction(&function, module, text);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.Throw("cuModuleGetFunction", status, $"The kernel '{name}' was asked for; its name must be the linker's, as the module's PTX spells it");
            }
        }
        finally
        {
            Utf8StringMarshaller.Free(text);
        }

        return new CudaKernel(this, name, function);
    }

    /// <summary>The kernel <paramref name="name"/>, or null where the module has none of that name.</summary>
    /// <param name="name">The linker name; for C++ functions that are not <c>extern "C"</c>, the mangled one.</param>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public unsafe CudaKernel? FindKernel(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        CUmodule module = Handle;
        Context.EnsureCurrent();
        CUfunction function;
        byte* text = Utf8StringMarshaller.ConvertToUnmanaged(name);
        try
        {
            CUresult status = Cuda.cuModuleGetFunction(&function, module, text);
            if (status == CUresult.CUDA_ERROR_NOT_FOUND)
            {
                return null;
            }

            Cuda.Check(status, "cuModuleGetFunction");
        }
        finally
        {
            Utf8StringMarshaller.Free(text);
        }

        return new CudaKernel(this, name, function);
    }

    /// <summary>All kernels of the module, in the driver's order.</summary>
    /// <exception cref="MissingFunctionException">The driver is older than CUDA 12.4.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public unsafe IReadOnlyList<CudaKernel> GetKernels()
    {
        CUmodule module = Handle;
        Context.EnsureCurrent();
        uint count;
        Cuda.Check(Cuda.cuModuleGetFunctionCount(&count, module));
        CUfunction[] functions = new CUfunction[count];
        fixed (CUfunction* first = functions)
        {
            Cuda.Check(Cuda.cuModuleEnumerateFunctions(first, count, module));
        }

        return [.. functions.Select(f => new CudaKernel(this, NameOf(f), f))];

        static string NameOf(CUfunction function)
        {
            byte* name;
            Cuda.Check(Cuda.cuFuncGetName(&name, function));
            return Marshal.PtrToStringUTF8((nint)name) ?? string.Empty;
        }
    }

    /// <summary>The memory of the global variable <paramref name="name"/>, as bytes. It belongs to the module.</summary>
    /// <exception cref="CudaException">The module has no such variable.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public unsafe DeviceSpan<byte> GetGlobal(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        CUmodule module = Handle;
        Context.EnsureCurrent();
        byte* text = Utf8StringMarshaller.ConvertToUnmanaged(name);
        try
        {
            ulong address;
            nuint bytes;
            CUresult status = Cuda.cuModuleGetGlobal_v2(&address, &bytes, module, text);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.Throw("cuModuleGetGlobal_v2", status, $"The variable '{name}' was asked for; its name must be the linker's, as the module's PTX spells it");
            }

            return new(address, (long)bytes);
        }
        finally
        {
            Utf8StringMarshaller.Free(text);
        }
    }

    private protected override void Release()
    {
        if (_handle != default && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuModuleUnload(_handle);
        }

        _handle = default;
    }

    private static unsafe CUmodule Load(ReadOnlySpan<byte> image, ModuleOptions options, out string log)
    {
        // The driver reads PTX up to its zero byte, which a file does not have.
        byte[] terminated = ArrayPool<byte>.Shared.Rent(image.Length + 1);
        const int logBytes = 8192;
        byte* errors = stackalloc byte[logBytes];
        byte* remarks = stackalloc byte[logBytes];
        errors[0] = 0;
        remarks[0] = 0;
        try
        {
            image.CopyTo(terminated);
            terminated[image.Length] = 0;
            const int most = 4 + ModuleOptions.Most;
            CUjit_option* names = stackalloc CUjit_option[most];
            void** values = stackalloc void*[most];
            names[0] = CUjit_option.CU_JIT_ERROR_LOG_BUFFER;
            values[0] = errors;
            names[1] = CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES;
            values[1] = (void*)logBytes;
            names[2] = CUjit_option.CU_JIT_INFO_LOG_BUFFER;
            values[2] = remarks;
            names[3] = CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES;
            values[3] = (void*)logBytes;
            int count = 4 + options.Write(names + 4, values + 4);
            CUmodule module;
            CUresult status;
            fixed (byte* pointer = terminated)
            {
                status = Cuda.cuModuleLoadDataEx(&module, pointer, (uint)count, names, values);
            }

            log = Text(remarks);
            if (status != CUresult.CUDA_SUCCESS)
            {
                string error = Text(errors);
                CudaFailure.Throw(
                    "cuModuleLoadDataEx", status,
                    $"A module of {image.Length} bytes was to be loaded{(error.Length == 0 ? string.Empty : $"; the driver's compiler says: {error}")}{(log.Length == 0 ? string.Empty : $"; and remarks: {log}")}");
            }

            return module;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(terminated);
        }

        static string Text(byte* buffer)
        {
            buffer[logBytes - 1] = 0;
            return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer)).Trim();
        }
    }
}
