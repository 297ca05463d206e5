using System.Globalization;
using System.Runtime.CompilerServices;

namespace CudnnNet;

/// <summary>A run of elements in device memory: an address and a length. The device's counterpart of <see cref="Span{T}"/>.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
/// <remarks>
/// Made from a <see cref="DeviceMemory{T}"/>, or from somebody else's pointer. It owns nothing and keeps nothing alive: who passes it on
/// sees to it that the memory outlives the work queued on it.
/// </remarks>
public readonly record struct DeviceSpan<T>
    where T : unmanaged
{
    /// <summary>The span of <paramref name="length"/> elements at <paramref name="address"/>.</summary>
    /// <param name="address">The device address in bytes (<c>CUdeviceptr</c>).</param>
    /// <param name="length">The number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="ArgumentException">The address is null though the length is not 0, or the span does not fit into 64-bit addresses.</exception>
    public DeviceSpan(ulong address, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if ((address == 0 && length != 0) || (UInt128)address + ((UInt128)(ulong)length * (ulong)Unsafe.SizeOf<T>()) > ulong.MaxValue)
        {
            throw new ArgumentException(
                $"{length} elements of {typeof(T).Name} at the device address 0x{address:x} are not a range of memory. Pass the address of an allocation.", nameof(address));
        }

        Address = address;
        Length = length;
    }

    /// <summary>The device address of the first element.</summary>
    public ulong Address { get; }

    /// <summary>The length in elements.</summary>
    public long Length { get; }

    /// <summary>The length in bytes.</summary>
    public long Bytes => Length * Unsafe.SizeOf<T>();

    /// <summary>Whether the span has no elements.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>The untyped address.</summary>
    public DevicePointer Pointer => new(Address);

    /// <summary>The untyped address of <paramref name="span"/>.</summary>
    public static implicit operator DevicePointer(DeviceSpan<T> span) => new(span.Address);

    /// <summary>The rest of the span from element <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> lies outside the span.</exception>
    public DeviceSpan<T> Slice(long start) => Slice(start, Length - start);

    /// <summary><paramref name="length"/> elements from element <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the span.</exception>
    public DeviceSpan<T> Slice(long start, long length)
    {
        if ((ulong)start > (ulong)Length || (ulong)length > (ulong)(Length - start))
        {
            ThrowOutside(start, length, Length);
        }

        return new(Address + ((ulong)start * (ulong)Unsafe.SizeOf<T>()), length);

        static void ThrowOutside(long start, long length, long available) => throw new ArgumentOutOfRangeException(
            nameof(start), $"The part of {length} elements from element {start} on does not lie inside a span of {available} elements.");
    }

    /// <summary>The same bytes as elements of another type.</summary>
    /// <typeparam name="TOther">The other element type.</typeparam>
    /// <exception cref="ArgumentException">The bytes are no whole number of such elements.</exception>
    public DeviceSpan<TOther> Cast<TOther>()
        where TOther : unmanaged
    {
        (long length, long rest) = Math.DivRem(Bytes, Unsafe.SizeOf<TOther>());
        if (rest != 0)
        {
            throw new ArgumentException(
                $"{Length} elements of {typeof(T).Name} ({Bytes} bytes) are no whole number of {typeof(TOther).Name} ({Unsafe.SizeOf<TOther>()} bytes each). Slice the span first.");
        }

        return new(Address, length);
    }

    /// <summary>Type, length and address.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"DeviceSpan<{typeof(T).Name}>[{Length}] at 0x{Address:x}");
}
