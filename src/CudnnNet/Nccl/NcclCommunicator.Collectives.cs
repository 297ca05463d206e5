using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <content>What moves data. Lengths are in elements; N is the number of ranks.</content>
public sealed unsafe partial class NcclCommunicator
{
    /// <summary>Reduces the ranks' <paramref name="source"/> element by element; every rank gets the result.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">This rank's elements.</param>
    /// <param name="target">As many; may be <paramref name="source"/> itself.</param>
    /// <param name="reduction">What is done with them.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, the stream is of another context, or NCCL has no such elements.</exception>
    /// <exception cref="NcclException">NCCL refuses the call, or the communicator has failed.</exception>
    /// <exception cref="ObjectDisposedException">The communicator or the stream is disposed.</exception>
    public void AllReduce<T>(DeviceSpan<T> source, DeviceSpan<T> target, NcclReduction reduction, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        CheckLength(target.Length, source.Length);
        Nccl.Check(Nccl.ncclAllReduce((void*)source.Address, (void*)target.Address, (nuint)source.Length, NcclTypes.Of<T>(), reduction.Raw, handle, Enter(stream)));
    }

    /// <summary>Reduces the ranks' <paramref name="source"/> element by element; the rank <paramref name="root"/> gets the result.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">This rank's elements.</param>
    /// <param name="target">As many at the root, where it may be <paramref name="source"/> itself; not looked at elsewhere.</param>
    /// <param name="reduction">What is done with them.</param>
    /// <param name="root">The rank that gets the result.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void Reduce<T>(DeviceSpan<T> source, DeviceSpan<T> target, NcclReduction reduction, int root, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        if (IsMe(handle, root))
        {
            CheckLength(target.Length, source.Length);
        }

