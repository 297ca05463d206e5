using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Graphs of explicit nodes.</summary>
public sealed class CudaGraphTests
{
    private static readonly string[] s_needed =
    [
        "cuGraphCreate", "cuGraphDestroy", "cuGraphAddKernelNode_v2", "cuGraphAddMemcpyNode", "cuGraphAddMemsetNode", "cuGraphAddHostNode", "cuGraphAddChildGraphNode",
        "cuGraphAddEmptyNode", "cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuGraphExecDestroy", "cuGraphGetNodes",
    ];

    [SetUp]
    public void Graphs_are_needed() => Requires.Implemented(s_needed);

    [Test]
    public void Nodes_run_in_the_order_of_their_dependencies_at_every_launch()
    {
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        DeviceMemory<float> y = device.Upload(new float[6]);
        DeviceMemory<float> bias = device.Upload<float>(1, 2, 3);
        using PinnedMemory<float> host = device.Context.AllocatePinned<float>(6);
        float[]? seen = null;
        using HostCallback callback = new(() => seen = host.Span.ToArray());
        using CudaGraph graph = device.Context.CreateGraph();
        GraphNode fill = graph.AddFill(y.Span, 10f);
        GraphNode add = graph.AddKernel(kernel, LaunchShape.Cover(6), [y.Address, bias.Address, 2u, 3u], fill);
        GraphNode copy = graph.AddCopyToHost(y.Span, host, add);
        GraphNode call = graph.AddHost(callback, copy);
        using CudaGraphExecutable executable = graph.Instantiate();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(graph.Nodes, Is.EquivalentTo(new[] { fill, add, copy, call }));
            Assert.That(graph.Nodes.Select(n => n.Type), Is.EquivalentTo(new[]
            {
                CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEMSET, CUgraphNodeType.CU_GRAPH_NODE_TYPE_KERNEL, CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEMCPY, CUgraphNodeType.CU_GRAPH_NODE_TYPE_HOST,
            }));
            Assert.That(seen, Is.Null, "nothing runs before a launch");
        }

