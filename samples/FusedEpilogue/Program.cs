// A convolution, its bias and its ReLU: three calls through memory, and one plan that writes the result only.
using CudnnNet;

TensorShape image = new(N: 8, C: 16, H: 32, W: 32), channels = new(N: 1, C: 32, H: 1, W: 1);
FilterShape filter = new(K: 32, C: 16, R: 3, S: 3);
Convolution geometry = new(Padding: 1);
TensorShape result = geometry.OutputShape(image, filter);

using CudaContext context = CudaContext.Primary();
using CudaStream stream = context.CreateStream();
using CudnnHandle cudnn = new(stream);
using DeviceMemory<float> x = context.Allocate<float>(image.Elements), w = context.Allocate<float>(filter.Elements);
using DeviceMemory<float> b = context.Allocate<float>(channels.Elements), y = context.Allocate<float>(result.Elements);
stream.Fill(x.Span, 1f);
stream.Fill(w.Span, 0.5f);
stream.Fill(b.Span, -40f);

using ConvolutionForward convolution = new(cudnn, image, filter, geometry, result);
using TensorAdd add = new(cudnn, channels, result);
using Activation relu = new(cudnn, ActivationMode.Relu, result);
var choice = convolution.Choose();
using DeviceMemory<byte> workspace = context.Allocate<byte>(Math.Max(1, choice.WorkspaceBytes));
convolution.Run(choice, alpha: 1, x, w, workspace, beta: 0, y);
add.Run(alpha: 1, b, beta: 1, y);
relu.Forward(alpha: 1, y, beta: 0, y);
Print("three calls");
stream.Clear(y.Span);

// What goes from one operation to the next is virtual: it has no memory.
OperationGraph graph = new("layer");
GraphTensor pixels = graph.Tensor("pixels", image), weights = graph.Tensor("weights", filter), bias = graph.Channels("bias", 32);
GraphTensor output = graph.Relu(graph.Add(graph.Convolution(pixels, weights, geometry), bias)).Output("output");
using GraphPlan plan = graph.Build(cudnn);
using DeviceMemory<byte> space = context.Allocate<byte>(Math.Max(1, plan.WorkspaceBytes));
using BoundPlan bound = plan.Bind(cudnn, space, pixels.At(x), weights.At(w), bias.At(b), output.At(y));
bound.Execute();
Print("one plan");
Console.WriteLine($"virtual: {graph.Tensors.Count(tensor => tensor.IsVirtual)} of {graph.Tensors.Count} tensors");

void Print(string name)
{
    float[] values = new float[y.Length];
    stream.CopyToHost(y.Span, values.AsSpan());
    stream.Synchronize();
    Console.WriteLine($"{name}: {values[0]} in a corner, {values[32]} at an edge, {values[33 * 32]} inside");
}
