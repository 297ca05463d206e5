using System.Runtime.InteropServices;
using CudnnNet;

namespace ResNet;

/// <summary>
/// The eight words the kernels share on the device: step within the epoch, learning rate, sum of losses (f64), correct
/// predictions (u64) and epoch. The host writes them between epochs and reads them when it wants to know.
/// </summary>
internal sealed class TrainingState : IDisposable
{
    private readonly CudaStream _stream;
    private readonly DeviceMemory<uint> _memory;
    private readonly PinnedMemory<uint> _host;

    public TrainingState(CudaStream stream)
    {
        _stream = stream;
        _memory = stream.Context.Allocate<uint>(8);
        _host = stream.Context.AllocatePinned<uint>(8);
        _host.Span.Clear();
        Write(0, 0, 0, 0, 0);
    }

    public DeviceSpan<uint> Span => _memory.Span;

    /// <summary>Sets everything; waits.</summary>
    public void Write(int epoch, uint step, float learningRate, double lossSum, long correct)
    {
        var words = _host.Span;
        words[0] = step;
        words[1] = BitConverter.SingleToUInt32Bits(learningRate);
        MemoryMarshal.Write(MemoryMarshal.AsBytes(words[2..4]), in lossSum);
        MemoryMarshal.Write(MemoryMarshal.AsBytes(words[4..6]), in correct);
        words[6] = (uint)epoch;
        _stream.CopyToDevice(_host, _memory.Span);
        _stream.Synchronize();
    }

    /// <summary>Waits for everything enqueued and reads the sums.</summary>
    public (uint Step, double LossSum, long Correct) Read()
    {
        _stream.CopyToHost(_memory.Span, _host);
        _stream.Synchronize();
        var words = _host.Span;
        return (words[0], MemoryMarshal.Read<double>(MemoryMarshal.AsBytes(words[2..4])), MemoryMarshal.Read<long>(MemoryMarshal.AsBytes(words[4..6])));
    }

    public void Dispose()
    {
        _memory.Dispose();
        _host.Dispose();
    }
}
