using System.Globalization;

namespace CudnnNet;

/// <summary>An address on the device, without type or length. Owners and spans of device memory convert to it.</summary>
/// <param name="Address">The device address (<c>CUdeviceptr</c>); 0 is null.</param>
/// <remarks>It owns nothing and keeps nothing alive: who passes it on sees to it that the memory outlives the work queued on it.</remarks>
public readonly record struct DevicePointer(ulong Address)
{
    /// <summary>The null address, for arguments that may be left out.</summary>
    public static DevicePointer Null => default;

    /// <summary>Whether the address is 0.</summary>
    public bool IsNull => Address == 0;

    /// <summary>The address <paramref name="bytes"/> further on.</summary>
    public DevicePointer Offset(long bytes) => new(Address + (ulong)bytes);

    /// <summary>The address in hexadecimal.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Address:x}");

    internal unsafe void* Raw => (void*)Address;

    /// <summary>The raw address of an argument that must not be null.</summary>
    /// <exception cref="ArgumentNullException">The address is null.</exception>
    internal unsafe void* Required(string name)
    {
        if (Address == 0)
        {
            Throw(name);
        }

        return (void*)Address;

        static void Throw(string name) =>
            throw new ArgumentNullException(name, $"The device address '{name}' is null. Pass memory that CudaContext.Allocate returned, or a DeviceSpan.");
    }
}
