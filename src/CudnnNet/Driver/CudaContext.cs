using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A context of a device, and the parent of everything made in it: the primary one, which all libraries of the process share, or one's own.</summary>
/// <remarks>
/// <para><see cref="Primary"/> is the right one for nearly every program. Memory, streams and modules of one context are not those of another, even
/// on the same device; <see cref="Create"/> is for programs that must keep parts of themselves apart.</para>
/// <para>Every <see cref="Primary"/> retains the primary context (<c>cuDevicePrimaryCtxRetain</c>); it is released when the object is
/// disposed and its last stream, memory, module or handle is gone. The driver counts, so several owners of one device are welcome.</para>
/// <para><b>Current context.</b> The driver works on the context that is current on the calling thread. Every method of this library that needs
/// it looks which one is current (<c>cuCtxGetCurrent</c>, some nanoseconds) and switches only where another one is, so the objects
/// of one context may be used from any thread without further ado. The context stays current afterwards; it is not restored.
/// Call <see cref="MakeCurrent"/> yourself only for the sake of other libraries.</para>
/// </remarks>
public sealed partial class CudaContext : NativeOwner
{
    private static int s_initialized;

    private readonly int _device;
    private DeviceProperties? _properties;
    private CUcontext _handle;

    private CudaContext(int ordinal, int device, CUcontext handle, bool isPrimary)
        : base(null)
    {
        Device = ordinal;
        _device = device;
        _handle = handle;
        IsPrimary = isPrimary;
    }

    /// <summary>The number of devices of the selected kind; 0 where the driver finds none.</summary>
    /// <exception cref="CudaException">The driver does not start.</exception>
    public static unsafe int DeviceCount
    {
        get
        {
            Initialize();
            int count;
            Cuda.Check(Cuda.cuDeviceGetCount(&count));
            return count;
        }
    }

    /// <summary>The device's ordinal, from 0.</summary>
    public int Device { get; }

    /// <summary>Whether this is the device's primary context.</summary>
    public bool IsPrimary { get; }

    /// <summary>What the device is and can do.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public DeviceProperties Properties
    {
        get
        {
            ThrowIfDisposed();
            return _properties ??= new DeviceProperties(Device, _device);
        }
    }

    /// <summary>The driver's handle, for calls on the raw floor and for other libraries.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CUcontext Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>The least and the greatest priority a stream of this context can have; smaller numbers go first.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public unsafe (int Least, int Greatest) StreamPriorityRange
    {
        get
        {
            ThrowIfDisposed();
            EnsureCurrent();
            int least;
            int greatest;
            Cuda.Check(Cuda.cuCtxGetStreamPriorityRange(&least, &greatest));
            return (least, greatest);
        }
    }

