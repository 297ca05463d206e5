namespace CudnnNet.Tests;

/// <summary>Random graphs: whatever engine computes them, fused or one operation after the other, gives what a straightforward computation in double precision gives.</summary>
public sealed class RandomGraphTests
{
    private const int Graphs = 300;

    [Test]
    public void Every_engine_with_its_knobs_turned_computes_a_random_graph_as_its_definition_says()
    {
        using GraphDevice device = new();
        int plans = 0;
        List<string> wrong = [], refused = [];
        for (int seed = 1; seed <= Graphs; seed++)
        {
            RandomGraph random = new(seed);
            using PreparedGraph prepared = random.Graph.Prepare(device.Cudnn);
            foreach ((GraphPlan plan, string how) in PlansOf(prepared))
            {
                using (plan)
                {
                    plans++;
                    string found = Compare(device, random, plan, how);
                    if (found.Length > 0)
                    {
                        wrong.Add($"seed {seed}, {how}: {found}\n{random}");
                    }
                }
            }

            GraphSupport support = random.Graph.IsSupported(device.Cudnn);
            if (!support.IsSupported)
            {
                refused.Add($"seed {seed}: {support.Reason}\n{random}");
            }
        }

        TestContext.Out.WriteLine($"{Graphs} graphs, {plans} plans, {refused.Count} graphs without a plan");
        Assert.That(wrong.Count, Is.Zero, $"wrong of {plans}:\n{string.Join("\n\n", wrong.Take(5))}");
        Assert.That(plans, Is.GreaterThanOrEqualTo(Graphs - refused.Count));
        if (NativeLibraries.Selected == DeviceKind.Cpu)
        {
            Assert.That(refused.Count, Is.Zero, $"the CPU device runs every graph of these operations, but:\n{string.Join("\n\n", refused.Take(5))}");
        }
    }

    private static IEnumerable<(GraphPlan Plan, string How)> PlansOf(PreparedGraph prepared)
    {
        HashSet<long> seen = [];
        foreach (HeuristicMode mode in (HeuristicMode[])[HeuristicMode.A, HeuristicMode.Fallback])
        {
            foreach (EngineConfiguration proposed in prepared.GetConfigurations(mode))
            {
                using EngineConfiguration configuration = proposed;
                if (!seen.Add(configuration.EngineIndex))
                {
                    continue;
                }

                yield return (configuration.Build(), $"engine {configuration}");
                if (NativeLibraries.Selected != DeviceKind.Cpu)
                {
                    // A GPU's engines do not take every value of every knob.
                    continue;
                }

                using GraphEngine engine = prepared.GetEngine(configuration.EngineIndex);
                foreach (EngineKnob knob in engine.Knobs)
                {
                    using EngineConfiguration turned = engine.Configure(new KnobChoice(knob.Type, knob.Minimum));
                    yield return (turned.Build(), $"engine {configuration}, {knob.Type} {knob.Minimum}");
                }
            }
        }
    }

    private static string Compare(GraphDevice device, RandomGraph random, GraphPlan plan, string how)
    {
        List<(RandomGraph.Node Node, DeviceMemory<byte> Memory)> results = [];
        List<TensorPointer> tensors = [];
        using TestMemory memory = new(device);
        foreach (RandomGraph.Node node in random.Nodes.Where(node => !node.Tensor.IsVirtual && !node.Tensor.IsByValue))
        {
            if (node.Tensor.Producer is null)
            {
                if (random.Graph.Operations.Any(operation => operation.Inputs.Contains(node.Tensor)))
                {
                    tensors.Add(node.Tensor.At(memory.Upload(node.ToBytes())));
                }
            }
            else
            {
                byte[] unwritten = new byte[node.Tensor.Bytes];
                Array.Fill(unwritten, (byte)0xFF);
                DeviceMemory<byte> result = memory.Upload(unwritten);
                tensors.Add(node.Tensor.At(result));
                results.Add((node, result));
            }
        }

        using DeviceMemory<byte> workspace = device.Context.Allocate<byte>(Math.Max(1, plan.WorkspaceBytes));
        using BoundPlan bound = plan.Bind(device.Cudnn, workspace, tensors.ToArray());
        bound.Execute();
        foreach ((RandomGraph.Node node, DeviceMemory<byte> result) in results)
        {
            double[] got = node.Read(device.Download(result));
            double largest = Math.Max(1, node.Values.Max(Math.Abs));

            // 16 bits round by 2^-9; single precision by 2^-24, some hundred times in a row.
            double allowed = (node.Tensor.Type == DataType.BFloat16 ? 1.0 / 200 : 2e-5) * largest;
            for (int i = 0; i < got.Length; i++)
            {
                if (!(Math.Abs(got[i] - node.Values[i]) <= allowed))
                {
                    return $"{node.Tensor}, element {i}: got {got[i]}, expected {node.Values[i]} within {allowed} ({how})";
                }
            }
        }

        return "";
    }

    /// <summary>Memory for one comparison.</summary>
    private sealed class TestMemory(GraphDevice device) : IDisposable
    {
        private readonly List<DeviceMemory<byte>> _memory = [];

        public DeviceMemory<byte> Upload(byte[] bytes)
        {
            DeviceMemory<byte> memory = device.Context.Allocate<byte>(bytes.Length);
            _memory.Add(memory);
            device.Stream.CopyToDevice<byte>(bytes, memory.Span);
            return memory;
        }

        public void Dispose() => _memory.ForEach(memory => memory.Dispose());
    }
}