        Nccl.Check(Nccl.ncclReduce((void*)source.Address, (void*)target.Address, (nuint)source.Length, NcclTypes.Of<T>(), reduction.Raw, root, handle, Enter(stream)));
    }

    /// <summary>Reduces the ranks' <paramref name="source"/> of N parts element by element; each rank gets the part of its number.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">N times as many elements as <paramref name="target"/>.</param>
    /// <param name="target">This rank's part of the result; may be the part of <paramref name="source"/> with this rank's number.</param>
    /// <param name="reduction">What is done with them.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void ReduceScatter<T>(DeviceSpan<T> source, DeviceSpan<T> target, NcclReduction reduction, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        CheckLength(source.Length, target.Length * RanksOf(handle));
        Nccl.Check(Nccl.ncclReduceScatter((void*)source.Address, (void*)target.Address, (nuint)target.Length, NcclTypes.Of<T>(), reduction.Raw, handle, Enter(stream)));
    }

    /// <summary>Gives every rank the elements of the rank <paramref name="root"/>.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">The elements at the root; not looked at elsewhere.</param>
    /// <param name="target">As many, on every rank; at the root it may be <paramref name="source"/> itself.</param>
    /// <param name="root">The rank that has them.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void Broadcast<T>(DeviceSpan<T> source, DeviceSpan<T> target, int root, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        if (IsMe(handle, root))
        {
            CheckLength(source.Length, target.Length);
        }

        Nccl.Check(Nccl.ncclBroadcast((void*)source.Address, (void*)target.Address, (nuint)target.Length, NcclTypes.Of<T>(), root, handle, Enter(stream)));
    }

    /// <summary>Gives every rank the elements of all, one rank's behind the other's.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">This rank's elements.</param>
    /// <param name="target">N times as many; <paramref name="source"/> may be its part with this rank's number.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void AllGather<T>(DeviceSpan<T> source, DeviceSpan<T> target, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        CheckLength(target.Length, source.Length * RanksOf(handle));
        Nccl.Check(Nccl.ncclAllGather((void*)source.Address, (void*)target.Address, (nuint)source.Length, NcclTypes.Of<T>(), handle, Enter(stream)));
    }

    /// <summary>Sends part i of <paramref name="source"/> to rank i, and gets rank i's as part i of <paramref name="target"/>. Since NCCL 2.28.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">N parts of one length.</param>
    /// <param name="target">As many elements, apart from <paramref name="source"/>.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void AllToAll<T>(DeviceSpan<T> source, DeviceSpan<T> target, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        long part = PartOf(handle, source.Length);
        CheckLength(target.Length, source.Length);
        Nccl.Check(Nccl.ncclAlltoAll((void*)source.Address, (void*)target.Address, (nuint)part, NcclTypes.Of<T>(), handle, Enter(stream)));
    }

    /// <summary>Gives the rank <paramref name="root"/> the elements of all, one rank's behind the other's. Since NCCL 2.28.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">This rank's elements.</param>
    /// <param name="target">N times as many at the root, where <paramref name="source"/> may be its part with the root's number; not looked at elsewhere.</param>
    /// <param name="root">The rank that gets them.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void Gather<T>(DeviceSpan<T> source, DeviceSpan<T> target, int root, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        if (IsMe(handle, root))
        {
            CheckLength(target.Length, source.Length * RanksOf(handle));
        }

        Nccl.Check(Nccl.ncclGather((void*)source.Address, (void*)target.Address, (nuint)source.Length, NcclTypes.Of<T>(), root, handle, Enter(stream)));
    }

    /// <summary>Gives every rank its part of the elements of the rank <paramref name="root"/>. Since NCCL 2.28.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">N times as many elements as <paramref name="target"/> at the root; not looked at elsewhere.</param>
    /// <param name="target">This rank's part; at the root it may be the part of <paramref name="source"/> with the root's number.</param>
    /// <param name="root">The rank that has them.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void Scatter<T>(DeviceSpan<T> source, DeviceSpan<T> target, int root, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        if (IsMe(handle, root))
        {
            CheckLength(source.Length, target.Length * RanksOf(handle));
        }

        Nccl.Check(Nccl.ncclScatter((void*)source.Address, (void*)target.Address, (nuint)target.Length, NcclTypes.Of<T>(), root, handle, Enter(stream)));
    }

    /// <summary>Sends to the rank <paramref name="peer"/>, which has to receive as many elements. Two ranks that send to each other do it in a <see cref="NcclGroup"/>.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="source">The elements.</param>
    /// <param name="peer">The rank that receives them.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void Send<T>(DeviceSpan<T> source, int peer, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        CheckRank(handle, peer);
        Nccl.Check(Nccl.ncclSend((void*)source.Address, (nuint)source.Length, NcclTypes.Of<T>(), peer, handle, Enter(stream)));
    }

    /// <summary>Receives what the rank <paramref name="peer"/> sends.</summary>
    /// <typeparam name="T">float, double, Half, BFloat16 or an integer.</typeparam>
    /// <param name="target">Room for as many elements as are sent.</param>
    /// <param name="peer">The rank that sends them.</param>
    /// <param name="stream">Where the work is put.</param>
    /// <inheritdoc cref="AllReduce{T}" path="/exception"/>
    public void Receive<T>(DeviceSpan<T> target, int peer, CudaStream stream)
        where T : unmanaged
    {
        ncclComm_t handle = Enter();
        CheckRank(handle, peer);
        Nccl.Check(Nccl.ncclRecv((void*)target.Address, (nuint)target.Length, NcclTypes.Of<T>(), peer, handle, Enter(stream)));
    }

    /// <summary>A reduction that multiplies this rank's elements by <paramref name="factor"/> before they are summed. Every rank makes one; it lasts as long as the communicator.</summary>
    /// <typeparam name="T">The type of the elements it will reduce.</typeparam>
    /// <exception cref="ArgumentException">NCCL has no such elements.</exception>
    /// <exception cref="NcclException">NCCL refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public NcclReduction CreateScaledSum<T>(T factor)
        where T : unmanaged
    {
        ncclRedOp_t raw;
        ncclComm_t handle = Enter();
        Nccl.Check(Nccl.ncclRedOpCreatePreMulSum(&raw, &factor, NcclTypes.Of<T>(), ncclScalarResidence_t.ncclScalarHostImmediate, handle));
        return NcclReduction.FromRaw(raw);
    }

    private bool IsMe(ncclComm_t handle, int rank)
    {
        CheckRank(handle, rank);
        return rank == RankOf(handle);
    }

    private void CheckRank(ncclComm_t handle, int rank)
    {
        int ranks = RanksOf(handle);
        if ((uint)rank >= (uint)ranks)
        {
            ThrowNoRank(rank, ranks);
        }
    }

    private long PartOf(ncclComm_t handle, long length)
    {
        int ranks = RanksOf(handle);
        (long part, long rest) = Math.DivRem(length, ranks);
        if (rest != 0)
        {
            ThrowUneven(length, ranks);
        }

        return part;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckLength(long length, long needed)
    {
        if (length != needed)
        {
            ThrowLength(length, needed);
        }
    }

    [DoesNotReturn]
    private static void ThrowNoRank(int rank, int ranks) => throw new ArgumentException($"Rank {rank} was named; the communicator has the ranks 0 to {ranks - 1}.");

    [DoesNotReturn]
    private static void ThrowUneven(long length, int ranks) => throw new ArgumentException($"{length} elements are no {ranks} equal parts. Every rank gets as many.");

    [DoesNotReturn]
    private static void ThrowLength(long length, long needed) => throw new ArgumentException($"The span has {length} elements where the call needs {needed}. Slice or allocate accordingly.");
}
