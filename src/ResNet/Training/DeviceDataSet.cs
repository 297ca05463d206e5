using CudnnNet;

namespace ResNet;

/// <summary>A data set on the device, as bytes, with the order in which its images are taken.</summary>
internal sealed class DeviceDataSet : IDisposable
{
    private readonly CudaStream _stream;
    private readonly DeviceMemory<byte> _images;
    private readonly DeviceMemory<byte> _labels;
    private readonly DeviceMemory<uint> _order;
    private readonly uint[] _hostOrder;

    public DeviceDataSet(CudaStream stream, LabelledImages data)
    {
        _stream = stream;
        Count = data.Count;
        _images = stream.Context.Allocate<byte>(data.Images.Length);
        _labels = stream.Context.Allocate<byte>(data.Labels.Length);
        _order = stream.Context.Allocate<uint>(data.Count);
        _hostOrder = new uint[data.Count];
        stream.CopyToDevice(data.Images.Span, _images.Span);
        stream.CopyToDevice(data.Labels.Span, _labels.Span);
        for (int i = 0; i < _hostOrder.Length; i++)
        {
            _hostOrder[i] = (uint)i;
        }

        UploadOrder();
    }

    public int Count { get; }

    public long Bytes => _images.Bytes + _labels.Bytes + _order.Bytes;

    /// <summary>Draws a new order; waits until the device has it.</summary>
    public void Shuffle(RandomSequence random)
    {
        random.Permute(_hostOrder);
        UploadOrder();
    }

    /// <summary>
    /// Enqueues the gathering of the images that are next by the device's step counter: those from step x <paramref name="batchSize"/>
    /// on in the current order. A short last batch is gathered with its own size, so its order begins that much earlier.
    /// </summary>
    public void Gather(TrainingKernels kernels, DeviceSpan<uint> state, DeviceMemory<float> table, NetworkPass pass, int batchSize)
    {
        var shape = pass.Images.Shape;
        ulong order = _order.Address;
        if (pass.Batch != batchSize)
        {
            ulong fullSteps = (ulong)(Count / batchSize);
            order += fullSteps * (ulong)(batchSize - pass.Batch) * sizeof(uint);
        }

        kernels.GatherNormalize.Launch(
            _stream, LaunchShape.Cover((long)shape.N * shape.H * shape.W), _images.Address, _labels.Address, order, state.Address, table.Address,
            pass.Images.Pointer.Address, pass.Labels.Pointer.Address, (uint)shape.N, (uint)shape.C, (uint)shape.H, (uint)shape.W);
    }

    public void Dispose()
    {
        _images.Dispose();
        _labels.Dispose();
        _order.Dispose();
    }

    private void UploadOrder()
    {
        _stream.CopyToDevice<uint>(_hostOrder, _order.Span);
        _stream.Synchronize();
    }
}
