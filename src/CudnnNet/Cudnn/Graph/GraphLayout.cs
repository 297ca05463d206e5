namespace CudnnNet;

/// <summary>Strides of packed tensors, for results that nobody gave any.</summary>
internal static class GraphLayout
{
    /// <summary>The last dimension fastest.</summary>
    public static long[] Packed(ReadOnlySpan<long> dimensions) => Packed(dimensions, [.. Enumerable.Range(0, dimensions.Length)]);

    /// <summary>Channels (dimension 1) fastest, then the last dimension, up to dimension 2, then 0: N, ..., H, W, C in memory.</summary>
    public static long[] ChannelsLast(ReadOnlySpan<long> dimensions) =>
        dimensions.Length < 3 ? Packed(dimensions) : Packed(dimensions, [0, .. Enumerable.Range(2, dimensions.Length - 2), 1]);

    /// <summary>Packed with dimensions in the order another tensor has them.</summary>
    public static long[] PackedLike(ReadOnlySpan<long> dimensions, GraphTensor other)
    {
        long[] extents = other.Extents;
        long[] steps = other.Steps;
        if (extents.Length != dimensions.Length)
        {
            return Packed(dimensions);
        }

        if (IsChannelsLast(extents, steps))
        {
            return ChannelsLast(dimensions);
        }

        // Dimensions of one element say nothing of the order; they stay where the order of their strides, or else of their index, puts them.
        int[] slowestFirst = [.. Enumerable.Range(0, dimensions.Length)];
        Array.Sort(slowestFirst, (a, b) => steps[a] != steps[b] ? steps[b].CompareTo(steps[a]) : a.CompareTo(b));
        return Packed(dimensions, slowestFirst);
    }

    /// <summary>Whether the strides are those of packed channels-last memory.</summary>
    public static bool IsChannelsLast(ReadOnlySpan<long> dimensions, ReadOnlySpan<long> strides) =>
        dimensions.Length >= 3 && strides[1] == 1 && strides.SequenceEqual(ChannelsLast(dimensions));

    private static long[] Packed(ReadOnlySpan<long> dimensions, int[] slowestFirst)
    {
        long[] strides = new long[dimensions.Length];
        long step = 1;
        for (int i = slowestFirst.Length - 1; i >= 0; i--)
        {
            strides[slowestFirst[i]] = step;
            step *= Math.Max(1, dimensions[slowestFirst[i]]);
        }

        return strides;
    }
}
