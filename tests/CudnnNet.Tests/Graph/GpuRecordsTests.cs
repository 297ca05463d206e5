using GpuSupport;

namespace CudnnNet.Tests;

/// <summary>The check whether NVIDIA's cuDNN supports a graph gives the recorded answers, and says where nothing is recorded.</summary>
public sealed class GpuRecordsTests
{
    private static readonly NetworkGeometry s_geometry = new(C: 64, K: 64, Size: 56, Filter: 3, Padding: 1, Stride: 1);

    [Test]
    public void Every_row_of_the_table_of_networks_is_answered_as_it_is_recorded()
    {
        RequireRecords();
        Assert.That(NetworkTable.Rows, Is.Not.Empty);
        List<string> wrong = [];
        foreach (NetworkRow row in NetworkTable.Rows)
        {
            Assert.That(NetworkPatterns.TryDescribe(row.Pattern, NetworkTable.TypeOf(row.Type), row.Geometry, NetworkTable.Batch, out OperationGraph? graph), Is.True, row.Id);
            RecordedSupport support = GpuRecords.Recorded.Check(graph!, row.Device);
            if (support.Answer != (row.IsSupported ? RecordedAnswer.Supported : RecordedAnswer.NotSupported))
            {
                wrong.Add($"{row.Id} is {row.IsSupported}: {support}");
            }
        }

        Assert.That(wrong, Is.Empty, string.Join('\n', wrong.Take(10)));
    }

    [Test]
    public void Graphs_described_here_find_the_records_of_their_patterns_and_give_their_answers()
    {
        RequireRecords();
        Assert.Multiple(() =>
        {
            foreach ((string name, OperationGraph graph) in RecordedGraphs.All())
            {
                PlanRecord[] records = [.. GpuRecords.Recorded.All.Where(record => IsNamed(record.Id, name))];
                foreach (PlanRecord record in records)
                {
                    RecordedSupport support = GpuRecords.Recorded.Check(graph, record.Device);
                    Assert.That(support.Records, Does.Contain(record), $"{name}: the graph described here is not the one of {record.Id}. {support}\nrecorded: {record.Pattern.Structure}");
                    Assert.That(support.Answer, Is.EqualTo(record.IsSupported ? RecordedAnswer.Supported : RecordedAnswer.NotSupported), record.Id);
                }
            }
        });

        // Part of the cases is not in the folder; of most patterns there is one.
        int found = RecordedGraphs.All().Count(pattern => GpuRecords.Recorded.All.Any(record => IsNamed(record.Id, pattern.Name)));
        Assert.That(found, Is.GreaterThan(RecordedGraphs.All().Count / 2));
    }

    [Test]
    public void What_is_known_without_a_record_of_the_same_graph_never_contradicts_that_record()
    {
        RequireRecords();
        int known = 0, unknown = 0;
        List<string> wrong = [];
        foreach (PlanRecord record in GpuRecords.Recorded.All)
        {
            // Without the record itself and others of the same shape, such as those of another heuristic.
            RecordedSupport support = GpuRecords.Recorded.Check(record.Pattern, record.Device, other => other.Pattern.Distance(record.Pattern) > 0 || other.Pattern.Structure != record.Pattern.Structure);
            if (support.Answer == RecordedAnswer.NotRecorded)
            {
                unknown++;
            }
            else if (support.Answer == RecordedAnswer.Supported == record.IsSupported)
            {
                known++;
            }
            else
            {
                wrong.Add($"{record} ({record.Pattern.ShapeClass}), but {support}");
            }
        }

        TestContext.Out.WriteLine($"{known} answers follow from other shapes, {unknown} do not, {wrong.Count} would be wrong");
        Assert.That(known, Is.GreaterThan(unknown));
        Assert.That(wrong.Count, Is.LessThan(GpuRecords.Recorded.All.Count / 50), string.Join('\n', wrong.Take(20)));
    }

    [Test]
    public void What_nobody_asked_about_is_not_recorded()
    {
        RequireRecords();
        OperationGraph odd = new();
        odd.Pointwise(PointwiseMode.Tangent, odd.Tensor("x", new TensorShape(32, 64, 56, 56, DataType.BFloat16))).Output();
        Assert.That(GpuRecords.Recorded.Check(odd, "sm_80").Answer, Is.EqualTo(RecordedAnswer.NotRecorded));
        NetworkPatterns.TryDescribe("conv", DataType.BFloat16, s_geometry with { Filter = 11, Padding = 5 }, 32, out OperationGraph? large);
        RecordedSupport support = GpuRecords.Recorded.Check(large!, "sm_80");
        Assert.That(support.Answer, Is.EqualTo(RecordedAnswer.NotRecorded));
        Assert.That(support.Explanation, Does.Contain("none with shapes of the class").And.Contain("filter 11 x 11"));
        NetworkPatterns.TryDescribe("conv", DataType.BFloat16, s_geometry, 32, out OperationGraph? usual);
        Assert.That(GpuRecords.Recorded.Check(usual!, "sm_80").Answer, Is.EqualTo(RecordedAnswer.Supported));
        Assert.That(GpuRecords.Recorded.Check(usual!, "sm_61").Answer, Is.EqualTo(RecordedAnswer.NotRecorded));
    }

