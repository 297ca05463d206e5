using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>c = alpha · reduce(a) + beta · c (cudnnReduceTensor): a is reduced along every dimension in which c has size 1.</summary>
public sealed unsafe class TensorReduction : CudnnOperation
{
    private readonly cudnnReduceTensorDescriptor_t _reduction;
    private readonly cudnnTensorDescriptor_t _a;
    private readonly cudnnTensorDescriptor_t _c;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="mode">What many elements become.</param>
    /// <param name="a">What is reduced.</param>
    /// <param name="c">The result; each dimension is 1 or that of <paramref name="a"/>.</param>
    /// <param name="propagateNan">Whether a NaN wins minimum and maximum.</param>
    /// <param name="indices">Whether <see cref="RunWithIndices"/> shall tell where minimum and maximum were.</param>
    /// <exception cref="ArgumentException">The shapes or types do not fit.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape or the mode.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public TensorReduction(CudnnHandle cudnn, TensorReductionMode mode, TensorShape a, TensorShape c, bool propagateNan = true, bool indices = false)
        : base(cudnn)
    {
        try
        {
            Broadcasting.Check(c, nameof(c), a, nameof(a));
            Mode = mode;
            A = a;
            C = c;
            _reduction = Own(new ReduceTensorDescriptor(mode, a.Type.Computed(), propagateNan, indices)).Handle;
            _a = Own(new TensorDescriptor(a)).Handle;
            _c = Own(new TensorDescriptor(c)).Handle;
            nuint bytes;
            Cudnn.Check(Cudnn.cudnnGetReductionWorkspaceSize(Enter(), _reduction, _a, _c, &bytes));
            WorkspaceBytes = (long)bytes;
            if (indices)
            {
                Cudnn.Check(Cudnn.cudnnGetReductionIndicesSize(Enter(), _reduction, _a, _c, &bytes));
                IndicesBytes = (long)bytes;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What many elements become.</summary>
    public TensorReductionMode Mode { get; }

    /// <summary>The shape of what is reduced.</summary>
    public TensorShape A { get; }

    /// <summary>The shape of the result.</summary>
    public TensorShape C { get; }

    /// <summary>The workspace a run needs, in bytes.</summary>
    public long WorkspaceBytes { get; }

    /// <summary>The memory for the indices of the extremes, in bytes: a 32-bit number for each element of c. 0 where none were asked for.</summary>
    public long IndicesBytes { get; }

    /// <summary>c = alpha · reduce(a) + beta · c, with the place of each extreme among the elements it was chosen from, counted from 0.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="a">What is reduced.</param>
    /// <param name="workspace">At least <see cref="WorkspaceBytes"/>; its content is lost.</param>
    /// <param name="indices">At least <see cref="IndicesBytes"/>; receives 32-bit numbers.</param>
    /// <param name="beta">The factor of what <paramref name="c"/> held before; 0: it is not read.</param>
    /// <param name="c">The result.</param>
    /// <exception cref="ArgumentException">Workspace or indices are too short or an address is null.</exception>
    /// <exception cref="InvalidOperationException">The operation was made without indices.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void RunWithIndices(double alpha, DevicePointer a, DeviceSpan<byte> workspace, DeviceSpan<byte> indices, double beta, DevicePointer c)
    {
        if (IndicesBytes == 0)
        {
            throw new InvalidOperationException("The places of the extremes were asked for of a reduction that does not keep them. Make it with indices: true.");
        }

        cudnnHandle_t handle = Enter();
        CheckSpace(workspace, WorkspaceBytes, nameof(workspace));
        CheckSpace(indices, IndicesBytes, nameof(indices));
        ScalingFactor first = new(alpha, A.Type);
        ScalingFactor second = new(beta, A.Type);
        Cudnn.Check(Cudnn.cudnnReduceTensor(
            handle, _reduction, indices.Pointer.Raw, (nuint)indices.Length, workspace.Pointer.Raw, (nuint)workspace.Length,
            &first, _a, a.Required(nameof(a)), &second, _c, c.Required(nameof(c))));
    }

    /// <summary>c = alpha · reduce(a) + beta · c.</summary>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="a">What is reduced.</param>
    /// <param name="workspace">At least <see cref="WorkspaceBytes"/>; its content is lost.</param>
    /// <param name="beta">The factor of what <paramref name="c"/> held before; 0: it is not read.</param>
    /// <param name="c">The result.</param>
    /// <exception cref="ArgumentException">The workspace is too short or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(double alpha, DevicePointer a, DeviceSpan<byte> workspace, double beta, DevicePointer c)
    {
        cudnnHandle_t handle = Enter();
        CheckSpace(workspace, WorkspaceBytes, nameof(workspace));
        ScalingFactor first = new(alpha, A.Type);
        ScalingFactor second = new(beta, A.Type);
        Cudnn.Check(Cudnn.cudnnReduceTensor(
            handle, _reduction, null, 0, workspace.Pointer.Raw, (nuint)workspace.Length, &first, _a, a.Required(nameof(a)), &second, _c, c.Required(nameof(c))));
    }
}
