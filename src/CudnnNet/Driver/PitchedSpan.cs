using System.Globalization;
using System.Runtime.CompilerServices;

namespace CudnnNet;

/// <summary>Rows of elements on the device, each row <see cref="PitchBytes"/> after the one before: a part of a matrix, or padded rows.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
/// <remarks>It owns nothing and keeps nothing alive, as <see cref="DeviceSpan{T}"/>.</remarks>
public readonly record struct PitchedSpan<T>
    where T : unmanaged
{
    /// <summary>Rows from an address on.</summary>
    /// <param name="address">The device address of the first element.</param>
    /// <param name="width">Elements in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="pitchBytes">From the start of a row to the start of the next, in bytes; at least a row.</param>
    /// <exception cref="ArgumentException">Width or height is negative, the pitch is less than a row, or the address is null while there are elements.</exception>
    public PitchedSpan(ulong address, long width, long height, long pitchBytes)
    {
        if (width < 0 || height < 0 || pitchBytes < width * Unsafe.SizeOf<T>() || (address == 0 && width != 0 && height != 0))
        {
            throw new ArgumentException(
                $"{height} rows of {width} elements of {typeof(T).Name} with a pitch of {pitchBytes} bytes at the device address 0x{address:x} are not a range of memory. "
                + "Pass the address of an allocation and a pitch of at least a row.", nameof(pitchBytes));
        }

        Address = address;
        Width = width;
        Height = height;
        PitchBytes = pitchBytes;
    }

    /// <summary>The device address of the first element.</summary>
    public ulong Address { get; }

    /// <summary>Elements in a row.</summary>
    public long Width { get; }

    /// <summary>The number of rows.</summary>
    public long Height { get; }

    /// <summary>From the start of a row to the start of the next, in bytes.</summary>
    public long PitchBytes { get; }

    /// <summary>The bytes of a row that hold elements.</summary>
    public long RowBytes => Width * Unsafe.SizeOf<T>();

    /// <summary>Whether there are no elements.</summary>
    public bool IsEmpty => Width == 0 || Height == 0;

    /// <summary>One row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public DeviceSpan<T> Row(long row)
    {
        if ((ulong)row >= (ulong)Height)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"Row {row} was asked for; there are {Height}, numbered from 0.");
        }

        return new(Address + (ulong)(row * PitchBytes), Width);
    }

    /// <summary>A rectangle of the rows.</summary>
    /// <param name="x">The first element of each row.</param>
    /// <param name="y">The first row.</param>
    /// <param name="width">Elements in a row.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rectangle does not lie inside.</exception>
    public PitchedSpan<T> Slice(long x, long y, long width, long height)
    {
        if ((ulong)x > (ulong)Width || (ulong)width > (ulong)(Width - x) || (ulong)y > (ulong)Height || (ulong)height > (ulong)(Height - y))
        {
            throw new ArgumentOutOfRangeException(nameof(x), $"The rectangle of {width} x {height} elements at ({x}, {y}) does not lie inside {Width} x {Height} elements.");
        }

        return new(Address + (ulong)((y * PitchBytes) + (x * Unsafe.SizeOf<T>())), width, height, PitchBytes);
    }

    /// <summary>Type, extent, pitch and address.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"PitchedSpan<{typeof(T).Name}>[{Height} rows of {Width}, pitch {PitchBytes} bytes] at 0x{Address:x}");
}