    [Test]
    public void The_order_of_description_the_names_and_the_ids_make_no_difference()
    {
        OperationGraph one = new("one"), other = new("other");
        GraphTensor x = one.Tensor("x", new TensorShape(2, 8, 4, 4));
        one.Add(one.Relu(x), one.Pointwise(PointwiseMode.Sigmoid, x)).Output();
        GraphTensor late = other.Tensor("late", new TensorShape(2, 8, 4, 4)).WithUid(100);
        GraphTensor sigmoid = other.Pointwise(PointwiseMode.Sigmoid, late);
        other.Add(other.Relu(late), sigmoid, "sum").Output();
        GraphPattern first = new(GraphForm.Of(one)), second = new(GraphForm.Of(other));
        Assert.That(second.Structure, Is.EqualTo(first.Structure));
        Assert.That((second.Layout, second.ShapeClass, second.Distance(first)), Is.EqualTo((first.Layout, first.ShapeClass, 0d)));

        OperationGraph swapped = new();
        GraphTensor z = swapped.Tensor("x", new TensorShape(2, 8, 4, 4));
        swapped.Add(swapped.Pointwise(PointwiseMode.Sigmoid, z), swapped.Relu(z)).Output();
        Assert.That(new GraphPattern(GraphForm.Of(swapped)).Structure, Is.Not.EqualTo(first.Structure), "operands in other places are another graph");
    }

    [Test]
    public void The_table_for_readers_says_what_the_records_say()
    {
        RequireRecords();
        string? page = Golden.RepositoryFolder.Path("docs", "gpu.md");
        if (!File.Exists(page))
        {
            Assert.Ignore("skipped: the page is not at hand outside the repository");
        }

        string[] lines = File.ReadAllLines(page!);
        string[] written = [.. lines.SkipWhile(line => line != SupportTable.Head.Split('\n')[0]).Skip(2).TakeWhile(line => line.StartsWith('|'))];
        IReadOnlyList<string> recorded = SupportTable.Rows(GpuRecords.Recorded);
        if (lines.Any(line => line.Contains(SupportTable.Source(GpuRecords.Recorded), StringComparison.Ordinal)))
        {
            Assert.That(written, Is.EqualTo(recorded), $"the table as it should be:\n{SupportTable.Head}\n{string.Join('\n', recorded)}");
            return;
        }

        // Made from other records: what both know must agree.
        Dictionary<string, string[]> rows = written.Select(row => row.Split(" | ")).ToDictionary(cells => string.Join(" | ", cells[..3]), cells => cells[3..]);
        int compared = 0;
        foreach (string[] cells in recorded.Select(row => row.Split(" | ")))
        {
            for (int i = 0; i < 2 && rows.TryGetValue(string.Join(" | ", cells[..3]), out string[]? known); i++)
            {
                string before = known[i].Split(',')[0].Trim(' ', '|'), now = cells[3 + i].Split(',')[0].Trim(' ', '|');
                compared += before is "yes" or "no" && now is "yes" or "no" ? 1 : 0;
                Assert.That((before, now), Is.Not.EqualTo(("yes", "no")).And.Not.EqualTo(("no", "yes")), string.Join(" | ", cells));
            }
        }

        Assert.That(compared, Is.GreaterThan(0), $"the table as it would be:\n{SupportTable.Source(GpuRecords.Recorded)}\n{SupportTable.Head}\n{string.Join('\n', recorded)}");
    }

    internal static void RequireRecords()
    {
        if (GpuRecords.Recorded.All.Count == 0)
        {
            Assert.Ignore($"skipped: {Conformance.ConformanceFolder.Message}");
        }
    }

    /// <summary>"plan-sm80-conv-bias-relu-mode3" is named conv-bias-relu.</summary>
    private static bool IsNamed(string id, string name) => id.Split('-', 3) is ["plan", _, string rest] && (rest == name || rest == $"{name}-mode3" || rest == $"{name}-mode2")
        || (id.StartsWith("plan-bn-bwd-", StringComparison.Ordinal) && id.EndsWith($"-{name}", StringComparison.Ordinal));
}
