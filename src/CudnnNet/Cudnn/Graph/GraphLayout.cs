namespace CudnnNet;

/// <summary>Strides of packed tensors, for results that nobody gave any.</summary>
internal static class GraphLayout
{
    /// <summary>The last dimension fastest.</summary>
    public static long[] Packed(ReadOnlySpan<long> dimensions)
    {
        long[] strides = new long[dimensions.Length];
        long step = 1;
        for (int i = dimensions.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= Math.Max(1, dimensions[i]);
        }

        return strides;
    }

    /// <summary>Channels (dimension 1) fastest, then the last dimension, up to dimension 2, then 0: N, ..., H, W, C in memory.</summary>
    public static long[] ChannelsLast(ReadOnlySpan<long> dimensions)
    {
        if (dimensions.Length < 3)
        {
            return Packed(dimensions);
        }

        long[] strides = new long[dimensions.Length];
        strides[1] = 1;
        long step = Math.Max(1, dimensions[1]);
        for (int i = dimensions.Length - 1; i >= 2; i--)
        {
            strides[i] = step;
            step *= Math.Max(1, dimensions[i]);
        }

        strides[0] = step;
        return strides;
    }

    /// <summary>Packed with dimensions in the order another tensor has them.</summary>
    public static long[] PackedLike(ReadOnlySpan<long> dimensions, GraphTensor other)
    {
        long[] extents = other.Extents;
        long[] steps = other.Steps;
        int rank = dimensions.Length;
        if (extents.Length != rank)
        {
            return Packed(dimensions);
        }

        // Slowest first. Dimensions of one element say nothing of the order; they stay where the order of their strides, or else of their index, puts them.
        int[] order = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            order[i] = i;
        }

        if (IsChannelsLast(extents, steps))
        {
            return ChannelsLast(dimensions);
        }

        Array.Sort(order, (a, b) => steps[a] != steps[b] ? steps[b].CompareTo(steps[a]) : a.CompareTo(b));
        long[] strides = new long[rank];
        long step = 1;
        for (int i = rank - 1; i >= 0; i--)
        {
            strides[order[i]] = step;
            step *= Math.Max(1, dimensions[order[i]]);
        }

        return strides;
    }

    /// <summary>Whether the strides are those of packed channels-last memory.</summary>
    public static bool IsChannelsLast(ReadOnlySpan<long> dimensions, ReadOnlySpan<long> strides) =>
        dimensions.Length >= 3 && strides[1] == 1 && strides.SequenceEqual(ChannelsLast(dimensions));
}
