using CudnnNet;

namespace ResNet;

/// <summary>
/// Work that is enqueued over and over: the first time call by call, which also lets the libraries load what they load late, and from the
/// second time on as one CUDA graph. Where it cannot be captured it stays call by call, with the same numbers.
/// </summary>
internal sealed class ReplayedWork(CudaStream stream, Action enqueue, bool capture) : IDisposable
{
    private bool _ranBefore;
    private CudaGraphExecutable? _graph;

    /// <summary>Whether it is enqueued as one graph by now.</summary>
    public bool IsGraph => _graph is not null;

    /// <summary>Why it could not be captured; null where it was, or was not tried.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>Enqueues everything once.</summary>
    public void Enqueue()
    {
        if (_graph is null && _ranBefore && capture && Obstacle is null)
        {
            Capture();
        }

        if (_graph is { } graph)
        {
            graph.Launch(stream);
        }
        else
        {
            enqueue();
            _ranBefore = true;
        }
    }

    public void Dispose()
    {
        _graph?.Dispose();
        _graph = null;
    }

    private void Capture()
    {
        try
        {
            using CudaGraph captured = stream.Capture(enqueue);
            _graph = captured.Instantiate();
            _graph.Upload(stream);
        }
        catch (Exception e) when (e is CudaException or CudnnException or CublasException)
        {
            _graph?.Dispose();
            _graph = null;
            Obstacle = e.Message;
        }
    }
}
