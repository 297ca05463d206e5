using CudnnNet;
using CudnnNet.Interop;
using ResNet;

namespace Cifar;

/// <summary>One operation of a step by itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Milliseconds">The middle one of its times.</param>
/// <param name="Flops">Its floating-point operations, where they are known: convolutions and the fully connected layer.</param>
/// <param name="Bytes">The bytes of the arena it reads or writes, each tensor once; parameters and workspaces are left out.</param>
internal sealed record ProfiledOperation(string Name, double Milliseconds, double Flops, long Bytes);

/// <summary>Every operation of a step by itself, beside what the device can do at most.</summary>
/// <param name="Operations">In the order in which they run.</param>
/// <param name="PeakFlops">Floating-point operations a second of a large matrix product.</param>
/// <param name="PeakBytes">Bytes a second of a large copy, read and written.</param>
internal sealed record StepProfile(IReadOnlyList<ProfiledOperation> Operations, double PeakFlops, double PeakBytes)
{
    private const int Repetitions = 5;
    private const int MatrixSize = 1536;
    private const long CopyBytes = 128L << 20;

    /// <summary>The least time an operation can take, in milliseconds: what it computes at the peak, or what it moves, whichever is longer.</summary>
    public double Bound(ProfiledOperation operation) => 1e3 * Math.Max(operation.Flops / PeakFlops, operation.Bytes / PeakBytes);

    /// <summary>Times the operations of the trainer's full training pass, one after the other, each waited for.</summary>
    public static StepProfile Measure(Trainer trainer)
    {
        OperationList operations = trainer.TrainingPass.Operations;
        int count = operations.Names.Count;
        double[][] times = [.. Enumerable.Range(0, count + 2).Select(_ => new double[Repetitions])];
        using CudaEvent start = trainer.Stream.Context.CreateEvent(timing: true);
        using CudaEvent end = trainer.Stream.Context.CreateEvent(timing: true);
        double Time(Action enqueue)
        {
            trainer.Stream.Record(start);
            enqueue();
            trainer.Stream.Record(end);
            end.Synchronize();
            return CudaEvent.ElapsedMilliseconds(start, end);
        }

        // In order, as backward operations need what forward ones have written.
        for (int repetition = 0; repetition < Repetitions; repetition++)
        {
            times[count][repetition] = Time(trainer.EnqueueBatch);
            for (int i = 0; i < count; i++)
            {
                int operation = i;
                times[i][repetition] = Time(() => operations.Run(operation));
            }

            times[count + 1][repetition] = Time(trainer.EnqueueUpdate);
        }

        Dictionary<string, double> flops = Flops(trainer);
        List<ProfiledOperation> profiled = [.. operations.Names.Select((name, i) => new ProfiledOperation(
            name, StepReport.Median(times[i]), flops.GetValueOrDefault(name), operations.UsesOf(i).Where(tensor => tensor.Shape.N > 0).Sum(tensor => tensor.Bytes)))];
        profiled.Insert(0, new ProfiledOperation("batch", StepReport.Median(times[count]), 0, trainer.TrainingPass.Images.Bytes * 5 / 4));

        // Reads parameters, gradients and momentum, writes the first and the last.
        profiled.Add(new ProfiledOperation("sgd", StepReport.Median(times[count + 1]), 0, 5 * trainer.Buffers.Parameters.Bytes));
        return new StepProfile(
            profiled,
            PeakOfProducts(trainer.Stream, Time),
            PeakOfCopies(trainer.Stream, Time));
    }

    // A convolution's operations have the names of its filter and its direction.
    private static Dictionary<string, double> Flops(Trainer trainer)
    {
        Dictionary<string, double> flops = [];
        OperationList operations = trainer.TrainingPass.Operations;
        void Add<TAlgorithm>(IEnumerable<ConvolutionOperation<TAlgorithm>> convolutions, string suffix)
            where TAlgorithm : unmanaged, Enum
        {
            // Both lists are in the order in which the pass was put together.
            IEnumerable<string> names = operations.Names.Where(name => name.EndsWith(suffix, StringComparison.Ordinal));
            foreach ((string name, ConvolutionOperation<TAlgorithm> convolution) in names.Zip(convolutions))
            {
                (TensorShape x, FilterShape w, Convolution geometry) = (convolution.ImageShape, convolution.FilterShape, convolution.Convolution);
                flops[name] = 2.0 * x.N * w.K * w.C
                    * ConvolutionProblem.Products(x.H, w.R, geometry.PaddingHeight, geometry.StrideHeight) * ConvolutionProblem.Products(x.W, w.S, geometry.PaddingWidth, geometry.StrideWidth);
            }
        }

        Add<cudnnConvolutionFwdAlgo_t>(operations.OperationsOf<ConvolutionForward>(), ConvolutionNames.Forward);
        Add<cudnnConvolutionBwdDataAlgo_t>(operations.OperationsOf<ConvolutionBackwardData>(), ConvolutionNames.DataGradient);
        Add<cudnnConvolutionBwdFilterAlgo_t>(operations.OperationsOf<ConvolutionBackwardFilter>(), ConvolutionNames.FilterGradient);
        return flops;
    }

    private static double PeakOfProducts(CudaStream stream, Func<Action, double> time)
    {
        using var cublas = new CublasHandle(stream);
        using DeviceMemory<float> memory = stream.Context.Allocate<float>(3L * MatrixSize * MatrixSize);
        stream.Clear(memory.Span);
        const long elements = (long)MatrixSize * MatrixSize;
        double best = Enumerable.Range(0, Repetitions).Min(_ => time(() => cublas.Gemm(
            1, new DeviceMatrix<float>(memory.Slice(0, elements), MatrixSize, MatrixSize), new DeviceMatrix<float>(memory.Slice(elements, elements), MatrixSize, MatrixSize),
            0, new DeviceMatrix<float>(memory.Slice(2 * elements, elements), MatrixSize, MatrixSize))));
        return 2.0 * MatrixSize * MatrixSize * MatrixSize / best * 1e3;
    }

    private static double PeakOfCopies(CudaStream stream, Func<Action, double> time)
    {
        using DeviceMemory<byte> memory = stream.Context.Allocate<byte>(2 * CopyBytes);
        stream.Clear(memory.Span);
        double best = Enumerable.Range(0, Repetitions).Min(_ => time(() => stream.Copy(memory.Slice(0, CopyBytes), memory.Slice(CopyBytes, CopyBytes))));
        return 2.0 * CopyBytes / best * 1e3;
    }
}
