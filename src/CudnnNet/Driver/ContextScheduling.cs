using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>How a thread of the host waits for the device; the numbers are the driver's (<c>CUctx_flags</c>).</summary>
public enum ContextScheduling
{
    /// <summary>The driver decides by the number of contexts and processors.</summary>
    Automatic = (int)CUctx_flags.CU_CTX_SCHED_AUTO,

    /// <summary>The thread spins: quickest, at the price of a processor.</summary>
    Spin = (int)CUctx_flags.CU_CTX_SCHED_SPIN,

    /// <summary>The thread yields between looks.</summary>
    Yield = (int)CUctx_flags.CU_CTX_SCHED_YIELD,

    /// <summary>The thread sleeps until the device wakes it.</summary>
    BlockingSync = (int)CUctx_flags.CU_CTX_SCHED_BLOCKING_SYNC,
}
