using CudnnNet.Interop;

namespace CudnnNet;

/// <content>Explicit nodes. Each comes after the nodes named last in the call; none named, it depends on nothing.</content>
public sealed unsafe partial class CudaGraph
{
    /// <summary>Adds a kernel.</summary>
    /// <param name="kernel">A kernel of a module in this graph's context.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <param name="arguments">One for each parameter, in order; copied now.</param>
    /// <param name="after">The nodes to run before.</param>
    /// <exception cref="ArgumentException">Count or width of the arguments, or the shape, do not fit.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph or the module is disposed.</exception>
    public GraphNode AddKernel(CudaKernel kernel, LaunchShape shape, ReadOnlySpan<KernelArgument> arguments, params ReadOnlySpan<GraphNode> after)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        CheckArguments(arguments.Length);
        fixed (KernelArgument* first = arguments)
        {
            void** addresses = stackalloc void*[arguments.Length];
            kernel.Address(arguments, first, addresses);
            CUDA_KERNEL_NODE_PARAMS_v2 parameters = GraphParameters.Kernel(kernel, shape, addresses, null);
            return AddKernel(kernel, shape, &parameters, after);
        }
    }

    /// <summary>Adds a kernel with its arguments in one structure; see <see cref="CudaKernel.LaunchPacked{TArguments}"/>.</summary>
    /// <typeparam name="TArguments">A structure whose fields are the kernel's parameters, in order and laid out as C would.</typeparam>
    /// <param name="kernel">A kernel of a module in this graph's context.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <param name="arguments">The arguments; copied now.</param>
    /// <param name="after">The nodes to run before.</param>
    /// <exception cref="ArgumentException">The structure's size is not that of the parameters, or the shape does not fit.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph or the module is disposed.</exception>
    public GraphNode AddKernelPacked<TArguments>(CudaKernel kernel, LaunchShape shape, in TArguments arguments, params ReadOnlySpan<GraphNode> after)
        where TArguments : unmanaged
    {
        ArgumentNullException.ThrowIfNull(kernel);
        kernel.CheckPacked(sizeof(TArguments));
        fixed (TArguments* packed = &arguments)
        {
            nuint bytes = (nuint)sizeof(TArguments);
            void** extra = stackalloc void*[] { CudaKernel.PackedPointer, packed, CudaKernel.PackedSize, &bytes, null };
            CUDA_KERNEL_NODE_PARAMS_v2 parameters = GraphParameters.Kernel(kernel, shape, null, extra);
            return AddKernel(kernel, shape, &parameters, after);
        }
    }

    /// <summary>Adds a copy within the device.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <exception cref="ArgumentException">There is nothing to copy, or it does not fit.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphNode AddCopy<T>(DeviceSpan<T> source, DeviceSpan<T> destination, params ReadOnlySpan<GraphNode> after)
        where T : unmanaged
    {
        GraphParameters.CheckCopy(source.Length, destination.Length);
        return AddCopy(GraphParameters.Copy(source.Address, null, destination.Address, null, source.Bytes), after);
    }

    /// <summary>Adds a copy from pinned memory, as it is when the node runs, to the device.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <exception cref="ArgumentException">There is nothing to copy, or it does not fit.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph or the memory is disposed.</exception>
    public GraphNode AddCopyToDevice<T>(PinnedMemory<T> source, DeviceSpan<T> destination, params ReadOnlySpan<GraphNode> after)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        GraphParameters.CheckCopy(source.Length, destination.Length);
        GraphNode node = AddCopy(GraphParameters.Copy(0, source.Pointer, destination.Address, null, source.Bytes), after);
        _kept.Add(source);
        return node;
    }

    /// <summary>Adds a copy from the device to pinned memory.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <exception cref="ArgumentException">There is nothing to copy, or it does not fit.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph or the memory is disposed.</exception>
    public GraphNode AddCopyToHost<T>(DeviceSpan<T> source, PinnedMemory<T> destination, params ReadOnlySpan<GraphNode> after)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(destination);
        GraphParameters.CheckCopy(source.Length, destination.Length);
        GraphNode node = AddCopy(GraphParameters.Copy(source.Address, null, 0, destination.Pointer, source.Bytes), after);
        _kept.Add(destination);
        return node;
    }

    /// <summary>Adds a fill of bytes.</summary>
    /// <exception cref="ArgumentException">There is nothing to fill.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphNode AddFill(DeviceSpan<byte> destination, byte value, params ReadOnlySpan<GraphNode> after) =>
        AddFill(destination.Address, value, sizeof(byte), destination.Length, after);

    /// <summary>Adds a fill of 16-bit elements.</summary>
    /// <exception cref="ArgumentException">There is nothing to fill.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphNode AddFill(DeviceSpan<ushort> destination, ushort value, params ReadOnlySpan<GraphNode> after) =>
        AddFill(destination.Address, value, sizeof(ushort), destination.Length, after);

    /// <summary>Adds a fill of 32-bit elements.</summary>
    /// <exception cref="ArgumentException">There is nothing to fill.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphNode AddFill(DeviceSpan<uint> destination, uint value, params ReadOnlySpan<GraphNode> after) =>
        AddFill(destination.Address, value, sizeof(uint), destination.Length, after);

    /// <summary>Adds a fill of numbers.</summary>
    /// <exception cref="ArgumentException">There is nothing to fill.</exception>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphNode AddFill(DeviceSpan<float> destination, float value, params ReadOnlySpan<GraphNode> after) =>
        AddFill(destination.Address, BitConverter.SingleToUInt32Bits(value), sizeof(float), destination.Length, after);

    /// <summary>Adds a call of the host.</summary>
    /// <param name="callback">Called at every launch until it is disposed; then the node does nothing.</param>
    /// <param name="after">The nodes to run before.</param>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph or the callback is disposed.</exception>
    public GraphNode AddHost(HostCallback callback, params ReadOnlySpan<GraphNode> after)
    {
        ArgumentNullException.ThrowIfNull(callback);
        CUDA_HOST_NODE_PARAMS_v1 parameters = new() { fn = HostCallback.Entry, userData = callback.Require() };
        CUgraph graph = Handle;
        CUgraphNode node;
        fixed (GraphNode* first = after)
        {
            Cuda.Check(Cuda.cuGraphAddHostNode(&node, graph, (CUgraphNode*)first, (nuint)after.Length, &parameters));
        }

        return new(node);
    }

    /// <summary>Adds a whole graph as one node; it is copied now.</summary>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">A graph is disposed.</exception>
    public GraphNode AddChild(CudaGraph child, params ReadOnlySpan<GraphNode> after)
    {
        ArgumentNullException.ThrowIfNull(child);
        CUgraph graph = Handle;
        CUgraphNode node;
        fixed (GraphNode* first = after)
        {
            Cuda.Check(Cuda.cuGraphAddChildGraphNode(&node, graph, (CUgraphNode*)first, (nuint)after.Length, child.Handle));
        }

        _kept.AddAll(child._kept);
        return new(node);
    }

    /// <summary>Adds a node that does nothing but wait, to join others.</summary>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphNode AddEmpty(params ReadOnlySpan<GraphNode> after)
    {
        CUgraph graph = Handle;
        CUgraphNode node;
        fixed (GraphNode* first = after)
        {
            Cuda.Check(Cuda.cuGraphAddEmptyNode(&node, graph, (CUgraphNode*)first, (nuint)after.Length));
        }

        return new(node);
    }

    /// <summary>Adds the recording of an event.</summary>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph or the event is disposed.</exception>
    public GraphNode AddRecord(CudaEvent cudaEvent, params ReadOnlySpan<GraphNode> after)
    {
        ArgumentNullException.ThrowIfNull(cudaEvent);
        CUgraph graph = Handle;
        CUgraphNode node;
        fixed (GraphNode* first = after)
        {
            Cuda.Check(Cuda.cuGraphAddEventRecordNode(&node, graph, (CUgraphNode*)first, (nuint)after.Length, cudaEvent.Handle));
        }

        _kept.Add(cudaEvent);
        return new(node);
    }

    /// <summary>Adds the wait for an event that something outside the graph records.</summary>
    /// <exception cref="CudaException">The driver does not take the node.</exception>
    /// <exception cref="ObjectDisposedException">The graph or the event is disposed.</exception>
    public GraphNode AddWait(CudaEvent cudaEvent, params ReadOnlySpan<GraphNode> after)
    {
        ArgumentNullException.ThrowIfNull(cudaEvent);
        CUgraph graph = Handle;
        CUgraphNode node;
        fixed (GraphNode* first = after)
        {
            Cuda.Check(Cuda.cuGraphAddEventWaitNode(&node, graph, (CUgraphNode*)first, (nuint)after.Length, cudaEvent.Handle));
        }

        _kept.Add(cudaEvent);
        return new(node);
    }

    internal static void CheckArguments(int count)
    {
        if (count > GraphParameters.MostArguments)
        {
            throw new ArgumentException($"{count} arguments were given; a kernel takes {GraphParameters.MostArguments} at most.");
        }
    }

    private GraphNode AddKernel(CudaKernel kernel, in LaunchShape shape, CUDA_KERNEL_NODE_PARAMS_v2* parameters, ReadOnlySpan<GraphNode> after)
    {
        CUgraph graph = Handle;
        Context.EnsureCurrent();
        CUgraphNode node;
        fixed (GraphNode* first = after)
        {
            CUresult status = Cuda.cuGraphAddKernelNode_v2(&node, graph, (CUgraphNode*)first, (nuint)after.Length, parameters);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.Throw("cuGraphAddKernelNode_v2", status, $"Kernel {kernel.Name} was to be put into a graph with a grid of {shape.Grid} blocks of {shape.Block} threads");
            }
        }

        CUlaunchAttribute* attributes = stackalloc CUlaunchAttribute[LaunchAttributes.Most];
        CUlaunchConfig configuration = LaunchAttributes.Configuration(shape, default, attributes);
        for (uint i = 0; i < configuration.numAttrs; i++)
        {
            Cuda.Check(Cuda.cuGraphKernelNodeSetAttribute(node, attributes[i].id, &attributes[i].value));
        }

        _kept.Add(kernel.Module);
        return new(node);
    }

    private GraphNode AddCopy(CUDA_MEMCPY3D_v2 parameters, ReadOnlySpan<GraphNode> after)
    {
        CUgraph graph = Handle;
        Context.EnsureCurrent();
        CUgraphNode node;
        fixed (GraphNode* first = after)
        {
            Cuda.Check(Cuda.cuGraphAddMemcpyNode(&node, graph, (CUgraphNode*)first, (nuint)after.Length, &parameters, Context.KeptHandle));
        }

        return new(node);
    }

    private GraphNode AddFill(ulong destination, uint value, uint elementBytes, long elements, ReadOnlySpan<GraphNode> after)
    {
        GraphParameters.CheckFill(elements);
        CUDA_MEMSET_NODE_PARAMS_v1 parameters = GraphParameters.Fill(destination, value, elementBytes, elements);
        CUgraph graph = Handle;
        Context.EnsureCurrent();
        CUgraphNode node;
        fixed (GraphNode* first = after)
        {
            Cuda.Check(Cuda.cuGraphAddMemsetNode(&node, graph, (CUgraphNode*)first, (nuint)after.Length, &parameters, Context.KeptHandle));
        }

        return new(node);
    }
}
