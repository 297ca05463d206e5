using System.Runtime.InteropServices;

namespace Conformance;

/// <summary>
/// The arguments of a call to any C function, laid out by the System V calling convention for x86-64: the first six integers and pointers
/// in integer registers, the first eight floating values in vector registers, everything else, and structs passed by value that are too
/// large for registers, on the stack in parameter order, eight bytes each. A call with all six, all eight and enough stack words
/// therefore reaches every function, whatever its signature: what the function does not have, it does not look at.
/// </summary>
internal sealed unsafe class NativeCall
{
    // abi.json's longest list needs 26.
    private const int StackWords = 28;

    private readonly long[] _integers = new long[6];
    private readonly double[] _floats = new double[8];
    private readonly long[] _stack = new long[StackWords];
    private int _integerCount;
    private int _floatCount;
    private int _stackCount;

    /// <summary>Refuses other machines: the calling convention is this one's.</summary>
    public static bool IsSupported => RuntimeInformation.ProcessArchitecture == Architecture.X64 && !OperatingSystem.IsWindows();

    public void AddInteger(long value)
    {
        if (_integerCount < _integers.Length)
        {
            _integers[_integerCount++] = value;
        }
        else
        {
            AddStackWord(value);
        }
    }

    public void AddDouble(double value) => AddFloatingBits(BitConverter.DoubleToInt64Bits(value));

    public void AddFloat(float value) => AddFloatingBits(BitConverter.SingleToUInt32Bits(value));

    /// <summary>A struct passed by value in memory.</summary>
    public void AddStruct(ReadOnlySpan<long> words)
    {
        foreach (long word in words)
        {
            AddStackWord(word);
        }
    }

    public long Invoke(nint function)
    {
        long[] i = _integers;
        double[] f = _floats;
        long[] s = _stack;
        var target = (delegate* unmanaged[Cdecl]<
            long, long, long, long, long, long,
            double, double, double, double, double, double, double, double,
            long, long, long, long, long, long, long, long, long, long, long, long, long, long,
            long, long, long, long, long, long, long, long, long, long, long, long, long, long,
            long>)function;
        return target(
            i[0], i[1], i[2], i[3], i[4], i[5],
            f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7],
            s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13],
            s[14], s[15], s[16], s[17], s[18], s[19], s[20], s[21], s[22], s[23], s[24], s[25], s[26], s[27]);
    }

    // A float travels in the low half of its register or word.
    private void AddFloatingBits(long bits)
    {
        if (_floatCount < _floats.Length)
        {
            _floats[_floatCount++] = BitConverter.Int64BitsToDouble(bits);
        }
        else
        {
            AddStackWord(bits);
        }
    }

    private void AddStackWord(long value)
    {
        if (_stackCount == StackWords)
        {
            throw new InvalidOperationException($"the call needs more than {StackWords} words on the stack.");
        }

        _stack[_stackCount++] = value;
    }
}
