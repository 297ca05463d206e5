using System.Numerics;

namespace ResNet;

/// <summary>
/// xoshiro256** of Blackman and Vigna (2018), seeded by SplitMix64: the same numbers on every machine (integers, and of floating point only
/// what IEEE 754 defines to the last bit), and a state of four words that can be saved and restored.
/// </summary>
public sealed class RandomSequence
{
    private readonly ulong[] _state = new ulong[4];

    /// <summary>Starts the sequence of a seed.</summary>
    public RandomSequence(ulong seed)
    {
        for (int i = 0; i < _state.Length; i++)
        {
            seed += 0x9E3779B97F4A7C15;
            ulong z = seed;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            _state[i] = z ^ (z >> 31);
        }
    }

    /// <summary>The state as four words in hexadecimal.</summary>
    public string State
    {
        get => string.Join('-', _state.Select(word => word.ToString("x16", System.Globalization.CultureInfo.InvariantCulture)));
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            string[] words = value.Split('-');
            ulong[] parsed = new ulong[4];
            for (int i = 0; i < parsed.Length; i++)
            {
                if (words.Length != 4 || !ulong.TryParse(words[i], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture, out parsed[i]))
                {
                    throw new FormatException($"'{value}' is not the state of a random sequence: four words in hexadecimal joined by '-' are.");
                }
            }

            if (parsed.All(word => word == 0))
            {
                throw new FormatException("the state of a random sequence is never all zeros.");
            }

            parsed.CopyTo(_state, 0);
        }
    }

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        ulong result = BitOperations.RotateLeft(_state[1] * 5, 7) * 9;
        ulong t = _state[1] << 17;
        _state[2] ^= _state[0];
        _state[3] ^= _state[1];
        _state[1] ^= _state[2];
        _state[0] ^= _state[3];
        _state[2] ^= t;
        _state[3] = BitOperations.RotateLeft(_state[3], 45);
        return result;
    }

    /// <summary>A number in [0, 1), a multiple of 2^-53.</summary>
    public double NextUnit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number in [0, bound), every one equally likely (Lemire, 2019).</summary>
    public uint NextBelow(uint bound)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bound);
        ulong product = (Next() >> 32) * bound;
        uint threshold = (0u - bound) % bound;
        while ((uint)product < threshold)
        {
            product = (Next() >> 32) * bound;
        }

        return (uint)(product >> 32);
    }

    /// <summary>A number of the standard normal distribution (Marsaglia's polar method; the second of the pair is dropped).</summary>
    public double NextNormal()
    {
        while (true)
        {
            double u = (2 * NextUnit()) - 1;
            double v = (2 * NextUnit()) - 1;
            double square = (u * u) + (v * v);
            if (square is > 0 and < 1)
            {
                return u * Math.Sqrt(-2 * Logarithm(square) / square);
            }
        }
    }

    /// <summary>0 .. count - 1 in random order (Fisher and Yates).</summary>
    public void Permute(Span<uint> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = (uint)i;
        }

        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = (int)NextBelow((uint)i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
    }

    // The natural logarithm of a positive, normal number to some 1e-16: with value = m 2^e, log m = 2 artanh((m - 1) / (m + 1)).
    // Machines differ in the last bit of their own logarithm; sums, products and quotients are the same on all.
    private static double Logarithm(double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int exponent = (int)(bits >> 52) - 1023;
        double mantissa = BitConverter.UInt64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (mantissa > 1.4142135623730951)
        {
            mantissa /= 2;
            exponent++;
        }

        // |t| is at most 0.172, so that the term after the last is below 1e-19.
        double t = (mantissa - 1) / (mantissa + 1);
        double square = t * t;
        double series = 0;
        for (int power = 23; power >= 1; power -= 2)
        {
            series = (series * square) + (1.0 / power);
        }

        return (2 * t * series) + (exponent * 0.6931471805599453);
    }
}
