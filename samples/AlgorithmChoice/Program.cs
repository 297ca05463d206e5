// Three ways to choose the algorithm of a convolution: by cuDNN's heuristic, by measuring, and under conditions.
using CudnnNet;

using CudaContext context = CudaContext.Primary();
using CudaStream stream = context.CreateStream();
using CudnnHandle cudnn = new(stream);

TensorShape image = new(N: 4, C: 16, H: 32, W: 32);
FilterShape filter = new(K: 32, C: 16, R: 3, S: 3);
Convolution geometry = new(Padding: 1);
using ConvolutionForward convolution = new(cudnn, image, filter, geometry, geometry.OutputShape(image, filter));

// The heuristic runs nothing and costs microseconds; what it cannot use it lists with the reason.
Console.WriteLine("by the heuristic:");
foreach (var estimate in convolution.GetHeuristics())
{
    Console.WriteLine($"  {estimate.Choice.Algorithm}: {(estimate.Succeeded ? Describe(estimate.Choice) : $"{estimate.Status}")}");
}

// Measuring runs them all, once, before the work begins.
Console.WriteLine("measured, the fastest first:");
foreach (var measurement in convolution.Measure().Where(m => m.Succeeded))
{
    Console.WriteLine($"  {measurement.Choice.Algorithm}: {measurement.Milliseconds:0.000} ms, {Describe(measurement.Choice)}");
}

// Conditions: no workspace at all, the same bits every time.
var choice = convolution.Choose(workspaceLimit: 0, deterministic: true);
Console.WriteLine($"without workspace: {choice.Algorithm}");

// A choice is kept and run as often as wanted.
using DeviceMemory<float> x = context.Allocate<float>(convolution.ImageShape.Elements);
using DeviceMemory<float> w = context.Allocate<float>(convolution.FilterShape.Elements);
using DeviceMemory<float> y = context.Allocate<float>(convolution.OutputShape.Elements);
stream.Fill(x.Span, 1f);
stream.Fill(w.Span, 1f);
convolution.Run(choice, alpha: 1, x, w, workspace: default, beta: 0, y);
float[] corner = new float[1];
stream.CopyToHost(y.Slice(0, 1), corner.AsSpan());
stream.Synchronize();
Console.WriteLine($"a corner's sum: {corner[0]}");

static string Describe<T>(ConvolutionChoice<T> choice)
    where T : unmanaged, Enum => $"{choice.WorkspaceBytes} bytes of workspace, {(choice.Deterministic ? "" : "not ")}deterministic";
