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

    /// <summary>From now on, what is put into the stream goes into a graph, until <see cref="StreamCapture.End"/>.</summary>
    /// <param name="mode">Which calls of which threads spoil the capture: unsafe ones of any thread (global), of this thread, or none (relaxed).</param>
    /// <exception cref="CudaException">The stream is captured already, or is the null stream.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public StreamCapture BeginCapture(CUstreamCaptureMode mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL) => new(this, mode);

    /// <summary>Runs <paramref name="enqueue"/> and returns what it put into the stream, as a graph; nothing of it is done.</summary>
    /// <param name="enqueue">Puts work into the stream. Where it throws, the capture is given up.</param>
    /// <exception cref="CudaException">The stream is captured already, is the null stream, or the capture was spoilt.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public CudaGraph Capture(Action enqueue)
    {
        ArgumentNullException.ThrowIfNull(enqueue);
        using StreamCapture capture = BeginCapture();
        enqueue();
        return capture.End();
    }
}
