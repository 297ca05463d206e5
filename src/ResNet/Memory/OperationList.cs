using CudnnNet;

namespace ResNet;

/// <summary>The part of a step an operation belongs to.</summary>
public enum StepPhase
{
    /// <summary>From the input to the logits.</summary>
    Forward,

    /// <summary>The loss, its gradient and the sums of the metrics.</summary>
    Loss,

    /// <summary>From the logits' gradient to the parameters' gradients.</summary>
    Backward,
}

/// <summary>A direction of a convolution.</summary>
public enum ConvolutionDirection
{
    /// <summary>The output.</summary>
    Forward,

    /// <summary>The input's gradient.</summary>
    Data,

    /// <summary>The filter's gradient.</summary>
    Filter,
}

/// <summary>A convolution, whichever way it is computed.</summary>
/// <param name="Direction">The direction.</param>
/// <param name="Image">The input's shape, with channels last.</param>
/// <param name="Filter">The filter's.</param>
/// <param name="Geometry">Padding, stride.</param>
public sealed record ComputedConvolution(ConvolutionDirection Direction, TensorShape Image, FilterShape Filter, Convolution Geometry);

/// <summary>One operation of a pass.</summary>
public sealed class PassOperation
{
    private readonly Action _enqueue;

    internal PassOperation(StepPhase phase, string name, Action enqueue, ComputedConvolution? computes, IReadOnlyList<PlannedTensor> uses)
    {
        _enqueue = enqueue;
        Phase = phase;
        Name = name;
        Computes = computes;
        Uses = uses;
    }

    /// <summary>The part of the step it belongs to.</summary>
    public StepPhase Phase { get; }

    /// <summary>Its name, e.g. <c>layer1.0.conv1 data gradient</c>.</summary>
    public string Name { get; }

    /// <summary>The convolution it is; null for everything else.</summary>
    public ComputedConvolution? Computes { get; }

    /// <summary>The tensors of the arena that it reads or writes.</summary>
    public IReadOnlyList<PlannedTensor> Uses { get; }

    /// <summary>Enqueues it.</summary>
    public void Enqueue() => _enqueue();
}

/// <summary>
/// The operations of a pass in the order in which they are enqueued, and the tensors they use. Putting it together is the only time
/// at which anything is created; running it only enqueues.
/// </summary>
public sealed class OperationList : IDisposable
{
    private readonly List<PassOperation> _operations = [];
    private readonly List<PlannedTensor> _tensors = [];
    private readonly List<IDisposable> _owned = [];
    private readonly List<OperationChoice> _choices = [];

    /// <summary>The operations, in order.</summary>
    public IReadOnlyList<PassOperation> Operations => _operations;

    /// <summary>How operations that cuDNN has more than one way for are computed, and why not otherwise, in order.</summary>
    public IReadOnlyList<OperationChoice> Choices => _choices;

    /// <summary>The tensors the memory plan places.</summary>
    public IReadOnlyList<PlannedTensor> Tensors => _tensors;

    /// <summary>Enqueues everything.</summary>
    public void Run()
    {
        foreach (var operation in _operations)
        {
            operation.Enqueue();
        }
    }

    /// <summary>Enqueues the operations of one phase.</summary>
    public void Run(StepPhase phase)
    {
        foreach (var operation in _operations)
        {
            if (operation.Phase == phase)
            {
                operation.Enqueue();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }
    }

    internal void Chose(string computes, OperationWay way, string reason) => _choices.Add(new OperationChoice(computes, way, reason));

    internal PlannedTensor Tensor(string name, TensorShape shape) => Keep(new PlannedTensor(name, shape, shape.Bytes));

    internal PlannedTensor Buffer(string name, long bytes) => Keep(new PlannedTensor(name, default, bytes));

    internal T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }

    internal void Add(StepPhase phase, string name, Action run, params ReadOnlySpan<PlannedTensor?> uses) => AddConvolution(phase, name, run, null, uses);

    /// <summary>As <see cref="Add"/>, for those who want to know what the pass computes.</summary>
    internal void AddConvolution(StepPhase phase, string name, Action run, ComputedConvolution? convolution, params ReadOnlySpan<PlannedTensor?> uses)
    {
        List<PlannedTensor> used = [];
        foreach (var tensor in uses)
        {
            if (tensor is not null)
            {
                tensor.UsedBy(_operations.Count);
                used.Add(tensor);
            }
        }

        _operations.Add(new PassOperation(phase, name, run, convolution, used));
    }

    private PlannedTensor Keep(PlannedTensor tensor)
    {
        _tensors.Add(tensor);
        return tensor;
    }
}
