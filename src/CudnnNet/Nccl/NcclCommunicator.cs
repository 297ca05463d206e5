using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>One rank of a group of ranks that work together: a thread or process with its device. All ranks make the same calls in the same order.</summary>
/// <remarks>
/// <para>Collectives and transfers are only put into a stream of the communicator's context: nothing is allocated and nothing waited for. The memory has
/// to outlive the work.</para>
/// <para>Threads that are ranks on one device need a context of their own each (<see cref="CudaContext.Create"/>): what waits for a whole context, such as
/// freeing memory, would wait for the other ranks in it too.</para>
/// <para>When another rank fails, <see cref="State"/> says so, and <see cref="Abort"/> ends what still waits. Disposing waits for the work put into streams;
/// a communicator that has failed is aborted instead.</para>
/// </remarks>
public sealed unsafe partial class NcclCommunicator : NativeOwner
{
    // NCCL writes the handle here, of a group or in the background later than the call.
    private ncclComm_t* _slot;
    private int _rank = -1;
    private int _ranks;

    /// <summary>Joins the others as rank <paramref name="rank"/> of <paramref name="ranks"/>; returns when all have come, unless <paramref name="options"/> say otherwise.</summary>
    /// <param name="context">The device and context this rank works on.</param>
    /// <param name="id">The same for all ranks.</param>
    /// <param name="rank">This rank's number, counted from 0.</param>
    /// <param name="ranks">How many ranks there are.</param>
    /// <param name="options">What the communicator shall be.</param>
    /// <remarks>Inside a <see cref="NcclGroup"/> the communicator is usable after the group's end.</remarks>
    /// <exception cref="ArgumentException">There is no such rank, or an option is out of range.</exception>
    /// <exception cref="NcclException">A rank does not come, has gone, or says something else.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public NcclCommunicator(CudaContext context, NcclId id, int rank, int ranks, NcclOptions options = default)
        : this(context)
    {
        try
        {
            if (ranks < 1 || (uint)rank >= (uint)ranks)
            {
                throw new ArgumentException($"Rank {rank} of {ranks} was asked for. Ranks are counted from 0, and there is at least one.", nameof(rank));
            }

            ncclConfig_t config = options.Raw();
            context.EnsureCurrent();
            CheckStarted(Nccl.ncclCommInitRankConfig(_slot, ranks, id.Raw, rank, &config), "ncclCommInitRankConfig");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private NcclCommunicator(CudaContext context)
        : base(Existing(context))
    {
        Context = context;
        _slot = (ncclComm_t*)NativeMemory.AllocZeroed((nuint)sizeof(ncclComm_t));
    }

    /// <summary>The context this rank works on.</summary>
    public CudaContext Context { get; }

    /// <summary>The library's handle, for calls on the raw floor; null while it is being made.</summary>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public ncclComm_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return *_slot;
        }
    }

    /// <summary>This rank's number, counted from 0.</summary>
    /// <exception cref="NcclException">The communicator is not ready.</exception>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public int Rank => RankOf(Enter());

    /// <summary>How many ranks there are.</summary>
    /// <exception cref="NcclException">The communicator is not ready.</exception>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public int Ranks => RanksOf(Enter());

    /// <summary>How the communicator is now (<c>ncclCommGetAsyncError</c>). Does not wait.</summary>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public NcclState State
    {
        get
        {
            ncclComm_t handle = Handle;
            if (handle == default)
            {
                return NcclState.Busy;
            }

            ncclResult_t state;
            Nccl.Check(Nccl.ncclCommGetAsyncError(handle, &state), "ncclCommGetAsyncError");
            return (NcclState)state;
        }
    }

    /// <summary>Throws where the communicator has failed, with NCCL's words about why.</summary>
    /// <exception cref="NcclException">The communicator has failed.</exception>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public void ThrowIfFailed()
    {
        NcclState state = State;
        if (state is not (NcclState.Ready or NcclState.Busy))
        {
            Nccl.Check((ncclResult_t)state, "ncclCommGetAsyncError");
        }
    }

    /// <summary>Waits until what goes on in the background is done.</summary>
    /// <param name="limit">How long to wait.</param>
    /// <exception cref="TimeoutException">It takes longer. The communicator stays as it is.</exception>
    /// <exception cref="NcclException">The communicator has failed.</exception>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public void WaitUntilReady(TimeSpan limit)
    {
        long start = Environment.TickCount64;
        while (State == NcclState.Busy)
        {
            if (Environment.TickCount64 - start > limit.TotalMilliseconds)
            {
                throw new TimeoutException($"The communicator is busy for longer than {limit.TotalSeconds} seconds. Wait longer, or abort it.");
            }

            Thread.Sleep(1);
        }

        ThrowIfFailed();
    }

