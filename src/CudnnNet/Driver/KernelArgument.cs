using System.Runtime.CompilerServices;

namespace CudnnNet;

/// <summary>One argument of a kernel, of 8 bytes at most, for launches whose arguments are only known at run time.</summary>
public readonly struct KernelArgument
{
    internal readonly ulong Bits;

    private KernelArgument(ulong bits, int bytes)
    {
        Bits = bits;
        Bytes = bytes;
    }

    /// <summary>The argument's size in bytes.</summary>
    public int Bytes { get; }

    /// <summary>A device address.</summary>
    public static implicit operator KernelArgument(DevicePointer value) => From(value.Address);

    /// <summary>A 32-bit number.</summary>
    public static implicit operator KernelArgument(int value) => From(value);

    /// <summary>A 32-bit number.</summary>
    public static implicit operator KernelArgument(uint value) => From(value);

    /// <summary>A 64-bit number.</summary>
    public static implicit operator KernelArgument(long value) => From(value);

    /// <summary>A 64-bit number or a device address.</summary>
    public static implicit operator KernelArgument(ulong value) => From(value);

    /// <summary>A number of single precision.</summary>
    public static implicit operator KernelArgument(float value) => From(value);

    /// <summary>A number of double precision.</summary>
    public static implicit operator KernelArgument(double value) => From(value);

    /// <summary>Any value of at most 8 bytes.</summary>
    /// <typeparam name="T">The type, laid out as the kernel's parameter.</typeparam>
    /// <exception cref="ArgumentException">The type is larger than 8 bytes.</exception>
    public static KernelArgument From<T>(T value)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() > sizeof(ulong))
        {
            throw new ArgumentException(
                $"{typeof(T).Name} has {Unsafe.SizeOf<T>()} bytes; a KernelArgument holds 8. Use a CudaKernel.Launch with typed arguments.", nameof(value));
        }

        ulong bits = 0;
        Unsafe.WriteUnaligned(ref Unsafe.As<ulong, byte>(ref bits), value);
        return new(bits, Unsafe.SizeOf<T>());
    }
}