    /// <summary>Retains the primary context of <paramref name="device"/> and makes it current on the calling thread.</summary>
    /// <param name="device">The device's ordinal, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    /// <exception cref="CudaException">The driver does not start, or the device cannot be used.</exception>
    public static unsafe CudaContext Primary(int device = 0)
    {
        int deviceHandle = CudaDevice.Get(device).Handle;
        CUcontext handle;
        Cuda.Check(Cuda.cuDevicePrimaryCtxRetain(&handle, deviceHandle));
        CudaContext context = new(device, deviceHandle, handle, isPrimary: true);
        try
        {
            context.EnsureCurrent();
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>Makes a context of one's own on <paramref name="device"/> and makes it current on the calling thread.</summary>
    /// <param name="device">The device's ordinal, from 0.</param>
    /// <param name="scheduling">How threads wait for the device.</param>
    /// <remarks>The context is destroyed when it is disposed and its last child is gone.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    /// <exception cref="CudaException">The driver does not start, or the device cannot be used.</exception>
    public static unsafe CudaContext Create(int device = 0, ContextScheduling scheduling = ContextScheduling.Automatic)
    {
        int deviceHandle = CudaDevice.Get(device).Handle;
        CUcontext handle;
        // The symbol of CUDA 12's header; later drivers keep it, while the _v4 of CUDA 13's came with 12.5.
        Cuda.Check(Cuda.cuCtxCreate_v2(&handle, (uint)scheduling, deviceHandle));
        return new(device, deviceHandle, handle, isPrimary: false);
    }

    /// <summary>Makes this context the current one of the calling thread (<c>cuCtxSetCurrent</c>).</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public void MakeCurrent()
    {
        ThrowIfDisposed();
        EnsureCurrent();
    }

    /// <summary>A new stream, which does not wait for the null stream. Streams of one context run beside each other.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream CreateStream() => new(this, priority: null, nonBlocking: true);

    /// <summary>A new stream with a priority, which does not wait for the null stream.</summary>
    /// <param name="priority">Smaller numbers go first; see <see cref="StreamPriorityRange"/>. The driver clamps numbers outside the range.</param>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream CreateStream(int priority) => new(this, priority, nonBlocking: true);

    /// <summary>A new stream that waits for the null stream and is waited for by it, as streams of the CUDA runtime do unless told otherwise.</summary>
    /// <param name="priority">Smaller numbers go first; null is the default priority.</param>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream CreateBlockingStream(int? priority = null) => new(this, priority, nonBlocking: false);

    /// <summary>The null stream (<c>CU_STREAM_LEGACY</c>): it and the context's blocking streams wait for each other. Disposing the object leaves the stream alone.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream NullStream() => WrapStream(new(1));

    /// <summary>The default stream of the thread that uses it (<c>CU_STREAM_PER_THREAD</c>). Disposing the object leaves the stream alone.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream PerThreadStream() => WrapStream(new(2));

    /// <summary>Somebody else's stream of this context as a <see cref="CudaStream"/>. Disposing the object leaves the stream alone.</summary>
    /// <param name="stream">The driver's handle; null is the null stream.</param>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream WrapStream(CUstream stream) => new(this, stream);

    /// <summary>A new event, to be recorded on a stream and waited for.</summary>
    /// <param name="timing">Whether <see cref="CudaEvent.ElapsedMilliseconds"/> shall work with it; costs a little at each recording.</param>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaEvent CreateEvent(bool timing = false) => new(this, timing ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING);

    /// <summary>A new event for which waiting threads sleep instead of spinning.</summary>
    /// <param name="timing">Whether <see cref="CudaEvent.ElapsedMilliseconds"/> shall work with it.</param>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaEvent CreateBlockingEvent(bool timing = false) =>
        new(this, CUevent_flags.CU_EVENT_BLOCKING_SYNC | (timing ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING));

    /// <summary>A new event without timing that other processes can open; see <see cref="CudaEvent.GetIpcHandle"/>.</summary>
    /// <exception cref="CudaException">The device cannot share events.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaEvent CreateInterprocessEvent() => new(this, CUevent_flags.CU_EVENT_INTERPROCESS | CUevent_flags.CU_EVENT_DISABLE_TIMING);

    /// <summary>Allocates memory on the device; the content is undefined.</summary>
    /// <typeparam name="T">The element; any unmanaged type.</typeparam>
    /// <param name="elements">The number of elements, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is 0 or less.</exception>
    /// <exception cref="CudaException">The device has not that much memory left; the message says how much.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public DeviceMemory<T> Allocate<T>(long elements)
        where T : unmanaged => new(this, elements);

    /// <summary>Allocates page-locked memory on the host; the content is undefined.</summary>
    /// <typeparam name="T">The element; any unmanaged type.</typeparam>
    /// <param name="elements">The number of elements, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is 0 or less.</exception>
    /// <exception cref="CudaException">The host cannot lock that much memory.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public PinnedMemory<T> AllocatePinned<T>(long elements)
        where T : unmanaged => new(this, elements);

    /// <summary>Loads a module: PTX text, a cubin or a fat binary.</summary>
    /// <param name="image">The module's bytes. PTX need not end with a zero byte.</param>
    /// <param name="options">What the driver's compiler shall do with PTX; it has no say in a cubin.</param>
    /// <exception cref="ArgumentException"><paramref name="image"/> is empty.</exception>
    /// <exception cref="CudaException">The driver does not take the image; the message holds its compiler's logs.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaModule LoadModule(ReadOnlySpan<byte> image, ModuleOptions options = default) => new(this, image, options);

    /// <summary>Loads a module from a file: PTX text, a cubin or a fat binary.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What the driver's compiler shall do with PTX; it has no say in a cubin.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="CudaException">The driver does not take the image; the message holds its compiler's logs.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaModule LoadModuleFile(string path, ModuleOptions options = default) => new(this, File.ReadAllBytes(path), options);

    /// <summary>A new graph without nodes.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaGraph CreateGraph() => new(this);

    /// <summary>How much memory the device has, and how much of it is free.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public unsafe DeviceMemoryInfo GetMemoryInfo()
    {
        ThrowIfDisposed();
        EnsureCurrent();
        nuint free;
        nuint total;
        Cuda.Check(Cuda.cuMemGetInfo_v2(&free, &total));
        return new((long)free, (long)total);
    }

    /// <summary>Waits until everything given to the context is done.</summary>
    /// <exception cref="CudaException">Something given to the context before has failed.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public void Synchronize()
    {
        ThrowIfDisposed();
        EnsureCurrent();
        Cuda.Check(Cuda.cuCtxSynchronize());
    }

    /// <summary>The handle for children, which keep the context alive even after it was disposed.</summary>
    internal CUcontext KeptHandle => _handle;

    /// <summary>Makes the context current where it is not; for children, which keep it alive even after it was disposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe void EnsureCurrent()
    {
        CUcontext current;
        if (Cuda.cuCtxGetCurrent(&current) != CUresult.CUDA_SUCCESS || current != _handle)
        {
            Cuda.Check(Cuda.cuCtxSetCurrent(_handle));
        }
    }

    /// <summary>As <see cref="EnsureCurrent"/>, where nobody can do anything about a failure: false for a context that is destroyed.</summary>
    internal unsafe bool TryEnsureCurrent()
    {
        CUcontext current;
        return (Cuda.cuCtxGetCurrent(&current) == CUresult.CUDA_SUCCESS && current == _handle) || Cuda.cuCtxSetCurrent(_handle) == CUresult.CUDA_SUCCESS;
    }

    private protected override void Release()
    {
        if (_handle != default)
        {
            _ = IsPrimary ? Cuda.cuDevicePrimaryCtxRelease_v2(_device) : Cuda.cuCtxDestroy_v2(_handle);
            _handle = default;
        }
    }

    private static void Initialize()
    {
        if (Volatile.Read(ref s_initialized) == 0)
        {
            Cuda.Check(Cuda.cuInit(0));
            Volatile.Write(ref s_initialized, 1);
        }
    }
}
