using System.Runtime.InteropServices;
using CudnnNet;

namespace ResNet;

/// <summary>Half precision's loss scale.</summary>
/// <param name="Exponent">The loss's gradient is multiplied by 2 to this power.</param>
/// <param name="Steps">Steps since it changed.</param>
/// <param name="Skipped">Steps skipped so far because a gradient was not finite.</param>
internal readonly record struct LossScale(int Exponent, uint Steps, uint Skipped)
{
    /// <summary>The exponent never lies further from 0 than this.</summary>
    public const int Limit = 24;

    /// <summary>What a training begins with: 65536 in half precision, as PyTorch's GradScaler, else 1.</summary>
    public static LossScale InitialOf(Precision precision) => new(precision == Precision.Float16 ? 16 : 0, 0, 0);
}

/// <summary>
/// The words the kernels share on the device: step within the epoch, learning rate, sum of losses (f64), correct predictions (u64), epoch
/// and the loss scale. The host writes them between epochs and reads them when it wants to know.
/// </summary>
internal sealed class TrainingState : IDisposable
{
    /// <summary>4-byte words of the state; native/kernels/training.cu says what each holds.</summary>
    public const int Words = 12;

    private readonly CudaStream _stream;
    private readonly DeviceMemory<uint> _memory;
    private readonly PinnedMemory<uint> _host;

    public TrainingState(CudaStream stream)
    {
        _stream = stream;
        _memory = stream.Context.Allocate<uint>(Words);
        _host = stream.Context.AllocatePinned<uint>(Words);
        _host.Span.Clear();
        _stream.CopyToDevice(_host, _memory.Span);
        _stream.Synchronize();
    }

    public DeviceSpan<uint> Span => _memory.Span;

    /// <summary>Sets everything but the loss scale; waits.</summary>
    public void Write(int epoch, uint step, float learningRate, double lossSum, long correct)
    {
        var words = _host.Span;
        words[0] = step;
        words[1] = BitConverter.SingleToUInt32Bits(learningRate);
        MemoryMarshal.Write(MemoryMarshal.AsBytes(words[2..4]), in lossSum);
        MemoryMarshal.Write(MemoryMarshal.AsBytes(words[4..6]), in correct);
        words[6] = (uint)epoch;
        words[7] = 0;
        Send(0, 8);
    }

    /// <summary>Sets the learning rate alone; waits.</summary>
    public void Write(float learningRate)
    {
        _host.Span[1] = BitConverter.SingleToUInt32Bits(learningRate);
        Send(1, 1);
    }

    /// <summary>Sets the loss scale; waits.</summary>
    public void Write(LossScale scale)
    {
        var words = _host.Span;
        words[8] = (uint)scale.Exponent;
        words[9] = scale.Steps;
        words[10] = 0;
        words[11] = scale.Skipped;
        Send(8, 4);
    }

    /// <summary>Waits for everything enqueued and reads the sums.</summary>
    public (double LossSum, long Correct, LossScale Scale) Read()
    {
        _stream.CopyToHost(_memory.Span, _host);
        _stream.Synchronize();
        var words = _host.Span;
        return (
            MemoryMarshal.Read<double>(MemoryMarshal.AsBytes(words[2..4])),
            MemoryMarshal.Read<long>(MemoryMarshal.AsBytes(words[4..6])),
            new LossScale((int)words[8], words[9], words[11]));
    }

    public void Dispose()
    {
        _memory.Dispose();
        _host.Dispose();
    }

    // The words the host has just set, and no others: the kernels own the rest.
    private void Send(int first, int count)
    {
        _stream.CopyToDevice<uint>(_host.Slice(first, count), _memory.Slice(first, count));
        _stream.Synchronize();
    }
}
