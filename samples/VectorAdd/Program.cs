// A kernel adds two vectors: `VectorAdd` takes it from embedded PTX, `VectorAdd nvrtc` compiles it from its source first.
using CudnnNet;

const int Count = 1000;
const string Source = """
    extern "C" __global__ void add_rows(float* y, const float* x, unsigned rows, unsigned columns) {
      unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
      if (i < rows * columns) y[i] += x[i % columns];
    }
    """;

try
{
    using CudaContext context = CudaContext.Primary();
    using CudaStream stream = context.CreateStream();
    bool compile = args is ["nvrtc"];
    using CudaModule module = context.LoadModule(compile ? Compile(context.Properties.ComputeCapability) : Embedded());
    CudaKernel add = module.GetKernel(compile ? "add_rows" : "add_bias_rows");

    float[] x = [.. Enumerable.Range(0, Count).Select(i => (float)i)];
    float[] y = [.. Enumerable.Range(0, Count).Select(i => 1000f * i)];
    using DeviceMemory<float> xs = context.Allocate<float>(Count);
    using DeviceMemory<float> ys = context.Allocate<float>(Count);
    stream.CopyToDevice<float>(x, xs);
    stream.CopyToDevice<float>(y, ys);

    // The arguments in the kernel's order and types; a thread for each element, in blocks of 256.
    add.Launch(stream, LaunchShape.Cover(Count), ys.Address, xs.Address, 1u, (uint)Count);
    stream.CopyToHost(ys.Span, y.AsSpan());
    stream.Synchronize();
    Console.WriteLine($"{add.Name}: {string.Join(", ", y[..4])}, ..., {y[^1]}");
    return 0;
}
catch (NativeLibraryException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static byte[] Embedded()
{
    using Stream resource = typeof(Program).Assembly.GetManifestResourceStream("kernels.ptx")!;
    byte[] ptx = new byte[resource.Length];
    resource.ReadExactly(ptx);
    return ptx;
}

static byte[] Compile(ComputeCapability device)
{
    using NvrtcProgram program = new(Source, "add_rows.cu");
    program.Compile($"--gpu-architecture=compute_{device.Major}{device.Minor}");
    return program.GetPtx();
}
