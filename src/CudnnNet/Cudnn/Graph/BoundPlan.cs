using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <summary>A plan with the memory it works on. Made by <see cref="GraphPlan.Bind"/>, executed as often as wanted.</summary>
/// <remarks>Executing puts the work into the handle's stream and returns: it allocates nothing, neither managed nor on the device, and waits for nothing.</remarks>
public sealed unsafe class BoundPlan : NativeOwner
{
    // Each value passed by value has a place of its own, wide enough for every type.
    private const int ValueBytes = 8;

    private readonly BackendDescriptor _pack = null!;
    private readonly cudnnBackendDescriptor_t _planHandle;
    private readonly cudnnBackendDescriptor_t _packHandle;
    private readonly GraphTensor[] _scalars = [];
    private readonly bool _keepsHandle;
    private byte* _values;

    internal BoundPlan(GraphPlan plan, CudnnHandle cudnn, DeviceSpan<byte> workspace, ReadOnlySpan<TensorPointer> tensors)
        : base(plan)
    {
        Plan = plan;
        Cudnn = cudnn;
        try
        {
            cudnn.Keep();
            _keepsHandle = true;
            if (workspace.Length < plan.WorkspaceBytes)
            {
                throw new ArgumentException(
                    $"The {plan} was given {workspace.Length} bytes of workspace. Allocate what GraphPlan.WorkspaceBytes says.", nameof(workspace));
            }

            IReadOnlyList<GraphTensor> used = plan.Graph.Key.Tensors;
            _scalars = [.. used.Where(tensor => tensor.IsByValue)];
            _values = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(1, _scalars.Length), ValueBytes);
            long[] uids = new long[used.Count];
            nint[] pointers = new nint[used.Count];
            int count = 0;
            foreach (GraphTensor tensor in used)
            {
                if (!tensor.IsVirtual)
                {
                    uids[count] = tensor.Uid;
                    pointers[count++] = tensor.IsByValue ? (nint)Store(tensor, tensor.Value) : (nint)Find(tensor, tensors).Address;
                }
            }

            RefuseOthers(used, tensors);
            cudnn.Enter();
            _pack = new BackendDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, $"the memory of a plan for {plan.Graph}");
            _pack.Set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, uids.AsSpan(0, count));
            fixed (nint* first = pointers)
            {
                _pack.Set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, cudnnBackendAttributeType_t.CUDNN_TYPE_VOID_PTR, count, first);
            }

            nint memory = (nint)workspace.Address;
            _pack.Set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, cudnnBackendAttributeType_t.CUDNN_TYPE_VOID_PTR, 1, &memory);
            _pack.Complete();
            _planHandle = plan.Descriptor.KeptHandle;
            _packHandle = _pack.KeptHandle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The plan.</summary>
    public GraphPlan Plan { get; }

    /// <summary>The handle in whose stream it is executed.</summary>
    public CudnnHandle Cudnn { get; }

    /// <summary>Puts the whole graph into the handle's stream.</summary>
    /// <exception cref="CudnnException">cuDNN does not take it; the message names the graph.</exception>
    /// <exception cref="ObjectDisposedException">The bound plan is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Execute()
    {
        ThrowIfDisposed();
        cudnnStatus_t status = Interop.Cudnn.cudnnBackendExecute(Cudnn.Enter(), _planHandle, _packHandle);
        if (status != cudnnStatus_t.CUDNN_STATUS_SUCCESS)
        {
            GraphFailure.Throw(status, "cudnnBackendExecute", Plan);
        }
    }

    /// <summary>Changes a value that is passed by value, from the next execution on; the graph keeps its own. Work already enqueued is not changed.</summary>
    /// <param name="scalar">A tensor made by <see cref="OperationGraph.Scalar"/>, or one that an operation made of a number, such as an epsilon.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="ArgumentException">The plan's graph has no such value.</exception>
    /// <exception cref="ObjectDisposedException">The bound plan is disposed.</exception>
    public void SetValue(GraphTensor scalar, double value)
    {
        ArgumentNullException.ThrowIfNull(scalar);
        ThrowIfDisposed();
        if (!scalar.IsByValue || !Belongs(scalar))
        {
            throw new ArgumentException($"{scalar} of {scalar.Graph} was to be set for a plan of {Plan.Graph}, which passes no such value.", nameof(scalar));
        }

        Store(scalar, value);
    }

    /// <summary>A CUDA graph that does what <see cref="Execute"/> does, to be launched by itself or made a part of another. It belongs to the caller.</summary>
    /// <remarks>It keeps this bound plan alive. Engines that can have the note <see cref="cudnnBackendBehaviorNote_t.CUDNN_BEHAVIOR_NOTE_SUPPORTS_CUDA_GRAPH_NATIVE_API"/>.</remarks>
    /// <exception cref="CudnnException">The engine cannot.</exception>
    /// <exception cref="MissingFunctionException">cuDNN is older than 9.8.</exception>
    /// <exception cref="ObjectDisposedException">The bound plan is disposed.</exception>
    public CudaGraph CreateCudaGraph()
    {
        ThrowIfDisposed();
        cudnnHandle_t handle = Cudnn.Enter();
        CudaGraph graph = Cudnn.Stream.Context.CreateGraph();
        try
        {
            GraphFailure.Check(Interop.Cudnn.cudnnBackendPopulateCudaGraph(handle, _planHandle, _packHandle, graph.Handle), "cudnnBackendPopulateCudaGraph", Plan);
            graph.Kept.Add(this);
            return graph;
        }
        catch
        {
            graph.Dispose();
            throw;
        }
    }

    /// <summary>Exchanges memory and values of a CUDA graph that another binding of the same plan made for those of this one.</summary>
    /// <param name="graph">What <see cref="CreateCudaGraph"/> returned. Its executables take the change by <see cref="CudaGraphExecutable.TryUpdate"/>.</param>
    /// <exception cref="CudnnException">The graph is not of this plan, or the engine cannot.</exception>
    /// <exception cref="MissingFunctionException">cuDNN is older than 9.8.</exception>
    /// <exception cref="ObjectDisposedException">The bound plan or the graph is disposed.</exception>
    public void UpdateCudaGraph(CudaGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ThrowIfDisposed();
        GraphFailure.Check(Interop.Cudnn.cudnnBackendUpdateCudaGraph(Cudnn.Enter(), _planHandle, _packHandle, graph.Handle), "cudnnBackendUpdateCudaGraph", Plan);
        graph.Kept.Add(this);
    }

    private protected override void Release()
    {
        _pack?.Dispose();
        NativeMemory.Free(_values);
        _values = null;
        if (_keepsHandle)
        {
            Cudnn.LetGo();
        }
    }

    // A graph equal to the plan's gives its tensors the same ids: its tensors name the plan's.
    private bool Belongs(GraphTensor tensor) => ReferenceEquals(tensor.Graph, Plan.Graph) || tensor.Graph.Key.Equals(Plan.Graph.Key);

    private byte* Store(GraphTensor scalar, double value)
    {
        int place = 0;
        while (_scalars[place].Uid != scalar.Uid)
        {
            place++;
        }

        byte* address = _values + (place * ValueBytes);
        switch (scalar.Type)
        {
            case DataType.Float64:
                *(double*)address = value;
                break;
            case DataType.Float16:
                *(Half*)address = (Half)value;
                break;
            case DataType.BFloat16:
                *(BFloat16*)address = (BFloat16)(float)value;
                break;
            case DataType.Int64:
                *(long*)address = (long)value;
                break;
            case DataType.Int32:
                *(int*)address = (int)value;
                break;
            case DataType.Int8 or DataType.UInt8 or DataType.Boolean:
                *address = unchecked((byte)(int)value);
                break;
            default:
                *(float*)address = (float)value;
                break;
        }

        return address;
    }

    private DevicePointer Find(GraphTensor tensor, ReadOnlySpan<TensorPointer> tensors)
    {
        DevicePointer found = default;
        foreach (TensorPointer given in tensors)
        {
            if (given.Tensor is { } named && named.Uid == tensor.Uid && Belongs(named))
            {
                if (!found.IsNull)
                {
                    throw new ArgumentException($"{tensor} of {Plan.Graph} was given memory twice.", nameof(tensors));
                }

                found = given.Pointer;
                if (found.IsNull)
                {
                    throw new ArgumentException($"{tensor} of {Plan.Graph} was given the address null. Pass memory that CudaContext.Allocate returned.", nameof(tensors));
                }

                if (found.Address % (ulong)tensor.Alignment != 0)
                {
                    throw new ArgumentException(
                        $"{tensor} of {Plan.Graph} was given the address {found}, which is no multiple of its alignment of {tensor.Alignment} bytes. Say WithAlignment in the graph, or move the memory.", nameof(tensors));
                }
            }
        }

        return found.IsNull
            ? throw new ArgumentException($"{tensor} of {Plan.Graph} was given no memory. Pass {tensor.Name}.At(memory).", nameof(tensors))
            : found;
    }

    private void RefuseOthers(IReadOnlyList<GraphTensor> used, ReadOnlySpan<TensorPointer> tensors)
    {
        foreach (TensorPointer given in tensors)
        {
            ArgumentNullException.ThrowIfNull(given.Tensor);
            GraphTensor? own = Belongs(given.Tensor) ? used.FirstOrDefault(tensor => tensor.Uid == given.Tensor.Uid) : null;
            if (own is null || own.IsVirtual || own.IsByValue)
            {
                string why = own is null ? "which none of the operations uses" : own.IsVirtual ? "which is virtual; make it an Output in the graph" : "which is passed by value; use SetValue";
                throw new ArgumentException($"Memory was given for {given.Tensor} in a plan of {Plan.Graph}, {why}.", nameof(tensors));
            }
        }
    }
}
