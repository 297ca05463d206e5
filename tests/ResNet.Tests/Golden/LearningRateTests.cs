using System.Text.Json;
using Golden;

namespace ResNet.Tests.Golden;

[TestFixture]
public sealed class LearningRateTests
{
    public static IEnumerable<LearningRateSchedule> Schedules => GoldenFolder.File("layers/optim.json") is null ? [] : LearningRateSchedule.LoadAll();

    [TestCaseSource(nameof(Schedules))]
    public void The_formulas_give_pytorchs_rates(LearningRateSchedule schedule)
    {
        JsonElement p = schedule.Parameters;
        double Number(string name) => p.GetProperty(name).GetDouble();
        int Whole(string name) => p.GetProperty(name).GetInt32();
        int[] Milestones() => [.. p.GetProperty("milestones").EnumerateArray().Select(value => value.GetInt32())];

        for (int j = 0; j < schedule.At.Count; j++)
        {
            int at = schedule.At[j];
            double got = schedule.Kind switch
            {
                "multistep" => LearningRates.MultiStep(Number("base"), Milestones(), Number("gamma"), at),
                "step" => LearningRates.Step(Number("base"), Whole("step_size"), Number("gamma"), at),
                "cosine" => LearningRates.Cosine(Number("base"), Number("final"), Whole("total"), at),
                "warmup_cosine" => LearningRates.WarmUpCosine(Number("base"), Number("start_factor"), Whole("warmup"), Number("final"), Whole("total"), at),
                "warmup_multistep" => LearningRates.WarmUpMultiStep(Number("base"), Number("start_factor"), Whole("warmup"), Milestones(), Number("gamma"), at),
                "onecycle" => LearningRates.OneCycle(
                    Number("max"), Whole("total"), Number("pct_start"), Number("div"), Number("final_div"), p.GetProperty("anneal").GetString() == "cos", at),
                string other => throw new InvalidDataException($"schedule '{other}' is unknown"),
            };
            Assert.That(got, Is.EqualTo(schedule.Rates[j]).Within(1e-12), $"at {at}");
        }
    }
}
