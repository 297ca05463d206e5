using CudnnNet;

namespace ResNet;

/// <summary>Our own kernels (native/kernels/training.cu), loaded from the PTX inside this assembly.</summary>
internal sealed class TrainingKernels : IDisposable
{
    private readonly CudaModule _module;

    public TrainingKernels(CudaContext context)
    {
        using var resource = typeof(TrainingKernels).Assembly.GetManifestResourceStream("training.ptx")
            ?? throw new InvalidOperationException("this build of the library lacks its kernels: the resource training.ptx is missing.");
        byte[] ptx = new byte[resource.Length];
        resource.ReadExactly(ptx);
        _module = context.LoadModule(ptx);
        GatherNormalize = _module.GetKernel("gather_normalize_nhwc");
        DrawAugmentation = _module.GetKernel("draw_augmentation");
        GatherAugment = _module.GetKernel("gather_augment_nhwc");
        SoftmaxCrossEntropy = _module.GetKernel("softmax_cross_entropy");
        AccumulateMetrics = _module.GetKernel("accumulate_metrics");
        SgdMomentum = _module.GetKernel("sgd_momentum");
        AdvanceStep = _module.GetKernel("advance_step");
        AddBiasRows = _module.GetKernel("add_bias_rows");
        SumRows = _module.GetKernel("sum_rows");
        SubsamplePad = _module.GetKernel("subsample_pad_nhwc");
        SubsamplePadBackward = _module.GetKernel("subsample_pad_nhwc_backward");
    }

    public CudaKernel GatherNormalize { get; }

    public CudaKernel DrawAugmentation { get; }

    public CudaKernel GatherAugment { get; }

    public CudaKernel SoftmaxCrossEntropy { get; }

    public CudaKernel AccumulateMetrics { get; }

    public CudaKernel SgdMomentum { get; }

    public CudaKernel AdvanceStep { get; }

    public CudaKernel AddBiasRows { get; }

    public CudaKernel SumRows { get; }

    public CudaKernel SubsamplePad { get; }

    public CudaKernel SubsamplePadBackward { get; }

    public void Dispose() => _module.Dispose();
}
