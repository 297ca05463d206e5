using CudnnNet.Interop;

namespace CudnnNet;

/// <content>Functions of the host in the order of the stream.</content>
public sealed unsafe partial class CudaStream
{
    /// <summary>Calls <paramref name="action"/> once, on a thread of the driver, when everything put into the stream before is done; what comes after waits for it.</summary>
    /// <param name="action">Must not call CUDA or any library above it (the driver forbids it) and must not throw: an exception ends the process.</param>
    /// <remarks>Allocates managed memory; a <see cref="HostCallback"/> made beforehand does not.</remarks>
    /// <exception cref="InvalidOperationException">The stream is being captured: a graph can run many times, which needs a <see cref="HostCallback"/>.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Invoke(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        CUstream stream = Enter();
        if (IsCapturing)
        {
            throw new InvalidOperationException(
                $"A function was to be called once, but the stream is being captured into a graph, which may run any number of times. Make a {nameof(HostCallback)} that lives as long as the graph.");
        }

        HostCallback callback = new(action, once: true);
        CUresult status = Cuda.cuLaunchHostFunc(stream, HostCallback.Entry, (void*)callback.Number);
        if (status != CUresult.CUDA_SUCCESS)
        {
            callback.Dispose();
            Cuda.Check(status, "cuLaunchHostFunc");
        }
    }

    /// <summary>Calls <paramref name="callback"/> on a thread of the driver when everything put into the stream before is done; what comes after waits for it. Allocates nothing.</summary>
    /// <exception cref="ObjectDisposedException">The stream or the callback is disposed.</exception>
    public void Invoke(HostCallback callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        void* number = callback.Require();
        Cuda.Check(Cuda.cuLaunchHostFunc(Enter(), HostCallback.Entry, number));
    }

    /// <summary>Calls a native function, or one marked <c>[UnmanagedCallersOnly]</c>, when everything put into the stream before is done. Allocates nothing.</summary>
    /// <param name="function">Must not call CUDA.</param>
    /// <param name="state">Handed to the function.</param>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Invoke(delegate* unmanaged[Cdecl]<void*, void> function, void* state)
    {
        if (function == null)
        {
            throw new ArgumentNullException(nameof(function));
        }

        Cuda.Check(Cuda.cuLaunchHostFunc(Enter(), function, state));
    }
}
