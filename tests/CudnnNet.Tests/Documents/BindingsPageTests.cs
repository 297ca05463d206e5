using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The code of docs/bindings.md: compiled here, run here, and quoted there word by word.</summary>
public sealed class BindingsPageTests
{
    [Test]
    public void A_convolution_runs_in_a_stream()
    {
        #region convolution
        using CudaContext context = CudaContext.Primary(device: 0);
        using CudaStream stream = context.CreateStream();
        using CudnnHandle cudnn = new(stream);

        TensorShape image = new(N: 1, C: 2, H: 4, W: 4);               // single precision, N H W C in memory
        FilterShape filter = new(K: 3, C: 2, R: 3, S: 3);
        Convolution geometry = new(Padding: 1, Stride: 1);
        TensorShape result = geometry.OutputShape(image, filter);

        using ConvolutionForward convolution = new(cudnn, image, filter, geometry, result);
        var choice = convolution.Choose(workspaceLimit: 256.MiB());     // cuDNN's heuristic; Measure() times them all

        using DeviceMemory<float> x = context.Allocate<float>(image.Elements);
        using DeviceMemory<float> w = context.Allocate<float>(filter.Elements);
        using DeviceMemory<float> y = context.Allocate<float>(result.Elements);
        using DeviceMemory<byte> workspace = context.Allocate<byte>(Math.Max(1, choice.WorkspaceBytes));
        stream.Fill(x.Span, 1f);
        stream.Fill(w.Span, 0.5f);

        convolution.Run(choice, alpha: 1, x, w, workspace, beta: 0, y); // put into the stream: allocates nothing, waits for nothing

        float[] values = new float[result.Elements];
        stream.CopyToHost(y.Span, values.AsSpan());
        stream.Synchronize();
        #endregion
        // A corner sees four of nine pixels, an edge six; two channels each.
        Assert.That(values[0], Is.EqualTo(4f));
        Assert.That(values[3], Is.EqualTo(6f));
        Assert.That(values[15], Is.EqualTo(9f));
    }

    [Test]
    public void A_multiplication_ends_with_bias_and_activation()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream stream = context.CreateStream();
        using DeviceMemory<float> weights = context.Allocate<float>(12), samples = context.Allocate<float>(6), bias = context.Allocate<float>(4), results = context.Allocate<float>(8);
        stream.CopyToDevice([1f, 2, 3, -1, -2, -3, 1, 0, 0, 0, 0, 1], weights.Span);
        stream.CopyToDevice([1f, 1, 1, 2, 0, -1], samples.Span);
        stream.CopyToDevice([0.5f, 2, 0, -1], bias.Span);
        #region epilogue
        using CublasLtHandle lt = new(stream);
        MatrixLayout w = MatrixLayout.RowMajor<float>(rows: 4, columns: 3);             // 4 outputs of 3 inputs
        MatrixLayout x = MatrixLayout.ColumnMajor<float>(rows: 3, columns: 2);          // 2 samples, one a column
        MatrixLayout y = MatrixLayout.ColumnMajor<float>(rows: 4, columns: 2);
        using MatrixMultiplication layer = new(lt, w, x, y, new() { Epilogue = MatrixEpilogue.ReluBias });
        layer.SetBias(bias.Span);                                                       // one number for each row of y
        MatrixAlgorithm algorithm = layer.Choose(workspaceLimit: 32.MiB());             // GetHeuristics() tells them all
        using DeviceMemory<byte> space = context.Allocate<byte>(Math.Max(1, algorithm.WorkspaceBytes));

