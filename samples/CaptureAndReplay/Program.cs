// Captures what a stream was given into a graph and replays it: each launch takes one step of Fibonacci's sequence.
using CudnnNet;

const int Steps = 29;

using CudaContext context = CudaContext.Primary();
using CudaStream stream = context.CreateStream();
using CublasHandle cublas = new(stream);

// (next, current) becomes (next + current, next).
using DeviceMemory<float> stepMemory = context.Allocate<float>(4);
using DeviceMemory<float> pair = context.Allocate<float>(2);
using DeviceMemory<float> following = context.Allocate<float>(2);
stream.CopyToDevice<float>([1, 1, 1, 0], stepMemory);
stream.CopyToDevice<float>([1, 0], pair);
DeviceMatrix<float> step = DeviceMatrix.RowMajor<float>(stepMemory, rows: 2, columns: 2);

// Nothing is computed here, the calls are only written down.
using CudaGraph graph = stream.Capture(() =>
{
    cublas.Gemv<float>(1, step, pair.Span, 0, following.Span);
    stream.Copy(following.Span, pair.Span);
});
Console.WriteLine($"captured: {string.Join(", ", graph.Nodes.Select(node => node.Type))}");

// The graph is checked and prepared once, then every launch is a single call.
using CudaGraphExecutable executable = graph.Instantiate();
for (int i = 0; i < Steps; i++)
{
    executable.Launch(stream);
}

float[] numbers = new float[2];
stream.CopyToHost(pair.Span, numbers.AsSpan());
stream.Synchronize();
Console.WriteLine($"after {Steps} launches: {numbers[1]}, {numbers[0]}");
