using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A launch shape as the driver's extended launch wants it.</summary>
internal static unsafe class LaunchAttributes
{
    /// <summary>The most attributes a shape has.</summary>
    public const int Most = 2;

    /// <summary>Fills <paramref name="attributes"/> and points the configuration at them.</summary>
    public static CUlaunchConfig Configuration(in LaunchShape shape, CUstream stream, CUlaunchAttribute* attributes)
    {
        uint count = 0;
        if (shape.Cluster.X != 0)
        {
            attributes[count] = new() { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION };
            attributes[count].value.clusterDim.x = shape.Cluster.X;
            attributes[count].value.clusterDim.y = shape.Cluster.Y;
            attributes[count].value.clusterDim.z = shape.Cluster.Z;
            count++;
        }

        if (shape.Cooperative)
        {
            attributes[count] = new() { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_COOPERATIVE };
            attributes[count].value.cooperative = 1;
            count++;
        }

        return new()
        {
            gridDimX = shape.Grid.X,
            gridDimY = shape.Grid.Y,
            gridDimZ = shape.Grid.Z,
            blockDimX = shape.Block.X,
            blockDimY = shape.Block.Y,
            blockDimZ = shape.Block.Z,
            sharedMemBytes = shape.SharedBytes,
            hStream = stream,
            attrs = attributes,
            numAttrs = count,
        };
    }
}
