// One convolution through both of cuDNN's doors: Sobel's horizontal slope of the parabola x * x.
using CudnnNet;

TensorShape image = new(N: 1, C: 1, H: 3, W: 6);
FilterShape filter = new(K: 1, C: 1, R: 3, S: 3);
Convolution geometry = new();
TensorShape slopes = geometry.OutputShape(image, filter);

using CudaContext context = CudaContext.Primary();
using CudaStream stream = context.CreateStream();
using CudnnHandle cudnn = new(stream);
using DeviceMemory<float> x = context.Allocate<float>(image.Elements);
using DeviceMemory<float> w = context.Allocate<float>(filter.Elements);
using DeviceMemory<float> y = context.Allocate<float>(slopes.Elements);
stream.CopyToDevice<float>([.. Enumerable.Range(0, 18).Select(i => (float)((i % 6) * (i % 6)))], x);
stream.CopyToDevice<float>([-1, 0, 1, -2, 0, 2, -1, 0, 1], w);

// Descriptors: an operation made of its shapes, an algorithm with its workspace, a call.
using ConvolutionForward convolution = new(cudnn, image, filter, geometry, slopes);
var choice = convolution.Choose();
using DeviceMemory<byte> workspace = context.Allocate<byte>(Math.Max(1, choice.WorkspaceBytes));
convolution.Run(choice, alpha: 1, x, w, workspace, beta: 0, y);
Print("descriptors");
stream.Clear(y.Span);

// Graph: the same described, built into a plan where there is one, bound to the memory, executed.
OperationGraph graph = new("slope");
GraphTensor pixels = graph.Tensor("pixels", image), weights = graph.Tensor("weights", filter);
GraphTensor result = graph.Convolution(pixels, weights, geometry).Output("slopes");
GraphSupport support = graph.TryBuild(cudnn, options: null, out GraphPlan? plan);
if (plan is null)
{
    Console.WriteLine($"graph: no plan, because {support.Reason}");
    return;
}

using (plan)
using (DeviceMemory<byte> space = context.Allocate<byte>(Math.Max(1, plan.WorkspaceBytes)))
using (BoundPlan bound = plan.Bind(cudnn, space, pixels.At(x), weights.At(w), result.At(y)))
{
    bound.Execute();
    Print("graph");
}

void Print(string name)
{
    float[] values = new float[slopes.Elements];
    stream.CopyToHost(y.Span, values.AsSpan());
    stream.Synchronize();
    Console.WriteLine($"{name}: {string.Join(", ", values)}");
}