        layer.Run(algorithm, alpha: 1, weights, samples, beta: 0, results, results, space);   // y = max(w x + bias, 0)
        #endregion
        float[] values = new float[8];
        stream.CopyToHost(results.Span, values.AsSpan());
        stream.Synchronize();
        // Of (1, 1, 1): 6 + 0.5, -6 + 2, 1, 1 - 1. Of (2, 0, -1): -1 + 0.5, 1 + 2, 2, -1 - 1.
        Assert.That(values, Is.EqualTo(new[] { 6.5f, 0, 1, 0, 0, 3, 2, 0 }));
    }

    [Test]
    public unsafe void The_floors_meet()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream stream = context.CreateStream();
        #region floors
        using CublasHandle cublas = new(stream);
        int version;
        cublasStatus_t status = Cublas.cublasGetVersion_v2(cublas.Handle, &version);   // raw: C's name, C's types, a status
        Cublas.Check(status);                                                          // checked: an exception unless it is success
        int same = cublas.Version;                                                     // typed
        #endregion
        Assert.That(same, Is.EqualTo(version));
    }

    [Test]
    public void A_child_keeps_its_parent()
    {
        #region lifetimes
        CudaContext context = CudaContext.Primary();
        CudaStream stream = context.CreateStream();
        DeviceMemory<float> memory = context.Allocate<float>(1000);
        context.Dispose();                       // too early? The stream and the memory keep it
        stream.Fill(memory.Span, 1f);
        stream.Synchronize();
        memory.Dispose();
        memory.Dispose();                        // twice is once
        stream.Dispose();                        // now the context goes, too
        #endregion
        Assert.That(() => memory.Address, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Streams_are_ordered_by_events()
    {
        using CudaContext context = CudaContext.Primary();
        using DeviceMemory<float> memory = context.Allocate<float>(4);
        float[] values = new float[4];
        #region streams
        using CudaStream first = context.CreateStream();
        using CudaStream second = context.CreateStream();
        using CudaEvent written = context.CreateEvent();
        first.Fill(memory.Span, 2f);
        first.Record(written);
        second.Wait(written);                    // the second stream waits, not this thread
        second.CopyToHost(memory.Span, values.AsSpan());
        second.Synchronize();
        #endregion
        Assert.That(values, Is.All.EqualTo(2f));
    }

    [Test]
    public void Work_is_captured_once_and_launched_often()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream stream = context.CreateStream();
        using DeviceMemory<float> memory = context.Allocate<float>(4);
        float[] values = new float[4];
        #region capture
        using CudaGraph graph = stream.Capture(() => stream.Fill(memory.Span, 3f));
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(stream);
        executable.Launch(stream);
        #endregion
        stream.CopyToHost(memory.Span, values.AsSpan());
        stream.Synchronize();
        Assert.That(values, Is.All.EqualTo(3f));
    }

    [Test]
    public void Errors_name_what_was_asked_found_and_to_do()
    {
        using CudaContext context = CudaContext.Primary();
        string message = "";
        CUresult code = default;
        #region errors
        try
        {
            using DeviceMemory<float> memory = context.Allocate<float>(1L << 45);
        }
        catch (CudaException e) when (e.Code == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            code = e.Code;
            message = e.Message;                 // how much was asked for, how much there is, what to do
        }
        #endregion
        Assert.That(message, Does.StartWith("cuMemAlloc_v2 answered CUDA_ERROR_OUT_OF_MEMORY (2)").And.Contain("140737488355328 bytes"));
        Assert.That(code, Is.EqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY));
    }

    [Test]
    [CpuDeviceOnly("the CPU device is asked for")]
    public void The_device_is_chosen_before_the_first_use()
    {
        #region device
        NativeLibraries.Requested = DeviceKind.Cpu;           // before anything else; CUDNNNET_DEVICE=cpu says the same from outside
        DeviceKind device = NativeLibraries.Selected;         // makes the choice
        string why = NativeLibraries.Describe();              // what was chosen and why, each library with file and version
        #endregion
        Assert.That(device, Is.EqualTo(DeviceKind.Cpu));
        Assert.That(why, Does.StartWith("CPU device ("));
    }

    [Test]
    public void A_newer_function_is_asked_for()
    {
        #region versions
        NativeSymbol symbol = NativeSymbols.Find(NativeLibraryId.Cuda, "cuCtxCreate_v4")!;            // symbol.Since is 12.8
        bool there = NativeLibraries.TryGetFunction(NativeLibraryId.Cuda, "cuCtxCreate_v4", out _);   // in the library that was found
        #endregion
        Assert.That(symbol.Since, Is.EqualTo("12.8"));
        Assert.That(there, Is.EqualTo(CudaDriver.Version >= new Version(12, 8)));
    }

    [Test]
    public void The_page_quotes_this_code_and_leaves_none_out()
    {
        QuotedCode.AssertQuoted("bindings.md", "BindingsPageTests.cs");
    }
}
