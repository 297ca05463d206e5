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

/// <summary>
/// The operations of a pass in the order in which they are enqueued, and the tensors they use. Putting it together is the only time
/// at which anything is created; running it only enqueues.
/// </summary>
public sealed class OperationList : IDisposable
{
    private readonly List<Action> _run = [];
    private readonly List<StepPhase> _phases = [];
    private readonly List<string> _names = [];
    private readonly List<IReadOnlyList<PlannedTensor>> _uses = [];
    private readonly List<PlannedTensor> _tensors = [];
    private readonly List<IDisposable> _owned = [];

    /// <summary>The operations' names, in order.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>The tensors of the arena that an operation reads or writes.</summary>
    public IReadOnlyList<PlannedTensor> UsesOf(int operation) => _uses[operation];

    /// <summary>The part of a step an operation belongs to.</summary>
    public StepPhase PhaseOf(int operation) => _phases[operation];

    /// <summary>The tensors the memory plan places.</summary>
    public IReadOnlyList<PlannedTensor> Tensors => _tensors;

    /// <summary>The cuDNN operations of one kind, for those who want to know what a pass computes.</summary>
    public IEnumerable<TOperation> OperationsOf<TOperation>()
        where TOperation : CudnnOperation => _owned.OfType<TOperation>();

    /// <summary>Enqueues everything.</summary>
    public void Run()
    {
        foreach (var run in _run)
        {
            run();
        }
    }

    /// <summary>Enqueues one operation.</summary>
    public void Run(int operation) => _run[operation]();

    /// <summary>Enqueues the operations of one phase.</summary>
    public void Run(StepPhase phase)
    {
        for (int i = 0; i < _run.Count; i++)
        {
            if (_phases[i] == phase)
            {
                _run[i]();
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

    internal PlannedTensor Tensor(string name, TensorShape shape) => Keep(new PlannedTensor(name, shape, shape.Bytes));

    internal PlannedTensor Buffer(string name, long bytes) => Keep(new PlannedTensor(name, default, bytes));

    internal T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }

    internal void Add(StepPhase phase, string name, Action run, params ReadOnlySpan<PlannedTensor?> uses)
    {
        List<PlannedTensor> used = [];
        foreach (var tensor in uses)
        {
            if (tensor is not null)
            {
                tensor.UsedBy(_run.Count);
                used.Add(tensor);
            }
        }

        _uses.Add(used);

        _run.Add(run);
        _phases.Add(phase);
        _names.Add(name);
    }

    private PlannedTensor Keep(PlannedTensor tensor)
    {
        _tensors.Add(tensor);
        return tensor;
    }
}
