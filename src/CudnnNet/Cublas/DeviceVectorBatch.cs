using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Vectors of one length in device memory, the same distance apart.</summary>
/// <typeparam name="T">The element, as of <see cref="DeviceVector{T}"/>.</typeparam>
/// <remarks>It owns nothing and keeps nothing alive.</remarks>
public readonly record struct DeviceVectorBatch<T>
    where T : unmanaged
{
    /// <summary>Vectors of <paramref name="length"/> elements, the first at the start of <paramref name="elements"/>.</summary>
    /// <param name="elements">The memory.</param>
    /// <param name="length">The number of elements of each; may be 0.</param>
    /// <param name="count">The number of vectors; may be 0.</param>
    /// <param name="increment">From one element to the next; negative for vectors that run backwards.</param>
    /// <param name="stride">Elements from one vector to the next; 0 takes the same again; null: length · |increment|.</param>
    /// <exception cref="ArgumentException">A size or the stride is negative or the span too short.</exception>
    public DeviceVectorBatch(DeviceSpan<T> elements, long length, long count, long increment = 1, long? stride = null)
    {
        Stride = stride ?? checked(length * Math.Abs(increment));
        long needed = length <= 0 || count <= 0 ? 0 : checked(((count - 1) * Stride) + ((length - 1) * Math.Abs(increment)) + 1);
        if (length < 0 || count < 0 || Stride < 0 || elements.Length < needed)
        {
            Throw(length, count, increment, Stride, needed, elements.Length);
        }

        Pointer = elements.Pointer;
        Length = length;
        Count = count;
        Increment = increment;
    }

    /// <summary>The address of the first vector.</summary>
    public DevicePointer Pointer { get; }

    /// <summary>The number of vectors.</summary>
    public long Count { get; }

    /// <summary>The number of elements of each.</summary>
    public long Length { get; }

    /// <summary>From one element to the next.</summary>
    public long Increment { get; }

    /// <summary>Elements from one vector to the next.</summary>
    public long Stride { get; }

    /// <summary>Vector number <paramref name="index"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such vector.</exception>
    public DeviceVector<T> this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return new(Pointer.Offset(index * Stride * Unsafe.SizeOf<T>()), Length, Increment);
        }
    }

    internal unsafe void* Raw => Pointer.Raw;

    // By the letters of BLAS.
    internal unsafe float* S => (float*)Pointer.Raw;

    internal unsafe double* D => (double*)Pointer.Raw;

    internal unsafe float2* C => (float2*)Pointer.Raw;

    internal unsafe double2* Z => (double2*)Pointer.Raw;

    /// <summary>Type, number and length.</summary>
    public override string ToString() => $"{Count} of {new DeviceVector<T>(Pointer, Length, Increment)}, {Stride} elements apart";

    [DoesNotReturn]
    private static void Throw(long length, long count, long increment, long stride, long needed, long available) => throw new ArgumentException(
        length < 0 || count < 0 || stride < 0
            ? $"A batch has {count} vectors of {length} elements that lie {stride} elements apart; none of these may be negative."
            : $"{count} vectors of {length} elements with the increment {increment}, {stride} elements apart, take {needed} elements; the span has {available}.");
}
