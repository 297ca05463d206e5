using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What became of <see cref="CudaGraphExecutable.TryUpdate"/>.</summary>
/// <param name="Result">Success, or what differs too much.</param>
/// <param name="Node">The node of the new graph that does not fit; the default where no single one is to blame.</param>
public readonly record struct GraphUpdate(CUgraphExecUpdateResult Result, GraphNode Node)
{
    /// <summary>Whether the executable does now what the new graph says.</summary>
    public bool Succeeded => Result == CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS;
}

/// <summary>A graph ready to be launched. Made by <see cref="CudaGraph.Instantiate"/>.</summary>
/// <remarks>
/// <para>A launch puts the whole graph into a stream and allocates nothing. Two launches of one executable never run at the same time; the second waits.</para>
/// <para>Parameters of single nodes can be exchanged between launches; launches already made keep the old ones. Nodes are named by those of the graph it was made from,
/// which must not be disposed for that.</para>
/// <para>It keeps the modules, pinned memory and events of explicit nodes alive. Device memory is named by address and must outlive every launch.
/// Disposing while a launch is under way is allowed: the driver lets the launch end.</para>
/// </remarks>
public sealed unsafe class CudaGraphExecutable : NativeOwner
{
    private readonly KeptOwners _kept = new();
    private CUgraphExec _handle;

