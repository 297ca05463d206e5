using System.Runtime.CompilerServices;
using CudnnNet;

namespace ResNet;

/// <summary>
/// A buffer of a pass: known by size while the pass is put together, by address once the memory plan has placed it. Operations hold
/// the object and read its address when they run.
/// </summary>
public sealed class PlannedTensor
{
    internal PlannedTensor(string name, TensorShape shape, long bytes)
    {
        Name = name;
        Shape = shape;
        Bytes = bytes;
    }

    /// <summary>What it holds, e.g. <c>layer1.0.conv1</c>.</summary>
    public string Name { get; }

    /// <summary>The tensor's shape; empty for workspaces and the like, where a row of bytes is all there is.</summary>
    public TensorShape Shape { get; }

    /// <summary>Its size, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The first operation that uses it, by its number in <see cref="OperationList.Operations"/>; <see cref="int.MaxValue"/> where none does.</summary>
    public int FirstUse { get; private set; } = int.MaxValue;

    /// <summary>The last operation that uses it, likewise; -1 where none does.</summary>
    public int LastUse { get; private set; } = -1;

    /// <summary>Its place in the arena, in bytes; -1 until planned.</summary>
    public long Offset { get; internal set; } = -1;

    /// <summary>Its address; null until the arena exists.</summary>
    public DevicePointer Pointer { get; private set; }

    /// <summary>It as a row of elements of a type.</summary>
    /// <typeparam name="T">The type the operations write, by <see cref="TensorShape.Type"/>.</typeparam>
    public DeviceSpan<T> Elements<T>()
        where T : unmanaged => new(Pointer.Address, Bytes / Unsafe.SizeOf<T>());

    /// <summary>It as a row of bytes.</summary>
    public DeviceSpan<byte> Raw => new(Pointer.Address, Bytes);

    internal void UsedBy(int operation)
    {
        FirstUse = Math.Min(FirstUse, operation);
        LastUse = Math.Max(LastUse, operation);
    }

    internal bool LivesTogetherWith(PlannedTensor other) => FirstUse <= other.LastUse && other.FirstUse <= LastUse;

    internal void Place(DeviceSpan<byte> arena) => Pointer = arena.Slice(Offset, Bytes);
}
