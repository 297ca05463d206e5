using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Streams captured into graphs.</summary>
public sealed class StreamCaptureTests
{
    [SetUp]
    public void Capture_is_needed() => Requires.Implemented("cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuGraphGetNodes");

    [Test]
    public void What_is_captured_is_not_done_until_the_graph_is_launched()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        DeviceMemory<float> y = device.Upload<float>(0, 0, 0, 0);
        DeviceMemory<float> bias = device.Upload<float>(1, 2);
        int calls = 0;
        using HostCallback callback = new(() => calls++);
        device.Stream.Synchronize();
        bool during = false;
        using CudaGraph graph = device.Stream.Capture(() =>
        {
            during = device.Stream.IsCapturing;
            kernel.Launch(device.Stream, LaunchShape.Cover(4), y.Address, bias.Address, 2u, 2u);
            device.Stream.Invoke(callback);
        });
        float[] before = device.Download(y.Span);
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(device.Stream);
        executable.Launch(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(during);
            Assert.That(device.Stream.IsCapturing, Is.False);
            Assert.That(before, Is.All.Zero);
            Assert.That(device.Download(y.Span), Is.EqualTo(new float[] { 2, 4, 2, 4 }));
            Assert.That(calls, Is.EqualTo(2));
            Assert.That(graph.Nodes, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public void Streams_join_by_events_and_the_edges_say_so()
    {
        Requires.Implemented("cuGraphGetEdges");
        using TestDevice device = new();
        using CudaStream other = device.Context.CreateStream();
        using CudaEvent fork = device.Context.CreateEvent();
        using CudaEvent join = device.Context.CreateEvent();
        DeviceMemory<uint> memory = device.Upload(0u, 0u, 0u, 0u);
        device.Stream.Synchronize();
        using CudaGraph graph = device.Stream.Capture(() =>
        {
            device.Stream.Fill(memory.Slice(0, 1), 1u);
            device.Stream.Record(fork);
            other.Wait(fork);
            other.Fill(memory.Slice(1, 1), 2u);
            device.Stream.Fill(memory.Slice(2, 1), 3u);
            other.Record(join);
            device.Stream.Wait(join);
            device.Stream.Fill(memory.Slice(3, 1), 4u);
        });
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.Download(memory.Span), Is.EqualTo(new[] { 1u, 2u, 3u, 4u }));
            Assert.That(graph.Nodes, Has.Count.EqualTo(4));
            Assert.That(graph.Edges, Has.Count.EqualTo(4), "one node, two beside each other, one");
        }
    }

    [Test]
    public void A_capture_that_is_given_up_leaves_the_stream_as_it_was()
    {
        using TestDevice device = new();
        DeviceMemory<uint> memory = device.Upload(1u);
        device.Stream.Synchronize();
        Assert.Throws<InvalidOperationException>(() => device.Stream.Capture(() =>
        {
            device.Stream.Fill(memory.Span, 2u);
            throw new InvalidOperationException("no more");
        }));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.Stream.CaptureStatus, Is.EqualTo(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE));
            Assert.That(device.Download(memory.Span)[0], Is.EqualTo(1));
        }
    }

    [Test]
    public void Waiting_for_a_captured_stream_spoils_the_capture_and_the_message_says_what_to_look_for()
    {
        using TestDevice device = new();
        DeviceMemory<uint> memory = device.Upload(1u);
        device.Stream.Synchronize();
        using StreamCapture capture = device.Stream.BeginCapture();
        device.Stream.Fill(memory.Span, 2u);
        Assert.Throws<CudaException>(device.Stream.Synchronize);
        CudaException error = Assert.Throws<CudaException>(() => capture.End())!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.Contain("nothing may wait for the device meanwhile"));
            Assert.Throws<InvalidOperationException>(() => capture.End());
            Assert.That(device.Stream.IsCapturing, Is.False);
        }
    }

    [Test]
    public void A_function_to_be_called_once_cannot_be_captured()
    {
        using TestDevice device = new();
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => device.Stream.Capture(() => device.Stream.Invoke(() => { })))!;
        Assert.That(error.Message, Does.Contain("which may run any number of times. Make a HostCallback"));
    }

    [Test]
    public void A_callback_disposed_before_the_launch_is_not_called()
    {
        using TestDevice device = new();
        int calls = 0;
        HostCallback callback = new(() => calls++);
        using CudaGraph graph = device.Stream.Capture(() => device.Stream.Invoke(callback));
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(device.Stream);
        device.Stream.Synchronize();
        callback.Dispose();
        executable.Launch(device.Stream);
        device.Stream.Synchronize();
        Assert.That(calls, Is.EqualTo(1));
    }
}
