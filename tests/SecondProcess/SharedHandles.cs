using System.Globalization;
using CudnnNet;

namespace SecondProcess;

/// <summary>What the first process hands to the second one, in its arguments.</summary>
/// <param name="Elements">The length of either memory in elements.</param>
/// <param name="Memory">Device memory.</param>
/// <param name="Filled">The event after which both memories are filled.</param>
/// <param name="PoolDescriptor">The file descriptor of a pool, which the second process inherits.</param>
/// <param name="Pooled">Memory of that pool.</param>
public sealed record SharedHandles(int Elements, IpcMemoryHandle Memory, IpcEventHandle Filled, int PoolDescriptor, PooledMemoryHandle Pooled)
{
    public string[] ToArguments() =>
    [
        Elements.ToString(CultureInfo.InvariantCulture),
        Convert.ToHexString(Memory.ToArray()),
        Convert.ToHexString(Filled.ToArray()),
        PoolDescriptor.ToString(CultureInfo.InvariantCulture),
        Convert.ToHexString(Pooled.ToArray()),
    ];

    public static SharedHandles FromArguments(string[] arguments) => new(
        int.Parse(arguments[0], CultureInfo.InvariantCulture),
        new IpcMemoryHandle(Convert.FromHexString(arguments[1])),
        new IpcEventHandle(Convert.FromHexString(arguments[2])),
        int.Parse(arguments[3], CultureInfo.InvariantCulture),
        new PooledMemoryHandle(Convert.FromHexString(arguments[4])));
}