        for (int i = 0; i < 3; i++)
        {
            seen = null;
            host.Span.Clear();
            executable.Launch(device.Stream);
            device.Stream.Synchronize();
            Assert.That(seen, Is.EqualTo(new float[] { 11, 12, 13, 11, 12, 13 }));
        }
    }

    [Test]
    public void A_launch_allocates_no_managed_memory()
    {
        using TestDevice device = new();
        DeviceMemory<float> memory = device.Upload(new float[16]);
        using CudaGraph graph = device.Context.CreateGraph();
        graph.AddFill(memory.Span, 1f);
        using CudaGraphExecutable executable = graph.Instantiate();
        long bytes = TestDevice.AllocatedBytes(() => executable.Launch(device.Stream));
        device.Stream.Synchronize();
        Assert.That(bytes, Is.Zero);
    }

    [Test]
    public void Edges_and_roots_are_what_was_asked_for_and_can_be_changed()
    {
        Requires.Implemented("cuGraphGetEdges", "cuGraphGetRootNodes", "cuGraphAddDependencies", "cuGraphRemoveDependencies", "cuGraphDestroyNode");
        using CudaContext context = CudaContext.Primary();
        using CudaGraph graph = context.CreateGraph();
        GraphNode a = graph.AddEmpty();
        GraphNode b = graph.AddEmpty(a);
        GraphNode c = graph.AddEmpty(a);
        GraphNode d = graph.AddEmpty(b, c);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(graph.Edges, Is.EquivalentTo(new GraphEdge[] { new(a, b), new(a, c), new(b, d), new(c, d) }));
            Assert.That(graph.Roots, Is.EqualTo(new[] { a }));
        }

        graph.AddDependency(b, c);
        graph.RemoveDependency(a, c);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(graph.Edges, Is.EquivalentTo(new GraphEdge[] { new(a, b), new(b, c), new(b, d), new(c, d) }));
            Assert.Throws<CudaException>(() => graph.RemoveDependency(a, d));
        }

        graph.Remove(b);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(graph.Nodes, Is.EquivalentTo(new[] { a, c, d }));
            Assert.That(graph.Roots, Is.EquivalentTo(new[] { a, c }));
        }
    }

    [Test]
    public void A_circle_does_not_become_executable_and_the_message_counts_the_nodes()
    {
        Requires.Implemented("cuGraphAddDependencies");
        using CudaContext context = CudaContext.Primary();
        using CudaGraph graph = context.CreateGraph();
        GraphNode a = graph.AddEmpty();
        GraphNode b = graph.AddEmpty(a);
        graph.AddDependency(b, a);
        CudaException error = Assert.Throws<CudaException>(() => graph.Instantiate())!;
        Assert.That(error.Message, Does.Contain("A graph of 2 node(s) was to be made executable"));
    }

    [Test]
    public void Copies_in_a_graph_go_every_way()
    {
        using TestDevice device = new();
        DeviceMemory<int> first = device.Upload(new int[5]);
        DeviceMemory<int> second = device.Upload(9, 9, 9, 9, 9, 9);
        using PinnedMemory<int> source = device.Context.AllocatePinned<int>(5);
        using PinnedMemory<int> destination = device.Context.AllocatePinned<int>(6);
        using CudaGraph graph = device.Context.CreateGraph();
        GraphNode up = graph.AddCopyToDevice(source, first.Span);
        GraphNode within = graph.AddCopy(first.Span, second.Span, up);
        graph.AddCopyToHost(second.Span, destination, within);
        using CudaGraphExecutable executable = graph.Instantiate();
        source.Span.Fill(4);
        executable.Launch(device.Stream);
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(destination.Span.ToArray(), Is.EqualTo(new[] { 4, 4, 4, 4, 4, 9 }));
            Assert.Throws<ArgumentException>(() => graph.AddCopy(second.Span, first.Span));
            Assert.Throws<ArgumentException>(() => graph.AddCopy(first.Slice(0, 0), second.Span));
            Assert.Throws<ArgumentException>(() => graph.AddFill(default(DeviceSpan<byte>), 1));
        }
    }

    [Test]
    public void A_child_graph_is_one_node_and_a_copy()
    {
        using TestDevice device = new();
        DeviceMemory<uint> memory = device.Upload(0u, 0u, 0u, 0u);
        using CudaGraph child = device.Context.CreateGraph();
        GraphNode set = child.AddFill(memory.Span.Slice(0, 2), 1u);
        child.AddFill(memory.Span.Slice(1, 2), 2u, set);
        using CudaGraph graph = device.Context.CreateGraph();
        GraphNode node = graph.AddChild(child);
        graph.AddFill(memory.Span.Slice(2, 2), 3u, node);
        child.Dispose();
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.Download(memory.Span), Is.EqualTo(new[] { 1u, 2u, 3u, 3u }));
            Assert.That(node.Type, Is.EqualTo(CUgraphNodeType.CU_GRAPH_NODE_TYPE_GRAPH));
        }
    }

    [Test]
    public void Parameters_of_nodes_can_be_exchanged_between_launches()
    {
        Requires.Implemented(
            "cuGraphExecKernelNodeSetParams_v2", "cuGraphExecMemcpyNodeSetParams", "cuGraphExecMemsetNodeSetParams", "cuGraphExecHostNodeSetParams", "cuGraphExecChildGraphNodeSetParams");
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        CudaKernel kernel = module.GetKernel("add_bias_rows");
        DeviceMemory<float> y = device.Upload(new float[4]);
        DeviceMemory<float> bias = device.Upload<float>(1, 2);
        DeviceMemory<float> other = device.Upload<float>(5, 6);
        DeviceMemory<float> result = device.Upload(new float[8]);
        DeviceMemory<uint> mark = device.Upload(0u);
        int first = 0;
        int second = 0;
        using HostCallback one = new(() => first++);
        using HostCallback two = new(() => second++);
        using CudaGraph child = device.Context.CreateGraph();
        child.AddFill(mark.Span, 1u);
        using CudaGraph changed = device.Context.CreateGraph();
        changed.AddFill(mark.Span, 2u);
        using CudaGraph graph = device.Context.CreateGraph();
        GraphNode fill = graph.AddFill(y.Span, 0f);
        GraphNode add = graph.AddKernelPacked(kernel, LaunchShape.Cover(4), new AddBiasArguments(y.Address, bias.Address, 2, 2), fill);
        GraphNode copy = graph.AddCopy(y.Span, result.Span, add);
        GraphNode call = graph.AddHost(one, copy);
        GraphNode inner = graph.AddChild(child);
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Launch(device.Stream);
        float[] before = device.Download(result.Span);
        executable.SetFill(fill, y.Span, 100f);
        executable.SetKernel(add, kernel, LaunchShape.Cover(4), [y.Address, other.Address, 2u, 2u]);
        executable.SetCopy(copy, y.Span, result.Slice(4, 4));
        executable.SetHost(call, two);
        executable.SetChild(inner, changed);
        executable.Launch(device.Stream);
        float[] after = device.Download(result.Span);
        executable.SetKernelPacked(add, kernel, LaunchShape.Cover(4), new AddBiasArguments(y.Address, bias.Address, 2, 2));
        executable.Launch(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.EqualTo(new float[] { 1, 2, 1, 2, 0, 0, 0, 0 }));
            Assert.That(after, Is.EqualTo(new float[] { 1, 2, 1, 2, 105, 106, 105, 106 }));
            Assert.That(device.Download(result.Span), Is.EqualTo(new float[] { 1, 2, 1, 2, 101, 102, 101, 102 }));
            Assert.That(device.Download(mark.Span)[0], Is.EqualTo(2));
            Assert.That((first, second), Is.EqualTo((1, 2)));
            Assert.Throws<CudaException>(() => executable.SetFill(add, mark.Span, 1u));
            Assert.Throws<ArgumentException>(() => executable.SetKernel(add, kernel, LaunchShape.Cover(4), [1UL]));
        }
    }

    [Test]
    public void A_whole_graph_of_the_same_shape_updates_an_executable_and_one_of_another_does_not()
    {
        Requires.Implemented("cuGraphExecUpdate_v2");
        using TestDevice device = new();
        DeviceMemory<uint> memory = device.Upload(0u, 0u);
        using CudaGraph graph = device.Context.CreateGraph();
        graph.AddFill(memory.Span, 1u);
        using CudaGraph same = device.Context.CreateGraph();
        same.AddFill(memory.Span, 2u);
        using CudaGraph different = device.Context.CreateGraph();
        different.AddEmpty();
        different.AddFill(memory.Span, 3u);
        using CudaGraphExecutable executable = graph.Instantiate();
        GraphUpdate good = executable.TryUpdate(same);
        GraphUpdate bad = executable.TryUpdate(different);
        executable.Launch(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(good.Succeeded);
            Assert.That(bad.Succeeded, Is.False);
            Assert.That(bad.Result, Is.EqualTo(CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED));
            Assert.That(device.Download(memory.Span), Is.All.EqualTo(2u));
        }
    }

    [Test]
    public void A_node_that_is_disabled_does_nothing()
    {
        Requires.Implemented("cuGraphNodeSetEnabled", "cuGraphNodeGetEnabled", "cuGraphUpload");
        using TestDevice device = new();
        DeviceMemory<uint> memory = device.Upload(7u);
        using CudaGraph graph = device.Context.CreateGraph();
        GraphNode fill = graph.AddFill(memory.Span, 1u);
        using CudaGraphExecutable executable = graph.Instantiate();
        executable.Upload(device.Stream);
        Assert.That(executable.IsEnabled(fill));
        executable.SetEnabled(fill, false);
        executable.Launch(device.Stream);
        uint disabled = device.Download(memory.Span)[0];
        executable.SetEnabled(fill, true);
        executable.Launch(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(disabled, Is.EqualTo(7));
            Assert.That(device.Download(memory.Span)[0], Is.EqualTo(1));
        }
    }

    [Test]
    public void A_clone_has_the_same_nodes_of_its_own()
    {
        Requires.Implemented("cuGraphClone", "cuGraphNodeFindInClone");
        using TestDevice device = new();
        DeviceMemory<uint> memory = device.Upload(0u);
        using CudaGraph graph = device.Context.CreateGraph();
        GraphNode fill = graph.AddFill(memory.Span, 1u);
        using CudaGraph clone = graph.Clone();
        GraphNode copy = clone.FindInClone(fill);
        graph.Dispose();
        using CudaGraphExecutable executable = clone.Instantiate();
        executable.Launch(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(copy, Is.Not.EqualTo(fill));
            Assert.That(clone.Nodes, Is.EqualTo(new[] { copy }));
            Assert.That(device.Download(memory.Span)[0], Is.EqualTo(1));
        }
    }

    [Test]
    public void Events_in_a_graph_order_it_with_streams()
    {
        Requires.Implemented("cuGraphAddEventRecordNode", "cuGraphAddEventWaitNode");
        using TestDevice device = new();
        using CudaStream other = device.Context.CreateStream();
        using CudaEvent before = device.Context.CreateEvent();
        using CudaEvent done = device.Context.CreateEvent();
        DeviceMemory<uint> memory = device.Upload(0u);
        DeviceMemory<uint> copy = device.Upload(0u);
        device.Stream.Synchronize();
        using CudaGraph graph = device.Context.CreateGraph();
        GraphNode wait = graph.AddWait(before);
        GraphNode work = graph.AddCopy(memory.Span, copy.Span, wait);
        graph.AddRecord(done, work);
        using CudaGraphExecutable executable = graph.Instantiate();
        using ManualResetEventSlim gate = new();
        other.Invoke(gate.Wait);
        other.Fill(memory.Span, 5u);
        other.Record(before);
        executable.Launch(device.Stream);
        gate.Set();
        device.Stream.Synchronize();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(done.IsComplete);
            Assert.That(device.Download(copy.Span)[0], Is.EqualTo(5));
        }
    }

    [Test]
    public void The_graph_can_be_drawn()
    {
        Requires.Implemented("cuGraphDebugDotPrint");
        using TestDevice device = new();
        using CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        DeviceMemory<uint> state = device.Upload(new uint[6]);
        using CudaGraph graph = device.Context.CreateGraph();
        GraphNode fill = graph.AddFill(state.Span, 0u);
        graph.AddKernel(module.GetKernel("advance_step"), new LaunchShape(1u, 1u), [state.Address], fill);
        string text = graph.ToDot();
        string verbose = graph.ToDot(verbose: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(text.TrimStart(), Does.StartWith("digraph"));
            Assert.That(text, Does.Contain("->"));
            Assert.That(verbose, Does.Contain("advance_step"));
        }
    }

    [Test]
    public void An_executable_keeps_what_its_nodes_use_and_outlives_its_graph()
    {
        using TestDevice device = new();
        CudaModule module = device.Context.LoadModule(TestDevice.TrainingModule());
        PinnedMemory<uint> host = device.Context.AllocatePinned<uint>(6);
        DeviceMemory<uint> state = device.Upload(new uint[6]);
        CudaGraph graph = device.Context.CreateGraph();
        GraphNode step = graph.AddKernel(module.GetKernel("advance_step"), new LaunchShape(1u, 1u), [state.Address]);
        graph.AddCopyToHost(state.Span, host, step);
        CudaGraphExecutable executable = graph.Instantiate();
        module.Dispose();
        host.Dispose();
        graph.Dispose();
        executable.Launch(device.Stream);
        executable.Launch(device.Stream);
        uint steps = device.Download(state.Span)[0];
        executable.Dispose();
        executable.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(steps, Is.EqualTo(2));
            Assert.Throws<ObjectDisposedException>(() => executable.Launch(device.Stream));
            Assert.Throws<ObjectDisposedException>(() => graph.AddEmpty());
            Assert.Throws<ObjectDisposedException>(() => graph.Instantiate());
            Assert.Throws<ObjectDisposedException>(() => _ = graph.Nodes);
        }
    }

    private readonly record struct AddBiasArguments(ulong Y, ulong Bias, uint Rows, uint Columns);
}
