namespace CudnnNet.Tests;

/// <summary>Compares a struct with what a C compiler measured: size, alignment, and the offset of one field after the other.</summary>
internal readonly unsafe struct StructLayout<T>
    where T : unmanaged
{
    private readonly byte* _start;

    public StructLayout(T* value, int size, int alignment)
    {
        _start = (byte*)value;
        Assert.That(sizeof(T), Is.EqualTo(size), $"size of {typeof(T).Name}");
        // What an attribute adds (CUtensorMap, float2, double2) cannot be said in .NET: there the caller provides it.
        Probe probe = default;
        Assert.That((byte*)&probe.Value - (byte*)&probe, Is.EqualTo(alignment), $"alignment of {typeof(T).Name}");
    }

    public void Field(string name, void* field, int offset)
        => Assert.That((byte*)field - _start, Is.EqualTo(offset), $"offset of {typeof(T).Name}.{name}");

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential)]
    private struct Probe
    {
        public byte First;
        public T Value;
    }
}
