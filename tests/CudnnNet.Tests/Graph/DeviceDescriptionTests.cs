using GpuSupport;

namespace CudnnNet.Tests;

/// <summary>Plans for devices that are described instead of there.</summary>
public sealed class DeviceDescriptionTests
{
    // An A100 as cuDNN describes one; clock rates and sizes are of the public data sheet.
    private const string A100 = """
        {"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "regsPerBlock": 65536, "multiProcessorCount": 108, "warpSize": 32,
        "maxSharedMemoryPerBlock": 49152, "maxSharedMemoryPerBlockOptin": 166912, "reservedSharedMemoryPerBlock": 1024, "maxRegistersPerSM": 65536, "maxCtasPerSM": 32,
        "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "pciDeviceId": 0, "isTccDriver": 0, "supportCoopLaunch": 1, "totalGlobalMem": 85520809984,
        "smClockRateKHz": 1410000, "memClockRateKHz": 1593000, "l2CacheSize": 41943040, "cudaDeviceId": 0, "deviceVer": 800, "driverVer": 13000, "deviceName": "GPU"}
        """;

    [Test]
    public void A_device_describes_itself_and_its_description_makes_plans_that_it_can_load()
    {
        using GraphDevice device = new();
        string json;
        using (DeviceDescription here = DeviceDescription.Of(device.Context.Device))
        {
            json = here.ToJson();
        }

        Assert.That(json, Does.Contain("\"multiProcessorCount\"").And.Contain("\"deviceVer\""));
        using DeviceDescription described = DeviceDescription.FromJson(json);
        SmallGraph small = new();
        Assert.That(small.Graph.IsSupported(described).IsSupported, Is.True);
        using GraphPlan plan = small.Graph.Build(described);
        Assert.That(plan.IsForDescribedDevice, Is.True);
        (TensorPointer[] tensors, DeviceMemory<float> result) = small.Place(device);
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => plan.Bind(device.Cudnn, default, tensors))!;
        Assert.That(refused.Message, Does.Contain("ToJson").And.Contain("graph 'small'"));
        using (GraphPlanCache cache = new())
        {
            Assert.That(() => cache.Store(device.Cudnn, plan), Throws.ArgumentException);
        }

        using GraphPlan loaded = small.Graph.LoadPlan(device.Cudnn, plan.ToJson());
        using BoundPlan bound = loaded.Bind(device.Cudnn, device.Workspace(loaded), tensors);
        bound.Execute();
        SmallGraph.AssertHolds(device.Download(result), SmallGraph.Expected());
    }

    [Test]
    [CpuDeviceOnly("the records are of one version of cuDNN; another has other engines")]
    public void A_described_GPU_answers_as_the_recorded_one()
    {
        GpuRecordsTests.RequireRecords();
        using DeviceDescription gpu = DeviceDescription.FromJson(A100);
        int compared = 0;
        Assert.Multiple(() =>
        {
            foreach ((string name, OperationGraph graph) in RecordedGraphs.All())
            {
                RecordedSupport recorded = GpuRecords.Recorded.Check(graph, "sm_80");
                if (recorded.Answer != RecordedAnswer.NotRecorded)
                {
                    compared++;
                    GraphSupport support = graph.IsSupported(gpu);
                    Assert.That(support.IsSupported, Is.EqualTo(recorded.Answer == RecordedAnswer.Supported), $"{name}: {support}; {recorded}");
                    Assert.That(support.Reason.Length > 0, Is.Not.EqualTo(support.IsSupported), name);
                }
            }
        });
        Assert.That(compared, Is.GreaterThan(10));
    }

    [Test]
    public void Heuristics_and_engines_answer_for_a_described_device_too()
    {
        using DeviceDescription gpu = DeviceDescription.FromJson(A100);
        SmallGraph small = new(DataType.BFloat16);
        using PreparedGraph prepared = small.Graph.Prepare(gpu);
        IReadOnlyList<EngineConfiguration> proposed = prepared.GetConfigurations();
        Assert.That(proposed, Is.Not.Empty);
        using GraphEngine engine = prepared.GetEngine(proposed[0].EngineIndex);
        using EngineConfiguration configuration = engine.Configure();
        configuration.Build().Dispose();
        foreach (EngineConfiguration one in proposed)
        {
            one.Dispose();
        }
    }

    [TestCase("")]
    [TestCase("{}")]
    [TestCase("{\"deviceVer\": 800}")]
    [TestCase("not JSON")]
    public void A_text_that_describes_no_device_is_refused(string text) =>
        Assert.That(() => DeviceDescription.FromJson(text), Throws.ArgumentException.Or.TypeOf<CudnnException>().With.Message.Not.Empty);

    [Test]
    public void A_device_that_is_not_there_is_refused() =>
        Assert.That(() => DeviceDescription.Of(1000), Throws.TypeOf<CudnnException>().With.Message.Contains("the description of device 1000"));
}
