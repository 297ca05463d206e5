using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What a communicator shall be (<c>ncclConfig_t</c>). The default leaves everything to NCCL.</summary>
/// <param name="NonBlocking">Whether making, splitting and finalizing return at once and go on in the background; <see cref="NcclCommunicator.State"/> says how far they are.</param>
/// <param name="MinimumBlocks">The least thread blocks a kernel of NCCL uses; takes <paramref name="MaximumBlocks"/> too.</param>
/// <param name="MaximumBlocks">The most thread blocks a kernel of NCCL uses.</param>
/// <param name="ClusterSize">Thread blocks in a cluster, 0 for none.</param>
/// <param name="SplitShare">Whether children made by <see cref="NcclCommunicator.Split"/> share this one's resources.</param>
public readonly record struct NcclOptions(
    bool NonBlocking = false, int? MinimumBlocks = null, int? MaximumBlocks = null, int? ClusterSize = null, bool? SplitShare = null)
{
    // Every NCCL since 2.18 takes this shortest form of the structure: its first field says how long it is.
    private const int Bytes = 48;
    private const uint Version = 21803;

    /// <exception cref="ArgumentException">A number is out of range.</exception>
    internal unsafe ncclConfig_t Raw()
    {
        if (MinimumBlocks is <= 0 || MaximumBlocks is <= 0 || ClusterSize is < 0)
        {
            throw new ArgumentException($"Thread blocks are counted from 1 (asked: {MinimumBlocks} to {MaximumBlocks}), the blocks of a cluster from 0 (asked: {ClusterSize}).");
        }

        if (MinimumBlocks is { } least && (MaximumBlocks is not { } most || least > most))
        {
            throw new ArgumentException($"At least {MinimumBlocks} thread blocks were asked for, at most {MaximumBlocks?.ToString() ?? "any number"}. Give a maximum that is no less.");
        }

        ncclConfig_t config = default;
        config.size = Bytes;
        config.magic = Nccl.NCCL_API_MAGIC;
        config.version = Version;
        config.blocking = NonBlocking ? 0 : 1;
        config.cgaClusterSize = ClusterSize ?? Nccl.NCCL_CONFIG_UNDEF_INT;
        config.minCTAs = MinimumBlocks ?? Nccl.NCCL_CONFIG_UNDEF_INT;
        config.maxCTAs = MaximumBlocks ?? Nccl.NCCL_CONFIG_UNDEF_INT;
        config.splitShare = SplitShare is { } share ? (share ? 1 : 0) : Nccl.NCCL_CONFIG_UNDEF_INT;
        return config;
    }
}
