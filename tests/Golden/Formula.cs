using System.Runtime.CompilerServices;
using System.Text;

namespace Golden;

/// <summary>
/// The formula every input follows from: output number i of a SplitMix64 generator seeded with the FNV-1a hash of the tensor's name.
/// </summary>
public static class Formula
{
    private const ulong GoldenRatio = 0x9E3779B97F4A7C15;

    /// <summary>FNV-1a, 64 bits, over the UTF-8 bytes of the name.</summary>
    public static ulong Seed(string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte octet in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ octet) * 0x100000001B3;
        }

        return hash;
    }

    /// <summary>The 64-bit hash of element <paramref name="index"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Hash(ulong seed, long index) => Mix(seed + (((ulong)index + 1) * GoldenRatio));

    /// <summary>The upper 24 bits of the hash: a whole number below 2^24.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Draw(ulong seed, long index) => (int)(Hash(seed, index) >> 40);

    /// <summary>The weight of element <paramref name="index"/> in a projection: a number of [-1, 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Weight(ulong seed, long index) => (Draw(seed, index) * Math.ScaleB(1, -23)) - 1;

    /// <summary>The linear index a sample of a tensor of <paramref name="size"/> elements stands at.</summary>
    public static long SampleIndex(ulong seed, long sample, long size) => (Draw(seed, sample) * size) >> 24;

    /// <summary>
    /// Fills a tensor with numbers of [offset - bound, offset + bound), beginning at element <paramref name="first"/>.
    /// The product and the sum are rounded to float one after the other, as the reference does.
    /// </summary>
    public static void Uniform(ulong seed, long first, float bound, float offset, Span<float> destination)
    {
        const float Step = 1f / (1 << 23);
        ulong state = seed + ((ulong)first * GoldenRatio);
        if (offset == 0)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                state += GoldenRatio;
                destination[i] = (((int)(Mix(state) >> 40) * Step) - 1) * bound;
            }

            return;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            state += GoldenRatio;
            // C# never contracts the two into a fused multiply-add; the cast keeps the product a float.
            float product = (float)((((int)(Mix(state) >> 40) * Step) - 1) * bound);
            destination[i] = product + offset;
        }
    }

    /// <summary>The whole number drawn for element <paramref name="index"/>: one of low .. low + count - 1.</summary>
    public static long Whole(ulong seed, long index, long low, long count) => low + ((Draw(seed, index) * count) >> 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
