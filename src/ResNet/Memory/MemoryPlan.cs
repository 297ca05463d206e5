using System.Globalization;
using System.Text;
using CudnnNet;

namespace ResNet;

/// <summary>
/// The places of a pass's tensors in one arena: tensors that are never needed at the same time share memory. Placed greedily, the
/// largest first, each at the lowest offset that is free during its life.
/// </summary>
public sealed class MemoryPlan
{
    /// <summary>Every tensor begins at a multiple of this many bytes.</summary>
    public const int Alignment = 256;

    private readonly IReadOnlyList<PlannedTensor> _tensors;

    private MemoryPlan(IReadOnlyList<PlannedTensor> tensors, long arenaBytes, long lowerBound)
    {
        _tensors = tensors;
        ArenaBytes = arenaBytes;
        LowerBoundBytes = lowerBound;
    }

    /// <summary>The arena's size, in bytes.</summary>
    public long ArenaBytes { get; }

    /// <summary>The most that is alive at any one operation, in bytes: no plan can do with less.</summary>
    public long LowerBoundBytes { get; }

    /// <summary>What separate buffers for every tensor would take, in bytes.</summary>
    public long NaiveBytes => _tensors.Sum(tensor => Aligned(tensor.Bytes));

    /// <summary>The bytes of the tensors with a shape: activations and their gradients, all together.</summary>
    public long TensorBytes => _tensors.Where(tensor => tensor.Shape.N > 0).Sum(tensor => Aligned(tensor.Bytes));

    /// <summary>The bytes of the others: workspaces, saved statistics, labels, losses.</summary>
    public long BufferBytes => NaiveBytes - TensorBytes;

    /// <summary>Plans the memory of a finished list of operations.</summary>
    public static MemoryPlan For(OperationList operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        var tensors = operations.Tensors.Where(tensor => tensor.LastUse >= 0 && tensor.Bytes > 0).ToList();
        var placed = new List<PlannedTensor>();
        long arena = 0;
        foreach (var tensor in tensors.OrderByDescending(tensor => tensor.Bytes).ThenBy(tensor => tensor.FirstUse))
        {
            tensor.Offset = LowestFreeOffset(tensor, placed);
            placed.Add(tensor);
            arena = Math.Max(arena, tensor.Offset + Aligned(tensor.Bytes));
        }

        return new MemoryPlan(tensors, arena, LowerBound(tensors, operations.Operations.Count));
    }

    /// <summary>Gives every tensor its address.</summary>
    /// <param name="arena">At least <see cref="ArenaBytes"/> of device memory, which lives as long as the pass.</param>
    /// <exception cref="ArgumentException">The arena is smaller than planned.</exception>
    public void Place(DeviceSpan<byte> arena)
    {
        if (arena.Length < ArenaBytes)
        {
            throw new ArgumentException($"the plan needs {ArenaBytes} bytes; the arena has {arena.Length}. Allocate at least {nameof(ArenaBytes)}.", nameof(arena));
        }

        foreach (var tensor in _tensors)
        {
            tensor.Place(arena);
        }
    }

    /// <summary>The plan in words: sizes and the largest tensors with their places and lives.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"arena {Mebibytes(ArenaBytes)} for {_tensors.Count} tensors; at least {Mebibytes(LowerBoundBytes)} live at once; without sharing {Mebibytes(NaiveBytes)}");
        foreach (var tensor in _tensors.OrderByDescending(tensor => tensor.Bytes).Take(12))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {Mebibytes(tensor.Bytes),12}  at {Mebibytes(tensor.Offset),12}  operations {tensor.FirstUse}..{tensor.LastUse}  {tensor.Name}");
        }

        return text.ToString();
    }

    internal static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:F1} MiB");

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static long LowestFreeOffset(PlannedTensor tensor, List<PlannedTensor> placed)
    {
        long offset = 0;
        foreach (var other in placed.Where(tensor.LivesTogetherWith).OrderBy(other => other.Offset))
        {
            if (other.Offset - offset >= Aligned(tensor.Bytes))
            {
                break;
            }

            offset = Math.Max(offset, other.Offset + Aligned(other.Bytes));
        }

        return offset;
    }

    private static long LowerBound(List<PlannedTensor> tensors, int operations)
    {
        long[] change = new long[operations + 1];
        foreach (var tensor in tensors)
        {
            change[tensor.FirstUse] += Aligned(tensor.Bytes);
            change[tensor.LastUse + 1] -= Aligned(tensor.Bytes);
        }

        long live = 0;
        long most = 0;
        foreach (long difference in change)
        {
            live += difference;
            most = Math.Max(most, live);
        }

        return most;
    }
}
