using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The primary context of a device: the one all libraries of the process share, and the parent of everything made on that device.</summary>
/// <remarks>
/// <para>Every <see cref="Primary"/> retains the primary context (<c>cuDevicePrimaryCtxRetain</c>); it is released when the object is
/// disposed and its last stream, memory, module or handle is gone. The driver counts, so several owners of one device are welcome.</para>
/// <para><b>Current context.</b> The driver works on the context that is current on the calling thread. Every method of this library that needs
/// it looks which one is current (<c>cuCtxGetCurrent</c>, some nanoseconds) and switches only where another one is, so the objects
/// of one context may be used from any thread without further ado. The context stays current afterwards; it is not restored.
/// Call <see cref="MakeCurrent"/> yourself only for the sake of other libraries.</para>
/// </remarks>
public sealed class CudaContext : NativeOwner
{
    private static int s_initialized;

    private readonly int _device;
    private DeviceProperties? _properties;
    private CUcontext _handle;

    private unsafe CudaContext(int ordinal, int device)
        : base(null)
    {
        Device = ordinal;
        _device = device;
        CUcontext handle;
        Cuda.Check(Cuda.cuDevicePrimaryCtxRetain(&handle, device));
        _handle = handle;
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
        int count = DeviceCount;
        if ((uint)device >= (uint)count)
        {
            throw new ArgumentOutOfRangeException(nameof(device), device, $"Device {device} was asked for; the driver counts {count} device(s), numbered from 0.");
        }

        int handle;
        Cuda.Check(Cuda.cuDeviceGet(&handle, device));
        CudaContext context = new(device, handle);
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

    /// <summary>Makes this context the current one of the calling thread (<c>cuCtxSetCurrent</c>).</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public void MakeCurrent()
    {
        ThrowIfDisposed();
        EnsureCurrent();
    }

    /// <summary>A new stream, which does not wait for the null stream. Streams of one context run beside each other.</summary>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream CreateStream() => new(this, priority: null);

    /// <summary>A new stream with a priority, which does not wait for the null stream.</summary>
    /// <param name="priority">Smaller numbers go first; see <see cref="StreamPriorityRange"/>. The driver clamps numbers outside the range.</param>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream CreateStream(int priority) => new(this, priority);

    /// <summary>Somebody else's stream of this context as a <see cref="CudaStream"/>. Disposing the object leaves the stream alone.</summary>
    /// <param name="stream">The driver's handle; null is the null stream.</param>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaStream WrapStream(CUstream stream) => new(this, stream);

    /// <summary>A new event, to be recorded on a stream and waited for.</summary>
    /// <param name="timing">Whether <see cref="CudaEvent.ElapsedMilliseconds"/> shall work with it; costs a little at each recording.</param>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaEvent CreateEvent(bool timing = false) => new(this, timing);

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
    /// <exception cref="ArgumentException"><paramref name="image"/> is empty.</exception>
    /// <exception cref="CudaException">The driver does not take the image; the message holds its compiler's log.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaModule LoadModule(ReadOnlySpan<byte> image) => new(this, image);

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
            _ = Cuda.cuDevicePrimaryCtxRelease_v2(_device);
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
