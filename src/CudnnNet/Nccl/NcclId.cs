using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What the ranks of a communicator find each other by: 128 bytes, made by one process and carried to all others by the program.</summary>
/// <remarks>The process that made it has to live until all ranks have joined. One id makes one communicator.</remarks>
public readonly unsafe struct NcclId : IEquatable<NcclId>
{
    /// <summary>The length of an id in bytes.</summary>
    public const int Length = Nccl.NCCL_UNIQUE_ID_BYTES;

    private readonly ncclUniqueId _raw;

    internal NcclId(ncclUniqueId raw) => _raw = raw;

    /// <summary>The id with the given bytes, as <see cref="ToArray"/> gave them in another process.</summary>
    /// <exception cref="ArgumentException">There are not <see cref="Length"/> bytes.</exception>
    public NcclId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"An id has {Length} bytes; {bytes.Length} were given. Pass what ToArray returned, whole.", nameof(bytes));
        }

        fixed (byte* target = _raw.@internal)
        {
            bytes.CopyTo(new Span<byte>(target, Length));
        }
    }

    internal ncclUniqueId Raw => _raw;

    /// <summary>A new id.</summary>
    /// <exception cref="NcclException">NCCL finds no network interface to meet at.</exception>
    /// <exception cref="MissingLibraryException">NCCL is not installed.</exception>
    public static NcclId Create()
    {
        ncclUniqueId raw;
        Nccl.Check(Nccl.ncclGetUniqueId(&raw));
        return new(raw);
    }

    /// <summary>Whether two ids are the same.</summary>
    public static bool operator ==(NcclId left, NcclId right) => left.Equals(right);

    /// <summary>Whether two ids differ.</summary>
    public static bool operator !=(NcclId left, NcclId right) => !left.Equals(right);

    /// <summary>The bytes, for another process.</summary>
    public byte[] ToArray()
    {
        fixed (byte* source = _raw.@internal)
        {
            return new ReadOnlySpan<byte>(source, Length).ToArray();
        }
    }

    /// <inheritdoc/>
    public bool Equals(NcclId other)
    {
        fixed (byte* source = _raw.@internal)
        {
            return new ReadOnlySpan<byte>(source, Length).SequenceEqual(new ReadOnlySpan<byte>(other._raw.@internal, Length));
        }
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NcclId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        fixed (byte* source = _raw.@internal)
        {
            hash.AddBytes(new ReadOnlySpan<byte>(source, Length));
        }

        return hash.ToHashCode();
    }

    /// <summary>The bytes in hexadecimal.</summary>
    public override string ToString() => Convert.ToHexString(ToArray());
}
