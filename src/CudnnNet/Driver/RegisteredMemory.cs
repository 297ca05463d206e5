using System.Buffers;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Memory of the program that the driver page-locks while this object lives, so that streams copy it truly asynchronously. Made by <see cref="CudaContext.Register{T}"/>.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
/// <remarks>The memory stays where it is and stays the program's: it is pinned against the garbage collector, too, and let go again at the end.</remarks>
public sealed unsafe class RegisteredMemory<T> : NativeOwner
    where T : unmanaged
{
    private readonly MemoryHandle _pin;
    private readonly T* _pointer;
    private bool _registered;

    internal RegisteredMemory(CudaContext context, Memory<T> memory)
        : base(context)
    {
        Context = context;
        Length = memory.Length;
        try
        {
            if (memory.IsEmpty)
            {
                throw new ArgumentException("Memory of no elements was to be registered. Pass at least one element.", nameof(memory));
            }

            _pin = memory.Pin();
            _pointer = (T*)_pin.Pointer;
            context.EnsureCurrent();
            CUresult status = Cuda.cuMemHostRegister_v2(_pointer, (nuint)Bytes, Portable);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.Throw("cuMemHostRegister_v2", status, $"{Bytes} bytes of the program ({Length} elements of {typeof(T).Name}) were to be page-locked");
            }

            _registered = true;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context the memory was registered in; every context of the process treats it as pinned.</summary>
    public CudaContext Context { get; }

    /// <summary>The length in elements.</summary>
    public int Length { get; }

    /// <summary>The length in bytes.</summary>
    public long Bytes => (long)Length * Unsafe.SizeOf<T>();

    /// <summary>The memory, to read and write on the host, and to copy from and to.</summary>
    /// <exception cref="ObjectDisposedException">The memory is let go.</exception>
    public Span<T> Span
    {
        get
        {
            ThrowIfDisposed();
            return new(_pointer, Length);
        }
    }

    // CU_MEMHOSTREGISTER_PORTABLE
    private const uint Portable = 1;

    private protected override void Release()
    {
        if (_registered && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuMemHostUnregister(_pointer);
        }

        _registered = false;
        _pin.Dispose();
    }
}
