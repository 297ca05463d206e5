using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The driver's raw floor with the primary context current: what its tests start with.</summary>
internal sealed unsafe class RawDevice : IDisposable
{
    private readonly List<CUstream> _streams = [];
    private readonly List<CUevent> _events = [];
    private readonly List<ulong> _memory = [];

    public RawDevice()
    {
        Cuda.Check(Cuda.cuInit(0));
        CUcontext context;
        Cuda.Check(Cuda.cuDevicePrimaryCtxRetain(&context, 0));
        Context = context;
        Cuda.Check(Cuda.cuCtxSetCurrent(context));
    }

    public CUcontext Context { get; }

    public CUstream Stream(uint flags = (uint)CUstream_flags.CU_STREAM_NON_BLOCKING)
    {
        CUstream stream;
        Cuda.Check(Cuda.cuStreamCreate(&stream, flags));
        _streams.Add(stream);
        return stream;
    }

    public CUevent Event(uint flags = (uint)CUevent_flags.CU_EVENT_DISABLE_TIMING)
    {
        CUevent created;
        Cuda.Check(Cuda.cuEventCreate(&created, flags));
        _events.Add(created);
        return created;
    }

    public ulong Allocate(int bytes)
    {
        ulong address;
        Cuda.Check(Cuda.cuMemAlloc_v2(&address, (nuint)bytes));
        _memory.Add(address);
        return address;
    }

    public ulong Upload<T>(params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ulong address = Allocate(values.Length * sizeof(T));
        fixed (T* source = values)
        {
            Cuda.Check(Cuda.cuMemcpyHtoD_v2(address, source, (nuint)(values.Length * sizeof(T))));
        }

        return address;
    }

    public static T[] Download<T>(ulong address, int count)
        where T : unmanaged
    {
        T[] values = new T[count];
        fixed (T* destination = values)
        {
            Cuda.Check(Cuda.cuMemcpyDtoH_v2(destination, address, (nuint)(count * sizeof(T))));
        }

        return values;
    }

    /// <summary>What <c>cuGetProcAddress</c> answers.</summary>
    public static nint EntryPoint(string name, int version, uint flags, out CUdriverProcAddressQueryResult found)
    {
        void* address = null;
        CUdriverProcAddressQueryResult status = default;
        fixed (byte* text = Encoding.ASCII.GetBytes(name + '\0'))
        {
            Cuda.Check(Cuda.cuGetProcAddress_v2(text, &address, version, flags, &status));
        }

        found = status;
        return (nint)address;
    }

    /// <summary>Everything is waited for and given back, so that nothing is left over for another test.</summary>
    public void Dispose()
    {
        _ = Cuda.cuCtxSynchronize();
        foreach (CUevent e in _events)
        {
            _ = Cuda.cuEventDestroy_v2(e);
        }

        foreach (CUstream stream in _streams)
        {
            _ = Cuda.cuStreamDestroy_v2(stream);
        }

        foreach (ulong address in _memory)
        {
            _ = Cuda.cuMemFree_v2(address);
        }

        _ = Cuda.cuDevicePrimaryCtxRelease_v2(0);
    }
}

/// <summary>Holds a stream up: what was enqueued behind <see cref="Close"/> runs only after <see cref="Open"/>.</summary>
internal sealed unsafe class Gate : IDisposable
{
    private readonly int* _state = (int*)NativeMemory.AllocZeroed(2, sizeof(int));

    /// <summary>The thread on which the stream's operations run; known once the gate was reached.</summary>
    public int WorkerThread => Volatile.Read(ref _state[1]);

    public void Close(CUstream stream) => Cuda.Check(Cuda.cuLaunchHostFunc(stream, &Wait, _state));

    public void Open() => Volatile.Write(ref _state[0], 1);

    public void Dispose()
    {
        Open();
        _ = Cuda.cuCtxSynchronize();
        NativeMemory.Free(_state);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Wait(void* state)
    {
        Volatile.Write(ref ((int*)state)[1], Environment.CurrentManagedThreadId);
        while (Volatile.Read(ref *(int*)state) == 0)
        {
            Thread.Sleep(1);
        }
    }
}
