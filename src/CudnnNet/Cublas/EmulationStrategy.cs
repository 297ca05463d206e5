namespace CudnnNet;

/// <summary>When cuBLAS emulates single and double precision on narrower units, where the math mode allows it; the numbers are cuBLAS's.</summary>
public enum EmulationStrategy
{
    /// <summary>As cuBLAS thinks best, or as its environment variable says.</summary>
    Default = 0,

    /// <summary>Where it is faster.</summary>
    Performant = 1,

    /// <summary>Wherever it is possible.</summary>
    Eager = 2,
}
