using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>64 bytes by which another process opens device memory (<see cref="CudaContext.OpenMemory{T}"/>).</summary>
public readonly struct IpcMemoryHandle
{
    /// <summary>The length of a handle in bytes.</summary>
    public const int ByteCount = 64;

    internal readonly CUipcMemHandle_v1 Raw;

    internal IpcMemoryHandle(in CUipcMemHandle_v1 raw) => Raw = raw;

    /// <summary>The handle from the bytes the other process sent.</summary>
    /// <exception cref="ArgumentException">There are not 64 bytes.</exception>
    public IpcMemoryHandle(ReadOnlySpan<byte> bytes) => Raw = IpcBytes.Read<CUipcMemHandle_v1>(bytes);

    /// <summary>The bytes to send to the other process.</summary>
    public byte[] ToArray() => IpcBytes.Write(Raw);
}

/// <summary>64 bytes by which another process opens an event (<see cref="CudaContext.OpenEvent"/>).</summary>
public readonly struct IpcEventHandle
{
    /// <summary>The length of a handle in bytes.</summary>
    public const int ByteCount = 64;

    internal readonly CUipcEventHandle_v1 Raw;

    internal IpcEventHandle(in CUipcEventHandle_v1 raw) => Raw = raw;

    /// <summary>The handle from the bytes the other process sent.</summary>
    /// <exception cref="ArgumentException">There are not 64 bytes.</exception>
    public IpcEventHandle(ReadOnlySpan<byte> bytes) => Raw = IpcBytes.Read<CUipcEventHandle_v1>(bytes);

    /// <summary>The bytes to send to the other process.</summary>
    public byte[] ToArray() => IpcBytes.Write(Raw);
}

/// <summary>64 bytes by which another process opens memory of a pool that it has imported (<see cref="MemoryPool.Open{T}"/>).</summary>
public readonly struct PooledMemoryHandle
{
    /// <summary>The length of a handle in bytes.</summary>
    public const int ByteCount = 64;

    internal readonly CUmemPoolPtrExportData_v1 Raw;

    internal PooledMemoryHandle(in CUmemPoolPtrExportData_v1 raw) => Raw = raw;

    /// <summary>The handle from the bytes the other process sent.</summary>
    /// <exception cref="ArgumentException">There are not 64 bytes.</exception>
    public PooledMemoryHandle(ReadOnlySpan<byte> bytes) => Raw = IpcBytes.Read<CUmemPoolPtrExportData_v1>(bytes);

    /// <summary>The bytes to send to the other process.</summary>
    public byte[] ToArray() => IpcBytes.Write(Raw);
}

internal static class IpcBytes
{
    public static T Read<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged => bytes.Length == Unsafe.SizeOf<T>()
            ? MemoryMarshal.Read<T>(bytes)
            : throw new ArgumentException($"A handle was to be made of {bytes.Length} bytes; it has {Unsafe.SizeOf<T>()}.", nameof(bytes));

    public static byte[] Write<T>(in T raw)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in raw)).ToArray();
}
