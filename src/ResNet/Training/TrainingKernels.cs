using CudnnNet;

namespace ResNet;

/// <summary>Our own kernels (native/kernels/training.cu) for one precision, loaded from the PTX inside this assembly.</summary>
internal sealed class TrainingKernels : IDisposable
{
    private readonly CudaModule _module;

    public TrainingKernels(CudaContext context, Precision precision = Precision.Float32)
    {
        using var resource = typeof(TrainingKernels).Assembly.GetManifestResourceStream("training.ptx")
            ?? throw new InvalidOperationException("this build of the library lacks its kernels: the resource training.ptx is missing.");
        byte[] ptx = new byte[resource.Length];
        resource.ReadExactly(ptx);
        _module = context.LoadModule(ptx);
        Precision = precision;
        string type = precision.ElementType() switch
        {
            DataType.BFloat16 => "_bf16",
            DataType.Float16 => "_f16",
            _ => "",
        };
        string bits = precision.IsNarrow() ? "_16" : "";
        GatherNormalize = _module.GetKernel("gather_normalize_nhwc" + type);
        DrawAugmentation = _module.GetKernel("draw_augmentation");
        GatherAugment = _module.GetKernel("gather_augment_nhwc" + type);
        SoftmaxCrossEntropy = _module.GetKernel("softmax_cross_entropy" + type);
        AccumulateMetrics = _module.GetKernel("accumulate_metrics");
        SgdMomentum = _module.GetKernel("sgd_momentum");
        AdvanceStep = _module.GetKernel("advance_step");
        AddBiasRows = _module.GetKernel("add_bias_rows");
        SumRows = _module.GetKernel("sum_rows" + type);
        SubsamplePad = _module.GetKernel("subsample_pad_nhwc" + bits);
        SubsamplePadBackward = _module.GetKernel("subsample_pad_nhwc_backward" + bits);
        if (precision.IsNarrow())
        {
            Narrow = _module.GetKernel("narrow" + type);
            SgdMomentumNarrow = _module.GetKernel("sgd_momentum" + type);
        }

        if (precision == Precision.Float16)
        {
            FindOverflow = _module.GetKernel("find_overflow_f16");
            UpdateLossScale = _module.GetKernel("update_loss_scale");
        }
    }

    public Precision Precision { get; }

    public CudaKernel GatherNormalize { get; }

    public CudaKernel DrawAugmentation { get; }

    public CudaKernel GatherAugment { get; }

    public CudaKernel SoftmaxCrossEntropy { get; }

    public CudaKernel AccumulateMetrics { get; }

    /// <summary>For gradients in single precision.</summary>
    public CudaKernel SgdMomentum { get; }

    public CudaKernel AdvanceStep { get; }

    public CudaKernel AddBiasRows { get; }

    public CudaKernel SumRows { get; }

    public CudaKernel SubsamplePad { get; }

    public CudaKernel SubsamplePadBackward { get; }

    /// <summary>Rounds parameters to 16 bits; only in precisions of 16 bits.</summary>
    public CudaKernel? Narrow { get; }

    /// <summary>For gradients of 16 bits, writing the parameters' copies; only in precisions of 16 bits.</summary>
    public CudaKernel? SgdMomentumNarrow { get; }

    /// <summary>Only in half precision.</summary>
    public CudaKernel? FindOverflow { get; }

    /// <summary>Only in half precision.</summary>
    public CudaKernel? UpdateLossScale { get; }

    public void Dispose() => _module.Dispose();
}