    internal CudaGraphExecutable(CudaContext context, CUgraph graph, ulong flags, KeptOwners kept)
        : base(context)
    {
        Context = context;
        try
        {
            context.EnsureCurrent();
            CUgraphExec handle;
            CUresult status = Cuda.cuGraphInstantiateWithFlags(&handle, graph, flags);
            if (status != CUresult.CUDA_SUCCESS)
            {
                nuint nodes;
                string found = Cuda.cuGraphGetNodes(graph, null, &nodes) == CUresult.CUDA_SUCCESS ? $"A graph of {nodes} node(s)" : "A graph";
                CudaFailure.Throw("cuGraphInstantiateWithFlags", status, $"{found} was to be made executable");
            }

            _handle = handle;
            _kept.AddAll(kept);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context the graph was made in.</summary>
    public CudaContext Context { get; }

    /// <summary>The driver's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The executable is disposed.</exception>
    public CUgraphExec Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>Puts the whole graph into <paramref name="stream"/> and returns. Allocates no managed memory.</summary>
    /// <exception cref="CudaException">The driver does not take it.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the stream is disposed.</exception>
    public void Launch(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        CUgraphExec handle = Handle;
        Cuda.Check(Cuda.cuGraphLaunch(handle, stream.Enter()));
    }

    /// <summary>Brings the graph to the device in the order of <paramref name="stream"/>, without running it, so that the first launch is as quick as the others.</summary>
    /// <exception cref="CudaException">The driver does not take it.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the stream is disposed.</exception>
    public void Upload(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        CUgraphExec handle = Handle;
        Cuda.Check(Cuda.cuGraphUpload(handle, stream.Enter()));
    }

    /// <summary>Exchanges the parameters of all nodes for those of another graph of the same shape, such as the same work captured anew.</summary>
    /// <returns>Whether it fitted; where not, the executable should be made anew.</returns>
    /// <exception cref="CudaException">The driver failed otherwise.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the graph is disposed.</exception>
    public GraphUpdate TryUpdate(CudaGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        CUgraphExec handle = Handle;
        CUgraph other = graph.Handle;
        Context.EnsureCurrent();
        CUgraphExecUpdateResultInfo_v1 info = default;
        CUresult status = Cuda.cuGraphExecUpdate_v2(handle, other, &info);
        if (status != CUresult.CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE)
        {
            Cuda.Check(status, "cuGraphExecUpdate_v2");
            _kept.AddAll(graph.Kept);
        }

        return new(info.result, new(info.errorNode));
    }

    /// <summary>Exchanges kernel, shape and arguments of a kernel node.</summary>
    /// <param name="node">The node of the graph this executable was made from.</param>
    /// <param name="kernel">The kernel; another one only where the driver allows it.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <param name="arguments">One for each parameter, in order; copied now.</param>
    /// <exception cref="ArgumentException">Count or width of the arguments, or the shape, do not fit.</exception>
    /// <exception cref="CudaException">The driver does not take it.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the module is disposed.</exception>
    public void SetKernel(GraphNode node, CudaKernel kernel, LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        CudaGraph.CheckArguments(arguments.Length);
        CUgraphExec handle = Handle;
        Context.EnsureCurrent();
        fixed (KernelArgument* first = arguments)
        {
            void** addresses = stackalloc void*[arguments.Length];
            kernel.Address(arguments, first, addresses);
            CUDA_KERNEL_NODE_PARAMS_v2 parameters = GraphParameters.Kernel(kernel, shape, addresses, null);
            Cuda.Check(Cuda.cuGraphExecKernelNodeSetParams_v2(handle, node.Handle, &parameters));
        }

        _kept.Add(kernel.Module);
    }

    /// <summary>Exchanges kernel, shape and arguments of a kernel node, the arguments in one structure.</summary>
    /// <typeparam name="TArguments">A structure whose fields are the kernel's parameters, in order and laid out as C would.</typeparam>
    /// <param name="node">The node of the graph this executable was made from.</param>
    /// <param name="kernel">The kernel; another one only where the driver allows it.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <param name="arguments">The arguments; copied now.</param>
    /// <exception cref="ArgumentException">The structure's size is not that of the parameters, or the shape does not fit.</exception>
    /// <exception cref="CudaException">The driver does not take it.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the module is disposed.</exception>
    public void SetKernelPacked<TArguments>(GraphNode node, CudaKernel kernel, LaunchShape shape, in TArguments arguments)
        where TArguments : unmanaged
    {
        ArgumentNullException.ThrowIfNull(kernel);
        kernel.CheckPacked(sizeof(TArguments));
        CUgraphExec handle = Handle;
        Context.EnsureCurrent();
        fixed (TArguments* packed = &arguments)
        {
            nuint bytes = (nuint)sizeof(TArguments);
            void** extra = stackalloc void*[] { CudaKernel.PackedPointer, packed, CudaKernel.PackedSize, &bytes, null };
            CUDA_KERNEL_NODE_PARAMS_v2 parameters = GraphParameters.Kernel(kernel, shape, null, extra);
            Cuda.Check(Cuda.cuGraphExecKernelNodeSetParams_v2(handle, node.Handle, &parameters));
        }

        _kept.Add(kernel.Module);
    }

    /// <summary>Exchanges source and destination of a copy within the device.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <exception cref="ArgumentException">There is nothing to copy, or it does not fit.</exception>
    /// <exception cref="CudaException">The node is no copy of this kind.</exception>
    /// <exception cref="ObjectDisposedException">The executable is disposed.</exception>
    public void SetCopy<T>(GraphNode node, DeviceSpan<T> source, DeviceSpan<T> destination)
        where T : unmanaged
    {
        GraphParameters.CheckCopy(source.Length, destination.Length);
        SetCopy(node, GraphParameters.Copy(source.Address, null, destination.Address, null, source.Bytes));
    }

    /// <summary>Exchanges source and destination of a copy to the device.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <exception cref="ArgumentException">There is nothing to copy, or it does not fit.</exception>
    /// <exception cref="CudaException">The node is no copy of this kind.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the memory is disposed.</exception>
    public void SetCopyToDevice<T>(GraphNode node, PinnedMemory<T> source, DeviceSpan<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        GraphParameters.CheckCopy(source.Length, destination.Length);
        SetCopy(node, GraphParameters.Copy(0, source.Pointer, destination.Address, null, source.Bytes));
        _kept.Add(source);
    }

    /// <summary>Exchanges source and destination of a copy to the host.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <exception cref="ArgumentException">There is nothing to copy, or it does not fit.</exception>
    /// <exception cref="CudaException">The node is no copy of this kind.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the memory is disposed.</exception>
    public void SetCopyToHost<T>(GraphNode node, DeviceSpan<T> source, PinnedMemory<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(destination);
        GraphParameters.CheckCopy(source.Length, destination.Length);
        SetCopy(node, GraphParameters.Copy(source.Address, null, 0, destination.Pointer, source.Bytes));
        _kept.Add(destination);
    }

    /// <summary>Exchanges destination and value of a fill of 32-bit elements.</summary>
    /// <exception cref="ArgumentException">There is nothing to fill.</exception>
    /// <exception cref="CudaException">The node is no fill.</exception>
    /// <exception cref="ObjectDisposedException">The executable is disposed.</exception>
    public void SetFill(GraphNode node, DeviceSpan<uint> destination, uint value) => SetFill(node, destination.Address, value, sizeof(uint), destination.Length);

    /// <summary>Exchanges destination and value of a fill of numbers.</summary>
    /// <exception cref="ArgumentException">There is nothing to fill.</exception>
    /// <exception cref="CudaException">The node is no fill.</exception>
    /// <exception cref="ObjectDisposedException">The executable is disposed.</exception>
    public void SetFill(GraphNode node, DeviceSpan<float> destination, float value) =>
        SetFill(node, destination.Address, BitConverter.SingleToUInt32Bits(value), sizeof(float), destination.Length);

    /// <summary>Exchanges destination and value of a fill of bytes.</summary>
    /// <exception cref="ArgumentException">There is nothing to fill.</exception>
    /// <exception cref="CudaException">The node is no fill.</exception>
    /// <exception cref="ObjectDisposedException">The executable is disposed.</exception>
    public void SetFill(GraphNode node, DeviceSpan<byte> destination, byte value) => SetFill(node, destination.Address, value, sizeof(byte), destination.Length);

    /// <summary>Exchanges the callback of a host node.</summary>
    /// <exception cref="CudaException">The node is no call of the host.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the callback is disposed.</exception>
    public void SetHost(GraphNode node, HostCallback callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        CUDA_HOST_NODE_PARAMS_v1 parameters = new() { fn = HostCallback.Entry, userData = callback.Require() };
        Cuda.Check(Cuda.cuGraphExecHostNodeSetParams(Handle, node.Handle, &parameters));
    }

    /// <summary>Exchanges the parameters of all nodes of a child graph for those of another of the same shape.</summary>
    /// <exception cref="CudaException">The node is no child graph, or the shapes differ.</exception>
    /// <exception cref="ObjectDisposedException">The executable or the graph is disposed.</exception>
    public void SetChild(GraphNode node, CudaGraph child)
    {
        ArgumentNullException.ThrowIfNull(child);
        Cuda.Check(Cuda.cuGraphExecChildGraphNodeSetParams(Handle, node.Handle, child.Handle));
        _kept.AddAll(child.Kept);
    }

    /// <summary>Whether a kernel, copy or fill runs at the next launches; one that is disabled does nothing.</summary>
    /// <exception cref="CudaException">The node is of another kind.</exception>
    /// <exception cref="ObjectDisposedException">The executable is disposed.</exception>
    public bool IsEnabled(GraphNode node)
    {
        uint enabled;
        Cuda.Check(Cuda.cuGraphNodeGetEnabled(Handle, node.Handle, &enabled));
        return enabled != 0;
    }

    /// <summary>Lets a kernel, copy or fill run at the next launches, or not.</summary>
    /// <exception cref="CudaException">The node is of another kind.</exception>
    /// <exception cref="ObjectDisposedException">The executable is disposed.</exception>
    public void SetEnabled(GraphNode node, bool enabled) => Cuda.Check(Cuda.cuGraphNodeSetEnabled(Handle, node.Handle, enabled ? 1u : 0u));

    private protected override void Release()
    {
        if (_handle != default && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuGraphExecDestroy(_handle);
        }

        _handle = default;
        _kept.LetGo();
    }

    private void SetCopy(GraphNode node, CUDA_MEMCPY3D_v2 parameters)
    {
        CUgraphExec handle = Handle;
        Context.EnsureCurrent();
        Cuda.Check(Cuda.cuGraphExecMemcpyNodeSetParams(handle, node.Handle, &parameters, Context.KeptHandle));
    }

    private void SetFill(GraphNode node, ulong destination, uint value, uint elementBytes, long elements)
    {
        GraphParameters.CheckFill(elements);
        CUDA_MEMSET_NODE_PARAMS_v1 parameters = GraphParameters.Fill(destination, value, elementBytes, elements);
        CUgraphExec handle = Handle;
        Context.EnsureCurrent();
        Cuda.Check(Cuda.cuGraphExecMemsetNodeSetParams(handle, node.Handle, &parameters, Context.KeptHandle));
    }
}
