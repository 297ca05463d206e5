using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>An operation of cuDNN, made once of its descriptors and run as often as wanted.</summary>
/// <remarks>
/// <para>Running puts the work into the handle's stream and returns: it allocates nothing, neither managed nor on the device, and waits for nothing.
/// Device memory is the caller's and must outlive the work.</para>
/// <para>Every operation blends: destination = alpha · result + beta · destination. With beta = 0 the destination is not read and may hold anything.</para>
/// <para>Using a disposed operation throws <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public abstract class CudnnOperation : NativeOwner
{
    private readonly List<NativeOwner> _descriptors = [];

    private protected CudnnOperation(CudnnHandle cudnn)
        : base(Existing(cudnn)) => Handle = cudnn;

    /// <summary>The handle whose stream the operation runs in.</summary>
    public CudnnHandle Handle { get; }

    /// <summary>Makes <paramref name="descriptor"/> go with this operation.</summary>
    private protected T Own<T>(T descriptor)
        where T : NativeOwner
    {
        _descriptors.Add(descriptor);
        return descriptor;
    }

    /// <summary>Checks that the operation can run, makes its context current and returns the library's handle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected cudnnHandle_t Enter()
    {
        ThrowIfDisposed();
        return Handle.Enter();
    }

    /// <exception cref="ArgumentException"><paramref name="space"/> has less than <paramref name="bytes"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static void CheckSpace(DeviceSpan<byte> space, long bytes, string name)
    {
        if (space.Length < bytes)
        {
            Throw(space.Length, bytes, name);
        }

        static void Throw(long found, long needed, string name) =>
            throw new ArgumentException($"'{name}' must have at least {needed} bytes; {found} were given. Allocate what the operation or its choice says.", name);
    }

    /// <exception cref="ArgumentException">One of the two is null, the other is not.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static void CheckPair(DevicePointer first, string firstName, DevicePointer second, string secondName)
    {
        if (first.IsNull != second.IsNull)
        {
            Throw(first.IsNull ? firstName : secondName, first.IsNull ? secondName : firstName);
        }

        static void Throw(string missing, string given) => throw new ArgumentException($"'{given}' was given, '{missing}' is null. Pass both or neither.", missing);
    }

    private protected override void Release()
    {
        foreach (NativeOwner descriptor in _descriptors)
        {
            descriptor.Dispose();
        }
    }
}
