using System.Runtime.CompilerServices;

namespace CudnnNet;

/// <summary>How a kernel is spread over the device.</summary>
/// <param name="Grid">Blocks in the grid.</param>
/// <param name="Block">Threads in a block; at most 1024 in all on every device so far.</param>
/// <param name="SharedBytes">Dynamic shared memory a block gets, in bytes.</param>
public readonly record struct LaunchShape(Dim3 Grid, Dim3 Block, uint SharedBytes = 0)
{
    /// <summary>Blocks that run together and share their shared memory, for devices with <see cref="DeviceProperties.CanLaunchClusters"/>; (0, 0, 0) is no cluster.</summary>
    /// <remarks>The grid's extents must be multiples of the cluster's.</remarks>
    public Dim3 Cluster { get; init; } = new(0, 0, 0);

    /// <summary>Whether all blocks run at once, so that they may wait for each other (<see cref="DeviceProperties.CanLaunchCooperatively"/>).</summary>
    /// <remarks>The grid must not have more blocks than fit: <see cref="CudaKernel.GetMaxActiveBlocks"/> times the multiprocessors.</remarks>
    public bool Cooperative { get; init; }

    /// <summary>Whether the launch needs more than the shape itself.</summary>
    internal bool HasAttributes => Cooperative || Cluster.X != 0;

    /// <summary>One thread an element: as many blocks of <paramref name="block"/> threads as cover <paramref name="elements"/>.</summary>
    /// <param name="elements">The number of elements, at least 1.</param>
    /// <param name="block">Threads in a block.</param>
    /// <param name="elementsPerThread">Elements each thread works on.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is 0 or less, or more blocks are needed than a grid can have (2³¹ - 1).</exception>
    public static LaunchShape Cover(long elements, uint block = 256, uint elementsPerThread = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elements);
        ArgumentOutOfRangeException.ThrowIfZero(block);
        ArgumentOutOfRangeException.ThrowIfZero(elementsPerThread);
        long perBlock = (long)block * elementsPerThread;
        long blocks = ((elements - 1) / perBlock) + 1;
        if (blocks > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(elements), elements, $"{elements} elements at {perBlock} a block need {blocks} blocks; a grid has at most {int.MaxValue}. Give each thread more elements.");
        }

        return new(new Dim3((uint)blocks), new Dim3(block));
    }

    /// <summary>Throws where the driver is certain to refuse the shape.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Validate()
    {
        // One branch on the way of every launch: an extent of 0 less 1 has its highest bit, and none that can be launched has.
        if ((int)((Grid.X - 1) | (Grid.Y - 1) | (Grid.Z - 1) | (Block.X - 1) | (Block.Y - 1) | (Block.Z - 1)) < 0)
        {
            CheckExtents(this);
        }

        if (Cluster.X != 0 && (Cluster.Y == 0 || Cluster.Z == 0 || Grid.X % Cluster.X != 0 || Grid.Y % Cluster.Y != 0 || Grid.Z % Cluster.Z != 0))
        {
            ThrowCluster(this);
        }

        static void CheckExtents(LaunchShape shape)
        {
            if (shape.Grid.X == 0 || shape.Grid.Y == 0 || shape.Grid.Z == 0 || shape.Block.X == 0 || shape.Block.Y == 0 || shape.Block.Z == 0)
            {
                Throw(shape);
            }
        }

        static void ThrowCluster(LaunchShape shape) => throw new ArgumentException(
            $"The kernel was to be launched with a grid of {shape.Grid} blocks in clusters of {shape.Cluster}; every extent of the grid must be a multiple of the cluster's.", nameof(shape));

        static void Throw(LaunchShape shape) => throw new ArgumentException(
            $"The kernel was to be launched with a grid of {shape.Grid} blocks of {shape.Block} threads; every extent must be at least 1.", nameof(shape));
    }
}
