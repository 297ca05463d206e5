using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What cuBLAS tells about its calls, for the whole process. Off at first.</summary>
public static unsafe class CublasLogger
{
    private static Action<string>? s_listener;
    private static Exception? s_failure;

    /// <summary>The first exception that a listener has thrown; none reaches cuBLAS. Null where none ever did.</summary>
    public static Exception? Failure => Volatile.Read(ref s_failure);

    /// <summary>Says where cuBLAS writes to.</summary>
    /// <param name="toOutput">Whether to the standard output.</param>
    /// <param name="toErrors">Whether to the standard error output.</param>
    /// <param name="file">The file that is written too, from its beginning; null: none.</param>
    /// <exception cref="CublasException">The file cannot be written.</exception>
    public static void Write(bool toOutput = false, bool toErrors = false, string? file = null)
    {
        byte[]? path = file is null ? null : Encoding.UTF8.GetBytes(file + '\0');
        fixed (byte* name = path)
        {
            int on = toOutput || toErrors || file is not null ? 1 : 0;
            Cublas.Check(Cublas.cublasLoggerConfigure(on, toOutput ? 1 : 0, toErrors ? 1 : 0, name));
        }
    }

    /// <summary>Calls <paramref name="listener"/> with each message, on the thread that calls cuBLAS; null: nobody. There is one listener.</summary>
    /// <remarks>The listener must not call cuBLAS.</remarks>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    public static void Listen(Action<string>? listener)
    {
        Volatile.Write(ref s_listener, listener);
        Cublas.Check(Cublas.cublasSetLoggerCallback(listener is null ? null : &Receive));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Receive(byte* message)
    {
        try
        {
            Volatile.Read(ref s_listener)?.Invoke(Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(message)));
        }
#pragma warning disable CA1031 // nothing may pass into the library
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref s_failure, failure, null);
        }
    }
}
