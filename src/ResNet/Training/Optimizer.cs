using CudnnNet;

namespace ResNet;

/// <summary>
/// Stochastic gradient descent with momentum and weight decay as PyTorch defines it, over all parameters: v = momentum v + (g + decay p),
/// p = p - rate v, the rate being read on the device. In half precision gradients are divided by the loss scale, and where one of them is
/// not finite, nothing moves and the scale is halved; it doubles after 2000 steps in which all were finite, as in PyTorch's GradScaler.
/// </summary>
internal sealed class Optimizer
{
    private const int ElementsPerThread = 4;
    private const uint StepsToDoubleLossScale = 2000;

    private readonly CudaStream _stream;
    private readonly TrainingKernels _kernels;
    private readonly NetworkBuffers _buffers;
    private readonly DeviceSpan<uint> _state;
    private readonly float _momentum;
    private readonly float _weightDecay;
    private readonly long _narrow;
    private readonly long _wide;

    /// <param name="stream">Where updates are enqueued.</param>
    /// <param name="kernels">Of the buffers' precision.</param>
    /// <param name="buffers">What is updated.</param>
    /// <param name="state">A <see cref="TrainingState"/>'s words.</param>
    /// <param name="momentum">The factor of the velocities.</param>
    /// <param name="weightDecay">The factor of every parameter added to its gradient.</param>
    public Optimizer(CudaStream stream, TrainingKernels kernels, NetworkBuffers buffers, DeviceSpan<uint> state, double momentum, double weightDecay)
    {
        _stream = stream;
        _kernels = kernels;
        _buffers = buffers;
        _state = state;
        _momentum = (float)momentum;
        _weightDecay = (float)weightDecay;
        _narrow = buffers.FactorGradients?.Length ?? 0;
        _wide = buffers.Gradients.Length;
    }

    /// <summary>Enqueues one update by the gradients as they are.</summary>
    public void Enqueue()
    {
        _kernels.FindOverflow?.Launch(
            _stream, LaunchShape.Cover(_narrow + _wide), _buffers.FactorGradients!.Address, (ulong)_narrow, _buffers.Gradients.Address, (ulong)_wide, _state.Address);
        _kernels.SgdMomentumNarrow?.Launch(
            _stream, Shape(_narrow), _buffers.Parameters.Address, _buffers.FactorCopies!.Address, _buffers.FactorGradients!.Address, _buffers.Momentum.Address, _state.Address, _momentum, _weightDecay,
            (ulong)_narrow);
        ulong behind = (ulong)_narrow * sizeof(float);
        _kernels.SgdMomentum.Launch(
            _stream, Shape(_wide), _buffers.Parameters.Address + behind, _buffers.Gradients.Address, _buffers.Momentum.Address + behind, _state.Address, _momentum, _weightDecay, (ulong)_wide);
        _kernels.UpdateLossScale?.Launch(_stream, new LaunchShape(1, 1), _state.Address, StepsToDoubleLossScale);
    }

    private static LaunchShape Shape(long elements) => LaunchShape.Cover(elements, block: 256, elementsPerThread: ElementsPerThread);
}
