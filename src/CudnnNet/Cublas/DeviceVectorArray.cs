using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Vectors of one length anywhere in device memory, found through an array of pointers that lies there too.</summary>
/// <typeparam name="T">The element, as of <see cref="DeviceVector{T}"/>.</typeparam>
/// <remarks>As <see cref="DeviceMatrixArray{T}"/>.</remarks>
public readonly record struct DeviceVectorArray<T>
    where T : unmanaged
{
    /// <summary>Vectors of <paramref name="length"/> elements, one a pointer.</summary>
    /// <param name="pointers">The lowest addresses of their elements.</param>
    /// <param name="length">The number of elements of each; may be 0.</param>
    /// <param name="increment">From one element to the next; negative for vectors that run backwards.</param>
    /// <exception cref="ArgumentException">The length is negative.</exception>
    public DeviceVectorArray(DeviceSpan<DevicePointer> pointers, long length, long increment = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Pointers = pointers;
        Length = length;
        Increment = increment;
    }

    /// <summary>The addresses of the vectors.</summary>
    public DeviceSpan<DevicePointer> Pointers { get; }

    /// <summary>The number of vectors.</summary>
    public long Count => Pointers.Length;

    /// <summary>The number of elements of each.</summary>
    public long Length { get; }

    /// <summary>From one element to the next.</summary>
    public long Increment { get; }

    internal unsafe void** Raw => (void**)Pointers.Address;

    // By the letters of BLAS.
    internal unsafe float** S => (float**)Pointers.Address;

    internal unsafe double** D => (double**)Pointers.Address;

    internal unsafe float2** C => (float2**)Pointers.Address;

    internal unsafe double2** Z => (double2**)Pointers.Address;
}