    /// <summary>Divides the ranks: those with the same color form a new communicator, in the order of their keys and, where these are equal, their ranks. All ranks call it.</summary>
    /// <param name="color">0 or more; null for a rank that shall be in none.</param>
    /// <param name="key">Where this rank stands in the new communicator.</param>
    /// <param name="options">What the new communicator shall be; null: what this one is.</param>
    /// <returns>The new communicator; null where <paramref name="color"/> is null.</returns>
    /// <remarks>Of a non-blocking communicator, and inside a <see cref="NcclGroup"/>, the new one is usable when this one's <see cref="State"/> is no longer busy, or after the group's end.</remarks>
    /// <exception cref="ArgumentException"><paramref name="color"/> is negative, or an option out of range.</exception>
    /// <exception cref="NcclException">A rank takes no part.</exception>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public NcclCommunicator? Split(int? color, int key, NcclOptions? options = null)
    {
        if (color < 0)
        {
            throw new ArgumentException($"The color {color} was asked for. Colors are 0 or more; null leaves a rank out.", nameof(color));
        }

        ncclConfig_t config = options?.Raw() ?? default;
        NcclCommunicator child = new(Context);
        try
        {
            ncclComm_t handle = Enter();
            CheckStarted(
                Nccl.ncclCommSplit(handle, color ?? Nccl.NCCL_SPLIT_NOCOLOR, key, child._slot, options is null ? null : &config), "ncclCommSplit");
        }
        catch
        {
            child.Dispose();
            throw;
        }

        if (color is not null)
        {
            return child;
        }

        child.Dispose();
        return null;
    }

    /// <summary>Says that no further work comes, and waits for what was put into streams; a non-blocking communicator does that in the background. Disposing does it too.</summary>
    /// <exception cref="NcclException">The communicator has failed, or was finalized before.</exception>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public void FinishWork() => CheckStarted(Nccl.ncclCommFinalize(Enter()), "ncclCommFinalize");

    /// <summary>Ends everything that waits, from any thread, and the communicator with it: the other ranks fail. What was put into streams and is not done is left undone.</summary>
    /// <exception cref="NcclException">NCCL refuses.</exception>
    /// <exception cref="ObjectDisposedException">The communicator is disposed.</exception>
    public void Abort()
    {
        ncclComm_t handle = Handle;
        *_slot = default;
        Dispose();
        Nccl.Check(Nccl.ncclCommAbort(handle));
    }

    private protected override void Release()
    {
        // Where there is no handle yet, NCCL may write one in the background later: those eight bytes stay.
        if (_slot == null || *_slot == default)
        {
            return;
        }

        if (Context.TryEnsureCurrent())
        {
            ncclResult_t state = ncclResult_t.ncclSuccess;
            bool healthy = Nccl.ncclCommGetAsyncError(*_slot, &state) == ncclResult_t.ncclSuccess && state == ncclResult_t.ncclSuccess;
            if (!healthy || Nccl.ncclCommDestroy(*_slot) != ncclResult_t.ncclSuccess)
            {
                _ = Nccl.ncclCommAbort(*_slot);
            }
        }

        NativeMemory.Free(_slot);
        _slot = null;
    }

    /// <summary>Lets pass what goes on in the background.</summary>
    private static void CheckStarted(ncclResult_t status, string call)
    {
        if (status != ncclResult_t.ncclInProgress)
        {
            Nccl.Check(status, call);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ncclComm_t Enter()
    {
        ThrowIfDisposed();
        Context.EnsureCurrent();
        return *_slot;
    }

    // Asked of NCCL once, and not before: of a group or in the background the communicator comes later than its object.
    private int RankOf(ncclComm_t handle)
    {
        if (_rank < 0)
        {
            int rank;
            Nccl.Check(Nccl.ncclCommUserRank(handle, &rank));
            _rank = rank;
        }

        return _rank;
    }

    private int RanksOf(ncclComm_t handle)
    {
        if (_ranks == 0)
        {
            int ranks;
            Nccl.Check(Nccl.ncclCommCount(handle, &ranks));
            _ranks = ranks;
        }

        return _ranks;
    }

    /// <summary>The stream, which has to be of the communicator's context.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private CUstream Enter(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (stream.Context.KeptHandle != Context.KeptHandle)
        {
            ThrowOtherContext();
        }

        return stream.Enter();
    }

    [DoesNotReturn]
    private static void ThrowOtherContext() => throw new ArgumentException(
        "The stream belongs to another context than the communicator. Make the stream with the context that the communicator was made with.", "stream");
}
