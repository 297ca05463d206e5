using System.Diagnostics.CodeAnalysis;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A vector in device memory: where it is, its length and the distance of its elements.</summary>
/// <typeparam name="T">The element: <see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/>, <see cref="System.Numerics.Complex"/>,
/// <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
/// <remarks>
/// <para>A span or memory of the device converts to the vector of all its elements.</para>
/// <para>It owns nothing and keeps nothing alive: who passes it on sees to it that the memory outlives the work queued on it.</para>
/// </remarks>
public readonly record struct DeviceVector<T>
    where T : unmanaged
{
    /// <summary>The vector of <paramref name="length"/> elements in <paramref name="elements"/>.</summary>
    /// <param name="elements">The memory.</param>
    /// <param name="length">The number of elements; may be 0.</param>
    /// <param name="increment">
    /// From one element to the next. With a negative increment the vector runs backwards, and its last element is the first of <paramref name="elements"/>, as in BLAS.
    /// With 0 the same element is taken again and again, where the operation allows it.
    /// </param>
    /// <exception cref="ArgumentException">The length is negative or the span too short.</exception>
    public DeviceVector(DeviceSpan<T> elements, long length, long increment = 1)
    {
        if (length < 0)
        {
            ThrowNegative(length);
        }

        long needed = length == 0 ? 0 : checked(((length - 1) * Math.Abs(increment)) + 1);
        if (elements.Length < needed)
        {
            ThrowTooShort(length, increment, needed, elements.Length);
        }

        Pointer = elements.Pointer;
        Length = length;
        Increment = increment;
    }

    internal DeviceVector(DevicePointer pointer, long length, long increment)
    {
        Pointer = pointer;
        Length = length;
        Increment = increment;
    }

    /// <summary>The lowest address of an element.</summary>
    public DevicePointer Pointer { get; }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>Elements from one to the next; negative for a vector that runs backwards.</summary>
    public long Increment { get; }

    /// <summary>The same elements from the last to the first.</summary>
    public DeviceVector<T> Reversed => new(Pointer, Length, -Increment);

    internal unsafe void* Raw => Pointer.Raw;

    // By the letters of BLAS.
    internal unsafe float* S => (float*)Pointer.Raw;

    internal unsafe double* D => (double*)Pointer.Raw;

    internal unsafe float2* C => (float2*)Pointer.Raw;

    internal unsafe double2* Z => (double2*)Pointer.Raw;

    /// <summary>The vector of all elements of <paramref name="elements"/>.</summary>
    public static implicit operator DeviceVector<T>(DeviceSpan<T> elements) => new(elements.Pointer, elements.Length, 1);

    /// <summary>The vector of all elements of <paramref name="memory"/>.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="memory"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public static implicit operator DeviceVector<T>(DeviceMemory<T> memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.Span;
    }

    /// <summary>Type, length and address.</summary>
    public override string ToString() => $"DeviceVector<{typeof(T).Name}>[{Length}, increment {Increment}] at {Pointer}";

    [DoesNotReturn]
    private static void ThrowNegative(long length) => throw new ArgumentException($"A vector has {length} elements; that may not be negative.");

    [DoesNotReturn]
    private static void ThrowTooShort(long length, long increment, long needed, long available) => throw new ArgumentException(
        $"A vector of {length} elements with the increment {increment} takes {needed} elements; the span has {available}.");
}
