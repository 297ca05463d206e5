using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The calls of the floor benchmark (bench floor), on the real device: their typed forms allocate no managed memory.</summary>
public sealed class FloorCostTests
{
    [Test]
    public void Setting_the_stream_of_a_handle_allocates_nothing()
    {
        using TestDevice device = new();
        using CudaStream other = device.Context.CreateStream();
        using CudnnHandle cudnn = new(device.Stream);
        Assert.That(
            TestDevice.AllocatedBytes(() =>
            {
                cudnn.SetStream(other);
                cudnn.SetStream(device.Stream);
                cudnn.SetStream(device.Stream);
            }),
            Is.Zero);
    }

    [Test]
    public void Launching_a_kernel_with_more_than_eight_arguments_allocates_nothing()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("softmax_cross_entropy");
        DeviceMemory<float> logits = device.Upload<float>(1, 2, 3, 4);
        DeviceMemory<int> labels = device.Upload(0, 1);
        DeviceMemory<float> gradient = device.Upload(new float[4]);
        DeviceMemory<float> losses = device.Upload(new float[2]);
        DeviceMemory<int> hits = device.Upload(7, 7);
        DeviceMemory<uint> state = device.Upload(new uint[12]);
        LaunchShape shape = LaunchShape.Cover(2);
        long bytes = TestDevice.AllocatedBytes(() => kernel.Launch(
            device.Stream, shape, logits.Address, labels.Address, gradient.Address, losses.Address, hits.Address, state.Address, 2u, 2u, 1f, 0f));
        Assert.That(device.Download(hits.Span), Is.EqualTo(new[] { 0, 1 }), "it ran");
        Assert.That(bytes, Is.Zero);
    }

    [Test]
    public void Running_a_convolution_allocates_nothing()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(1, 64, 8, 8);
        FilterShape w = new(64, 64, 3, 3);
        using ConvolutionForward convolution = new(cudnn, x, w, new Convolution(Padding: 1), x);
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> choice = convolution.Choose();
        DeviceMemory<float> input = device.Upload(new float[x.Elements]);
        DeviceMemory<float> filter = device.Upload(new float[w.Elements]);
        DeviceMemory<float> output = device.Upload(new float[x.Elements]);
        DeviceMemory<byte> workspace = device.Own(device.Context.Allocate<byte>(Math.Max(1, choice.WorkspaceBytes)));
        long bytes = TestDevice.AllocatedBytes(() => convolution.Run(choice, 1, input, filter, workspace, 0, output));
        device.Stream.Synchronize();
        Assert.That(bytes, Is.Zero);
    }

    [Test]
    public void Multiplying_matrices_allocates_nothing()
    {
        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        DeviceMemory<float> matrix = device.Upload(new float[64 * 64]);
        DeviceMemory<float> product = device.Upload(new float[64 * 64]);
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            DeviceMatrix<float> factor = new(matrix, 64, 64);
            cublas.Gemm(1, factor, factor, 0, new DeviceMatrix<float>(product, 64, 64));
        });
        device.Stream.Synchronize();
        Assert.That(bytes, Is.Zero);
    }
}
