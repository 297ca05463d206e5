using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Dropout (Srivastava et al. 2014): sets elements to 0 at random, multiplies the others by 1 / (1 - probability), and does the same to the gradient.</summary>
/// <remarks>
/// The random generators live in device memory of the caller's, <see cref="GetStateBytes"/> of it, and go on with every forward pass. Which elements
/// fell is kept in the reserve space for the gradient; it belongs to one forward pass.
/// </remarks>
public sealed unsafe class Dropout : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _x;
    private readonly DropoutDescriptor _descriptor;

    /// <summary>Prepares the operation and seeds the generators, in the handle's stream.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The shape of all tensors, N x C x H x W.</param>
    /// <param name="probability">The part of the elements that is set to 0, from 0 up to but not 1.</param>
    /// <param name="state">The generators' memory: at least <see cref="GetStateBytes"/>, for this operation alone, as long as it lives.</param>
    /// <param name="seed">Where the generators start.</param>
    /// <exception cref="ArgumentException">No tensor has that shape, the probability is out of range, or the state too short.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public Dropout(CudnnHandle cudnn, TensorShape x, double probability, DeviceSpan<byte> state, ulong seed)
        : base(cudnn)
    {
        try
        {
            if (!(probability >= 0 && probability < 1))
            {
                throw new ArgumentOutOfRangeException(nameof(probability), probability, "The part of the elements that is set to 0 must be at least 0 and less than 1.");
            }

            CheckSpace(state, GetStateBytes(cudnn), nameof(state));
            Shape = x;
            Probability = probability;
            _x = Own(new TensorDescriptor(x)).Handle;
            _descriptor = Own(new DropoutDescriptor());
            Cudnn.Check(Cudnn.cudnnSetDropoutDescriptor(_descriptor.Handle, Enter(), (float)probability, state.Pointer.Raw, (nuint)state.Length, seed));
            nuint bytes;
            Cudnn.Check(Cudnn.cudnnDropoutGetReserveSpaceSize(_x, &bytes));
            ReserveBytes = (long)bytes;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of all tensors.</summary>
    public TensorShape Shape { get; }

    /// <summary>The part of the elements that is set to 0.</summary>
    public double Probability { get; }

    /// <summary>The reserve space a forward pass fills for its gradient, in bytes.</summary>
    public long ReserveBytes { get; }

    /// <summary>The memory the generators need, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public static long GetStateBytes(CudnnHandle cudnn)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        nuint bytes;
        Cudnn.Check(Cudnn.cudnnDropoutGetStatesSize(cudnn.Enter(), &bytes));
        return (long)bytes;
    }

    /// <summary>y = x / (1 - probability) where an element stays, else 0.</summary>
    /// <param name="x">The input.</param>
    /// <param name="y">The output; may be the memory of <paramref name="x"/>.</param>
    /// <param name="reserve">At least <see cref="ReserveBytes"/>; receives which elements fell.</param>
    /// <exception cref="ArgumentException">An address is null or the reserve too short.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Forward(DevicePointer x, DevicePointer y, DeviceSpan<byte> reserve)
    {
        cudnnHandle_t handle = Enter();
        CheckSpace(reserve, ReserveBytes, nameof(reserve));
        Cudnn.Check(Cudnn.cudnnDropoutForward(
            handle, _descriptor.Handle, _x, x.Required(nameof(x)), _x, y.Required(nameof(y)), reserve.Pointer.Raw, (nuint)reserve.Length));
    }

    /// <summary>dx = dy / (1 - probability) where the forward pass kept the element, else 0.</summary>
    /// <param name="dy">The gradient by the output.</param>
    /// <param name="dx">The gradient by the input; may be the memory of <paramref name="dy"/>.</param>
    /// <param name="reserve">What <see cref="Forward"/> filled.</param>
    /// <exception cref="ArgumentException">An address is null or the reserve too short.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(DevicePointer dy, DevicePointer dx, DeviceSpan<byte> reserve)
    {
        cudnnHandle_t handle = Enter();
        CheckSpace(reserve, ReserveBytes, nameof(reserve));
        Cudnn.Check(Cudnn.cudnnDropoutBackward(
            handle, _descriptor.Handle, _x, dy.Required(nameof(dy)), _x, dx.Required(nameof(dx)), reserve.Pointer.Raw, (nuint)reserve.Length));
    }
}
