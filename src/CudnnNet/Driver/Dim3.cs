namespace CudnnNet;

/// <summary>The extent of a grid in blocks or of a block in threads.</summary>
/// <param name="X">Along x, the fastest.</param>
/// <param name="Y">Along y.</param>
/// <param name="Z">Along z.</param>
public readonly record struct Dim3(uint X, uint Y = 1, uint Z = 1)
{
    /// <summary>The number of blocks or threads.</summary>
    public ulong Count => (ulong)X * Y * Z;

    /// <summary>The extent (<paramref name="x"/>, 1, 1).</summary>
    public static implicit operator Dim3(uint x) => new(x);

    /// <summary>"(x, y, z)".</summary>
    public override string ToString() => $"({X}, {Y}, {Z})";
}
