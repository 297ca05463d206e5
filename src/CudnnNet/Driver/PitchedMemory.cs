using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Rows of elements on the device, padded so that every row starts where the device reads it fastest. Made by <see cref="CudaContext.AllocatePitched{T}"/>.</summary>
/// <typeparam name="T">The element; any unmanaged type of 1, 2, 4, 8 or 16 bytes is read fastest.</typeparam>
public sealed class PitchedMemory<T> : NativeOwner
    where T : unmanaged
{
    private readonly long _pitchBytes;
    private ulong _address;

    internal unsafe PitchedMemory(CudaContext context, long width, long height)
        : base(context)
    {
        Context = context;
        Width = width;
        Height = height;
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
            nuint rowBytes = checked((nuint)width * (nuint)Unsafe.SizeOf<T>());
            // The driver wants the width of one access of a thread: 4, 8 or 16 bytes.
            uint access = (uint)Math.Clamp(Unsafe.SizeOf<T>(), 4, 16) & 0x1C;
            context.EnsureCurrent();
            ulong address;
            nuint pitch;
            CUresult status = Cuda.cuMemAllocPitch_v2(&address, &pitch, rowBytes, (nuint)height, access is 4 or 8 or 16 ? access : 4);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.ThrowNotAllocated("cuMemAllocPitch_v2", status, checked(rowBytes * (nuint)height), typeof(T), checked(width * height));
            }

            _address = address;
            _pitchBytes = (long)pitch;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context the memory belongs to.</summary>
    public CudaContext Context { get; }

    /// <summary>Elements in a row.</summary>
    public long Width { get; }

    /// <summary>The number of rows.</summary>
    public long Height { get; }

    /// <summary>From the start of a row to the start of the next, in bytes; the device chose it.</summary>
    public long PitchBytes => _pitchBytes;

    /// <summary>All rows.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public PitchedSpan<T> Span
    {
        get
        {
            ThrowIfDisposed();
            return new(_address, Width, Height, _pitchBytes);
        }
    }

    private protected override void Release()
    {
        if (_address != 0 && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuMemFree_v2(_address);
        }

        _address = 0;
    }
}
