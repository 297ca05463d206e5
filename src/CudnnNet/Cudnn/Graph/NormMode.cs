namespace CudnnNet;

/// <summary>Over which elements a normalisation of an <see cref="OperationGraph"/> takes mean and variance; the numbers are cuDNN's (cudnnBackendNormMode_t).</summary>
public enum NormMode
{
    /// <summary>Over all of a sample.</summary>
    Layer = 0,

    /// <summary>Over the pixels of a channel of a sample.</summary>
    Instance = 1,

    /// <summary>Over the pixels of a channel of all samples.</summary>
    Batch = 2,

    /// <summary>Over groups of channels of a sample.</summary>
    Group = 3,

    /// <summary>Over all of a sample, without subtracting the mean: divided by the root of the mean of squares.</summary>
    Rms = 4,
}
