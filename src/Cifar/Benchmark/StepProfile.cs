using CudnnNet;
using ResNet;

namespace Cifar;

/// <summary>One operation of a step by itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Milliseconds">The middle one of its times.</param>
/// <param name="Flops">Its floating-point operations, where they are known: those of convolutions.</param>
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
        IReadOnlyList<PassOperation> operations = trainer.TrainingPass.Operations.Operations;
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

        // A pixel is a byte; the optimiser reads parameters, gradients and momentum and writes the first and the last, and copies of 16 bits.
        NetworkBuffers buffers = trainer.Buffers;
        PlannedTensor images = trainer.TrainingPass.Images;
        long updated = (2 * (buffers.Parameters.Bytes + buffers.Momentum.Bytes)) + (buffers.Bytes - buffers.Parameters.Bytes - buffers.Momentum.Bytes - buffers.Statistics.Bytes);
        (string Name, Action Enqueue, double Flops, long Bytes)[] all =
        [
            ("batch", trainer.EnqueueBatch, 0, images.Bytes + images.Shape.Elements),
            .. operations.Select(operation => (
                operation.Name, (Action)operation.Enqueue, 2 * (ConvolutionProblem.Of(operation)?.Macs ?? 0), operation.Uses.Where(tensor => tensor.Shape.N > 0).Sum(tensor => tensor.Bytes))),
            ("sgd", trainer.EnqueueUpdate, 0, updated),
        ];

        // In order, as backward operations need what forward ones have written.
        double[][] times = [.. Enumerable.Range(0, Repetitions).Select(_ => all.Select(operation => Time(operation.Enqueue)).ToArray())];
        return new StepProfile(
            [.. all.Select((operation, i) => new ProfiledOperation(operation.Name, StepReport.Median(times.Select(repetition => repetition[i])), operation.Flops, operation.Bytes))],
            trainer.Options.Precision switch
            {
                Precision.BFloat16 => PeakOfProducts<BFloat16>(trainer.Stream, Time),
                Precision.Float16 => PeakOfProducts<Half>(trainer.Stream, Time),
                _ => PeakOfProducts<float>(trainer.Stream, Time),
            },
            PeakOfCopies(trainer.Stream, Time));
    }

    private static double PeakOfProducts<T>(CudaStream stream, Func<Action, double> time)
        where T : unmanaged
    {
        using var cublas = new CublasHandle(stream);
        using DeviceMemory<T> memory = stream.Context.Allocate<T>(3L * MatrixSize * MatrixSize);
        stream.Clear(memory.Span);
        const long elements = (long)MatrixSize * MatrixSize;
        double best = Enumerable.Range(0, Repetitions).Min(_ => time(() => cublas.Gemm(
            1, new DeviceMatrix<T>(memory.Slice(0, elements), MatrixSize, MatrixSize), new DeviceMatrix<T>(memory.Slice(elements, elements), MatrixSize, MatrixSize),
            0, new DeviceMatrix<T>(memory.Slice(2 * elements, elements), MatrixSize, MatrixSize))));
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
