namespace CudnnNet;

/// <summary>How cuDNN proposes engines for a graph; the numbers are cuDNN's (cudnnBackendHeurMode_t).</summary>
public enum HeuristicMode
{
    /// <summary>At once, by a decision tree.</summary>
    Instant = 0,

    /// <summary>By a model, slower to answer and more accurate, where there is one; else as <see cref="A"/>.</summary>
    B = 1,

    /// <summary>Engines that work, without regard to speed: for graphs the others have no answer to.</summary>
    Fallback = 2,

    /// <summary>The usual one: the engine expected to be fastest first.</summary>
    A = 3,
}
