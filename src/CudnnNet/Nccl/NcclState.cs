namespace CudnnNet;

/// <summary>How a communicator is; the numbers are NCCL's.</summary>
public enum NcclState
{
    /// <summary>It can be used.</summary>
    Ready = 0,

    /// <summary>An operation of the device failed.</summary>
    DeviceError = 1,

    /// <summary>A call of the operating system failed, or a rank did not come in time.</summary>
    SystemError = 2,

    /// <summary>NCCL itself failed.</summary>
    InternalError = 3,

    /// <summary>A call had a wrong argument.</summary>
    InvalidArgument = 4,

    /// <summary>The ranks' calls do not fit together.</summary>
    InvalidUsage = 5,

    /// <summary>Another rank has ended, was aborted or cannot be reached any more.</summary>
    RemoteError = 6,

    /// <summary>Still busy in the background.</summary>
    Busy = 7,
}
