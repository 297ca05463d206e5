using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudnnNet;

/// <summary>alpha or beta as cuDNN reads it from host memory: a double for tensors of double, a float for everything narrower.</summary>
[StructLayout(LayoutKind.Explicit)]
internal readonly struct ScalingFactor
{
    [FieldOffset(0)]
    private readonly double _wide;

    [FieldOffset(0)]
    private readonly float _narrow;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ScalingFactor(double value, DataType type)
    {
        Unsafe.SkipInit(out this);
        if (type == DataType.Float64)
        {
            _wide = value;
        }
        else
        {
            _narrow = (float)value;
        }
    }
}
