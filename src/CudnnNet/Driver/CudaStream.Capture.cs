using CudnnNet.Interop;

namespace CudnnNet;

/// <content>Capture of the stream's work into a graph.</content>
public sealed unsafe partial class CudaStream
{
    /// <summary>Whether what is put into the stream now goes into a graph instead of being done.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public bool IsCapturing => CaptureStatus != CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE;

    /// <summary>Whether the stream is captured, and whether that capture can still succeed.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public CUstreamCaptureStatus CaptureStatus
    {
        get
        {
            CUstreamCaptureStatus status;
            Cuda.Check(Cuda.cuStreamIsCapturing(Enter(), &status));
            return status;
        }
    }
}
