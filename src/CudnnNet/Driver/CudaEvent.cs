using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A mark in a stream: done when everything put into the stream before it is done. Made by <see cref="CudaContext.CreateEvent"/>.</summary>
/// <remarks>An event that was never recorded counts as complete.</remarks>
public sealed class CudaEvent : NativeOwner
{
    private CUevent _handle;

    internal unsafe CudaEvent(CudaContext context, CUevent_flags flags)
        : base(context)
    {
        Context = context;
        HasTiming = !flags.HasFlag(CUevent_flags.CU_EVENT_DISABLE_TIMING);
        try
        {
            context.EnsureCurrent();
            CUevent handle;
            Cuda.Check(Cuda.cuEventCreate(&handle, (uint)flags));
            _handle = handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>An event that another process made.</summary>
    internal unsafe CudaEvent(CudaContext context, in IpcEventHandle handle)
        : base(context)
    {
        Context = context;
        try
        {
            context.EnsureCurrent();
            CUevent opened;
            Cuda.Check(Cuda.cuIpcOpenEventHandle(&opened, handle.Raw));
            _handle = opened;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context the event belongs to.</summary>
    public CudaContext Context { get; }

    /// <summary>Whether the event remembers the time.</summary>
    public bool HasTiming { get; }

    /// <summary>The driver's handle.</summary>
    /// <exception cref="ObjectDisposedException">The event is disposed.</exception>
    public CUevent Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>Whether everything before the last recording is done. Does not wait.</summary>
    /// <exception cref="CudaException">Something given to the stream before has failed.</exception>
    /// <exception cref="ObjectDisposedException">The event is disposed.</exception>
    public bool IsComplete
    {
        get
        {
            CUevent handle = Handle;
            Context.EnsureCurrent();
            CUresult status = Cuda.cuEventQuery(handle);
            if (status == CUresult.CUDA_ERROR_NOT_READY)
            {
                return false;
            }

            Cuda.Check(status, "cuEventQuery");
            return true;
        }
    }

    /// <summary>Waits until everything before the last recording is done.</summary>
    /// <exception cref="CudaException">Something given to the stream before has failed.</exception>
    /// <exception cref="ObjectDisposedException">The event is disposed.</exception>
    public void Synchronize()
    {
        CUevent handle = Handle;
        Context.EnsureCurrent();
        Cuda.Check(Cuda.cuEventSynchronize(handle));
    }

    /// <summary>The time between two recorded and completed events, in milliseconds; the GPU's resolution is half a microsecond.</summary>
    /// <exception cref="ArgumentException">One of the events was made without timing.</exception>
    /// <exception cref="CudaException">One of the events was never recorded or is not complete yet.</exception>
    /// <exception cref="ObjectDisposedException">One of the events is disposed.</exception>
    public static unsafe float ElapsedMilliseconds(CudaEvent start, CudaEvent end)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(end);
        CUevent startHandle = start.Handle;
        CUevent endHandle = end.Handle;
        if (!start.HasTiming || !end.HasTiming)
        {
            throw new ArgumentException(
                "A time between two events was asked for, but an event was made without timing. Make both with CreateEvent(timing: true).",
                start.HasTiming ? nameof(end) : nameof(start));
        }

        start.Context.EnsureCurrent();
        float milliseconds;
        // The symbol without suffix: every driver has it, the _v2 one came with CUDA 12.8.
        Cuda.Check(Cuda.cuEventElapsedTime(&milliseconds, startHandle, endHandle));
        return milliseconds;
    }

    /// <summary>What another process passes to <see cref="CudaContext.OpenEvent"/> to use this event. The event must outlive its use there.</summary>
    /// <exception cref="CudaException">The event was not made by <see cref="CudaContext.CreateInterprocessEvent"/>.</exception>
    /// <exception cref="ObjectDisposedException">The event is disposed.</exception>
    public unsafe IpcEventHandle GetIpcHandle()
    {
        CUevent handle = Handle;
        Context.EnsureCurrent();
        CUipcEventHandle_v1 raw;
        Cuda.Check(Cuda.cuIpcGetEventHandle(&raw, handle));
        return new(raw);
    }

    private protected override void Release()
    {
        if (_handle != default && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuEventDestroy_v2(_handle);
        }

        _handle = default;
    }
}
