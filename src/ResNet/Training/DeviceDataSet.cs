using CudnnNet;

namespace ResNet;

/// <summary>A data set on the device, as bytes, with the order in which its images are taken.</summary>
internal sealed class DeviceDataSet : IDisposable
{
    private readonly CudaStream _stream;
    private readonly DeviceMemory<byte> _images;
    private readonly DeviceMemory<byte> _labels;
    private readonly DeviceMemory<uint> _order;
    private readonly DeviceMemory<int>? _draws;
    private readonly uint[] _hostOrder;
    private readonly Augmentation _augmentation;
    private readonly ulong _seed;
    private readonly int _batchSize;

    public DeviceDataSet(CudaStream stream, LabelledImages data, Augmentation augmentation, ulong seed, int batchSize)
    {
        _stream = stream;
        _augmentation = augmentation;
        _seed = seed;
        _batchSize = batchSize;
        Count = data.Count;
        _draws = augmentation.IsNone ? null : stream.Context.Allocate<int>(8L * batchSize);
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

    public long Bytes => _images.Bytes + _labels.Bytes + _order.Bytes + (_draws?.Bytes ?? 0);

    /// <summary>Draws a new order; waits until the device has it.</summary>
    public void Shuffle(RandomSequence random)
    {
        random.Permute(_hostOrder);
        UploadOrder();
    }

    /// <summary>
    /// Enqueues the gathering of the images that are next by the device's step counter: those from step x batch size on in the current
    /// order. A short last batch is gathered with its own size, so its order begins that much earlier.
    /// </summary>
    public void Gather(TrainingKernels kernels, DeviceSpan<uint> state, DeviceMemory<float> table, NetworkPass pass)
    {
        var shape = pass.Images.Shape;
        var (n, c, h, w) = ((uint)shape.N, (uint)shape.C, (uint)shape.H, (uint)shape.W);
        ulong order = _order.Address;
        if (pass.Batch != _batchSize)
        {
            ulong fullSteps = (ulong)(Count / _batchSize);
            order += fullSteps * (ulong)(_batchSize - pass.Batch) * sizeof(uint);
        }

        var pixels = LaunchShape.Cover((long)shape.N * shape.H * shape.W);
        if (_draws is null)
        {
            kernels.GatherNormalize.Launch(
                _stream, pixels, _images.Address, _labels.Address, order, state.Address, table.Address, pass.Images.Pointer.Address, pass.Labels.Pointer.Address, n, c, h, w);
            return;
        }

        kernels.DrawAugmentation.Launch(
            _stream, LaunchShape.Cover(shape.N, block: 64), order, state.Address, _draws.Address, _seed, n, h, w, (uint)_augmentation.Padding, _augmentation.Mirrors ? 1u : 0u);
        kernels.GatherAugment.Launch(
            _stream, pixels, _images.Address, _labels.Address, order, state.Address, table.Address, _draws.Address, pass.Images.Pointer.Address, pass.Labels.Pointer.Address, n, c, h, w,
            (uint)_augmentation.Cutout);
    }

    public void Dispose()
    {
        _images.Dispose();
        _labels.Dispose();
        _order.Dispose();
        _draws?.Dispose();
    }

    private void UploadOrder()
    {
        _stream.CopyToDevice<uint>(_hostOrder, _order.Span);
        _stream.Synchronize();
    }
}
