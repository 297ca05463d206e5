using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Device memory of another process, opened by <see cref="CudaContext.OpenMemory{T}"/>. Disposing closes it here and frees nothing there.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
public sealed unsafe class IpcMemory<T> : NativeOwner
    where T : unmanaged
{
    private ulong _address;

    internal IpcMemory(CudaContext context, in IpcMemoryHandle handle, long elements)
        : base(context)
    {
        Context = context;
        Length = elements;
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elements);
            context.EnsureCurrent();
            ulong address;
            Cuda.Check(Cuda.cuIpcOpenMemHandle_v2(&address, handle.Raw, EnablePeerAccess));
            _address = address;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context the memory was opened in.</summary>
    public CudaContext Context { get; }

    /// <summary>The length in elements, as the caller gave it.</summary>
    public long Length { get; }

    /// <summary>The whole memory.</summary>
    /// <exception cref="ObjectDisposedException">The memory is closed.</exception>
    public DeviceSpan<T> Span
    {
        get
        {
            ThrowIfDisposed();
            return new(_address, Length);
        }
    }

    // CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS
    private const uint EnablePeerAccess = 1;

    private protected override void Release()
    {
        if (_address != 0 && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuIpcCloseMemHandle(_address);
        }

        _address = 0;
    }
}
