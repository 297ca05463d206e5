using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The time during which what is put into a stream goes into a graph instead of being done. Made by <see cref="CudaStream.BeginCapture"/>.</summary>
/// <remarks>
/// Other streams join by waiting for an event recorded in this one, and must be joined back before <see cref="End"/>. Whatever would wait for the
/// device fails meanwhile and spoils the capture. Disposing without <see cref="End"/> gives the capture up.
/// </remarks>
public sealed unsafe class StreamCapture : IDisposable
{
    private readonly CudaStream _stream;
    private bool _open = true;

    internal StreamCapture(CudaStream stream, CUstreamCaptureMode mode)
    {
        _stream = stream;
        Cuda.Check(Cuda.cuStreamBeginCapture_v2(stream.Enter(), mode));
    }

    /// <summary>Ends the capture and returns what was captured.</summary>
    /// <exception cref="CudaException">The capture was spoilt, for instance by a call that waits or by a stream that was not joined back.</exception>
    /// <exception cref="InvalidOperationException">The capture has ended.</exception>
    public CudaGraph End()
    {
        if (!_open)
        {
            throw new InvalidOperationException("The capture was to be ended a second time. Begin another one.");
        }

        _open = false;
        _stream.Context.EnsureCurrent();
        CUgraph graph;
        CUresult status = Cuda.cuStreamEndCapture(_stream.KeptHandle, &graph);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw(
                "cuStreamEndCapture", status,
                "A stream was captured; nothing may wait for the device meanwhile, and every stream that joined by an event must be joined back by one");
        }

        return new(_stream.Context, graph);
    }

    /// <summary>Gives up a capture that was not ended; after <see cref="End"/> it does nothing.</summary>
    public void Dispose()
    {
        if (_open)
        {
            _open = false;
            CUgraph graph = default;
            if (_stream.Context.TryEnsureCurrent() && Cuda.cuStreamEndCapture(_stream.KeptHandle, &graph) == CUresult.CUDA_SUCCESS && graph != default)
            {
                _ = Cuda.cuGraphDestroy(graph);
            }
        }
    }
}
