using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudnnNet;

/// <summary>A function of the program that streams and graphs call, as often as wanted and without allocating anything for a call.</summary>
/// <remarks>
/// <para>The function runs on a thread of the driver while the stream waits. It must not call CUDA or any library above it (the driver forbids
/// it) nor wait for a thread that does. An exception does not reach the driver: the first one is kept in <see cref="Failure"/>.</para>
/// <para>What a stream or a graph holds is a number, not a pointer to the object, so a callback may be disposed while calls to it are queued:
/// those calls then do nothing.</para>
/// </remarks>
public sealed unsafe class HostCallback : IDisposable
{
    private static readonly ConcurrentDictionary<nint, HostCallback> s_live = new();
    private static long s_last;

    private readonly Action _action;
    private readonly bool _once;
    private Exception? _failure;

    /// <summary>Makes a callback.</summary>
    /// <param name="action">What to call.</param>
    public HostCallback(Action action)
        : this(action, once: false)
    {
    }

    internal HostCallback(Action action, bool once)
    {
        ArgumentNullException.ThrowIfNull(action);
        _action = action;
        _once = once;
        Number = (nint)Interlocked.Increment(ref s_last);
        s_live[Number] = this;
    }

    /// <summary>The first exception that the function has thrown; null where it never did.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Whether <see cref="Dispose"/> was called.</summary>
    public bool IsDisposed => !s_live.ContainsKey(Number);

    /// <summary>How many callbacks are not disposed; for tests that look for leaks.</summary>
    internal static int LiveCount => s_live.Count;

    /// <summary>What the driver hands back: never used again for another callback.</summary>
    internal nint Number { get; }

    /// <summary>The function the driver calls, with <see cref="Number"/> as its argument.</summary>
    internal static delegate* unmanaged[Cdecl]<void*, void> Entry => &Call;

    /// <summary>Ends the use; calls that are queued do nothing any more.</summary>
    public void Dispose() => s_live.TryRemove(Number, out _);

    /// <summary>The number of a callback that is not disposed.</summary>
    /// <exception cref="ObjectDisposedException">The callback is disposed.</exception>
    internal void* Require()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return (void*)Number;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Call(void* number)
    {
        if (!s_live.TryGetValue((nint)number, out HostCallback? callback))
        {
            return;
        }

        if (callback._once)
        {
            // Nobody could ask for the failure afterwards: the exception ends the process, as one on any thread does.
            callback.Dispose();
            callback._action();
            return;
        }

        try
        {
            callback._action();
        }
#pragma warning disable CA1031 // There is managed code on neither side of the caller; whoever owns the callback asks for the failure.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref callback._failure, e, null);
        }
    }
}
