using System.Globalization;
using CudnnNet;
using CudnnNet.Interop;

namespace Bench;

/// <summary>What a graph costs the caller's thread, step by step, measured in turn.</summary>
internal sealed unsafe class GraphBenchmark : IDisposable
{
    private readonly CudaContext _context = CudaContext.Primary();
    private readonly CudaStream _stream;
    private readonly CudnnHandle _cudnn;
    private readonly GraphPlanCache _cache = new();
    private readonly OperationGraph _graph = Describe();
    private readonly OperationGraph _equal = Describe();
    private readonly GraphPlan _plan;
    private readonly BoundPlan _bound;
    private readonly DeviceMemory<byte> _memory;
    private readonly DeviceMemory<byte> _workspace;
    private readonly TensorPointer[] _tensors;

    // The same execution on the raw floor.
    private readonly cudnnBackendDescriptor_t _rawPlan;
    private readonly cudnnBackendDescriptor_t _rawPack;

    public GraphBenchmark()
    {
        _stream = _context.CreateStream();
        _cudnn = new CudnnHandle(_stream);
        _plan = _cache.Get(_cudnn, _graph);
        _memory = _context.Allocate<byte>(1 << 20);
        _workspace = _context.Allocate<byte>(Math.Max(1, _plan.WorkspaceBytes));
        _tensors = [.. _graph.Tensors.Where(tensor => !tensor.IsVirtual).Select((tensor, i) => tensor.At(_memory.Span.Pointer.Offset(i << 16)))];
        _bound = _plan.Bind(_cudnn, _workspace, _tensors);
        (_rawPlan, _rawPack) = BindRaw();
    }

    public void Run(TimeSpan duration, TextWriter output)
    {
        (string Step, int Calls, Action<int> Run)[] rows =
        [
            ("describe (5 tensors, 3 operations)", 100, calls => Repeat(calls, () => Describe())),
            ("build: prepare, heuristic, plan", 2, calls => Repeat(calls, () => _graph.Build(_cudnn).Dispose())),
            ("cache hit", 1000, calls => Repeat(calls, () => _cache.Get(_cudnn, _graph))),
            ("cache hit, equal graph described anew", 100, calls => Repeat(calls, () => _cache.Get(_cudnn, Describe()))),
            ("cache hit, equal graph known", 1000, calls => Repeat(calls, () => _cache.Get(_cudnn, _equal))),
            ("bind", 20, calls => Repeat(calls, () => _plan.Bind(_cudnn, _workspace, _tensors).Dispose())),
            ("execute, raw floor", 100, ExecuteRaw),
            ("execute", 100, calls => Repeat(calls, _bound.Execute)),
        ];
        var measured = new InterleavedRows([.. rows.Select(row => new MeasuredRow(row.Calls, () => row.Run(row.Calls)))]);

        // What was enqueued is done before the next row begins.
        int rounds = measured.Measure(duration / 2, _stream.Synchronize);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"best of {rounds} interleaved rounds on {_context.Properties.Name}; a convolution, its bias and ReLU of 1 x 8 x 4 x 4"));
        output.WriteLine("| step | microseconds | managed bytes a call |\n|---|---:|---:|");
        for (int i = 0; i < rows.Length; i++)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {rows[i].Step} | {measured.Best[i] / 1000:0.000} | {measured.Bytes[i] / rows[i].Calls} |"));
        }
    }

    public void Dispose()
    {
        _stream.Synchronize();
        _ = Cudnn.cudnnBackendDestroyDescriptor(_rawPack);
        _ = Cudnn.cudnnBackendDestroyDescriptor(_rawPlan);
        foreach (IDisposable owner in (IDisposable[])[_bound, _cache, _workspace, _memory, _cudnn, _stream, _context])
        {
            owner.Dispose();
        }
    }

    private static OperationGraph Describe()
    {
        OperationGraph graph = new("bench");
        GraphTensor x = graph.Tensor("x", new TensorShape(1, 8, 4, 4)), w = graph.Tensor("w", new FilterShape(8, 8, 3, 3)), b = graph.Channels("b", 8);
        graph.Relu(graph.Add(graph.Convolution(x, w, new Convolution(Padding: 1)), b)).Output("y");
        return graph;
    }

    private static void Repeat(int calls, Action action)
    {
        for (int i = 0; i < calls; i++)
        {
            action();
        }
    }

    private void ExecuteRaw(int calls)
    {
        cudnnHandle_t handle = _cudnn.Handle;
        for (int i = 0; i < calls; i++)
        {
            Cudnn.Check(Cudnn.cudnnBackendExecute(handle, _rawPlan, _rawPack));
        }
    }

    /// <summary>Plan and pointers as C would make them: the plan from the typed one's JSON.</summary>
    private (cudnnBackendDescriptor_t Plan, cudnnBackendDescriptor_t Pack) BindRaw()
    {
        cudnnBackendDescriptor_t plan, pack;
        byte[] json = System.Text.Encoding.UTF8.GetBytes(_plan.ToJson());
        cudnnHandle_t handle = _cudnn.Handle;
        Cudnn.Check(Cudnn.cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &plan));
        Cudnn.Check(Cudnn.cudnnBackendSetAttribute(plan, cudnnBackendAttributeName_t.CUDNN_ATTR_EXECUTION_PLAN_HANDLE, cudnnBackendAttributeType_t.CUDNN_TYPE_HANDLE, 1, &handle));
        fixed (byte* text = json)
        {
            Cudnn.Check(Cudnn.cudnnBackendSetAttribute(
                plan, cudnnBackendAttributeName_t.CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, cudnnBackendAttributeType_t.CUDNN_TYPE_CHAR, json.Length, text));
        }

        Cudnn.Check(Cudnn.cudnnBackendFinalize(plan));
        long[] uids = [.. _tensors.Select(tensor => tensor.Tensor.Uid)];
        ulong[] pointers = [.. _tensors.Select(tensor => tensor.Pointer.Address)];
        ulong workspace = _workspace.Address;
        Cudnn.Check(Cudnn.cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack));
        fixed (long* firstUid = uids)
        fixed (ulong* firstPointer = pointers)
        {
            Cudnn.Check(Cudnn.cudnnBackendSetAttribute(
                pack, cudnnBackendAttributeName_t.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64, uids.Length, firstUid));
            Cudnn.Check(Cudnn.cudnnBackendSetAttribute(
                pack, cudnnBackendAttributeName_t.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, cudnnBackendAttributeType_t.CUDNN_TYPE_VOID_PTR, uids.Length, firstPointer));
        }

        Cudnn.Check(Cudnn.cudnnBackendSetAttribute(
            pack, cudnnBackendAttributeName_t.CUDNN_ATTR_VARIANT_PACK_WORKSPACE, cudnnBackendAttributeType_t.CUDNN_TYPE_VOID_PTR, 1, &workspace));
        Cudnn.Check(Cudnn.cudnnBackendFinalize(pack));
        return (plan, pack);
    }
}
