using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What a collective does with the ranks' elements. Integers wrap around; of a number and a NaN the number is the maximum and the minimum.</summary>
public readonly record struct NcclReduction
{
    private NcclReduction(ncclRedOp_t raw) => Raw = raw;

    /// <summary>The sum.</summary>
    public static NcclReduction Sum => new(ncclRedOp_t.ncclSum);

    /// <summary>The product.</summary>
    public static NcclReduction Product => new(ncclRedOp_t.ncclProd);

    /// <summary>The largest.</summary>
    public static NcclReduction Maximum => new(ncclRedOp_t.ncclMax);

    /// <summary>The smallest.</summary>
    public static NcclReduction Minimum => new(ncclRedOp_t.ncclMin);

    /// <summary>The sum divided by the number of ranks; of integers rounded towards zero.</summary>
    public static NcclReduction Average => new(ncclRedOp_t.ncclAvg);

    /// <summary>The library's number.</summary>
    public ncclRedOp_t Raw { get; }

    /// <summary>A reduction made on the raw floor, for instance by <c>ncclRedOpCreatePreMulSum</c>.</summary>
    public static NcclReduction FromRaw(ncclRedOp_t raw) => new(raw);
}
