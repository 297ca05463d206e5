using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>
/// Calls that start together: <c>ncclGroupStart</c> to <c>ncclGroupEnd</c>. Transfers in both directions, and one thread that serves several ranks, need it.
/// </summary>
/// <example><code>
/// using NcclGroup group = NcclGroup.Start();
/// communicator.Send(outgoing, next, stream);
/// communicator.Receive(incoming, previous, stream);
/// group.End();
/// </code></example>
/// <remarks>
/// Groups belong to the thread and nest; the outermost end starts everything. Disposing without <see cref="End"/>, as an exception on the way does, ends the
/// group too but lets its failures pass.
/// </remarks>
public readonly ref struct NcclGroup
{
    [ThreadStatic]
    private static int t_depth;

    private readonly int _depth;

    private NcclGroup(int depth) => _depth = depth;

    /// <summary>Begins a group on the calling thread.</summary>
    /// <exception cref="NcclException">NCCL refuses.</exception>
    public static NcclGroup Start()
    {
        Nccl.Check(Nccl.ncclGroupStart());
        return new(++t_depth);
    }

    /// <summary>
    /// Ends the group. Returns when everything is enqueued and, of blocking communicators, made, split or finished; of non-blocking ones that goes on in the background.
    /// </summary>
    /// <exception cref="NcclException">One of the group's calls failed; nothing of the group was started.</exception>
    /// <exception cref="InvalidOperationException">The group has ended, or one inside it has not.</exception>
    public void End()
    {
        if (_depth == 0 || t_depth != _depth)
        {
            throw new InvalidOperationException("The group was to be ended, but it has ended already or one that was begun inside it has not. End groups once, the inner ones first.");
        }

        t_depth--;
        ncclResult_t status = Nccl.ncclGroupEnd();
        if (status != ncclResult_t.ncclInProgress)
        {
            Nccl.Check(status, "ncclGroupEnd");
        }
    }

    /// <summary>Ends the group, and those inside it, where <see cref="End"/> was not reached.</summary>
    public void Dispose()
    {
        while (_depth != 0 && t_depth >= _depth)
        {
            t_depth--;
            _ = Nccl.ncclGroupEnd();
        }
    }
}
