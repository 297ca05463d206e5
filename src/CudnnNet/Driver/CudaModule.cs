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

    internal CudaModule(CudaContext context, ReadOnlySpan<byte> image)
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
            _handle = Load(image);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

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

    private static unsafe CUmodule Load(ReadOnlySpan<byte> image)
    {
        // The driver reads PTX up to its zero byte, which a file does not have.
        byte[] terminated = ArrayPool<byte>.Shared.Rent(image.Length + 1);
        const int logBytes = 8192;
        byte* log = stackalloc byte[logBytes];
        log[0] = 0;
        try
        {
            image.CopyTo(terminated);
            terminated[image.Length] = 0;
            CUjit_option* options = stackalloc CUjit_option[] { CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES };
            void** values = stackalloc void*[] { log, (void*)logBytes };
            CUmodule module;
            CUresult status;
            fixed (byte* pointer = terminated)
            {
                status = Cuda.cuModuleLoadDataEx(&module, pointer, 2, options, values);
            }

            if (status != CUresult.CUDA_SUCCESS)
            {
                log[logBytes - 1] = 0;
                string text = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(log)).Trim();
                CudaFailure.Throw("cuModuleLoadDataEx", status, $"A module of {image.Length} bytes was to be loaded{(text.Length == 0 ? string.Empty : $"; the driver's compiler says: {text}")}");
            }

            return module;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(terminated);
        }
    }
}
