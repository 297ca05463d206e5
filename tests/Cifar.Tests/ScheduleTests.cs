namespace Cifar.Tests;

public class ScheduleTests
{
    [TestCase(0, 0.1)]
    [TestCase(149, 0.1)]
    [TestCase(150, 0.01)]
    [TestCase(209, 0.01)]
    [TestCase(210, 0.001)]
    [TestCase(269, 0.001)]
    public void The_article_learns_at_a_tenth_from_epoch_150_and_at_a_hundredth_from_epoch_210(int epoch, double rate)
        => Assert.That(Presets.Article.RateOf(epoch), Is.EqualTo(rate).Within(0));

    [Test]
    public void The_cosine_starts_at_the_base_rate_and_passes_half_of_it_in_the_middle()
    {
        var cosine = new LearningRateSchedule.Cosine();
        Assert.That(cosine.Rate(0.2, 0, 10), Is.EqualTo(0.2));
        Assert.That(cosine.Rate(0.2, 5, 10), Is.EqualTo(0.1).Within(1e-15));
        Assert.That(cosine.Rate(0.2, 9, 10), Is.GreaterThan(0).And.LessThan(0.01));
    }

    [TestCase("constant")]
    [TestCase("cosine")]
    [TestCase("steps:150,210")]
    public void A_schedule_reads_back_from_what_it_writes(string text)
    {
        var schedule = LearningRateSchedule.Parse(text);
        Assert.That(schedule!.ToString(), Is.EqualTo(text));
        Assert.That(LearningRateSchedule.Parse(text), Is.EqualTo(schedule));
    }

    [TestCase("")]
    [TestCase("linear")]
    [TestCase("steps:")]
    [TestCase("steps:0")]
    [TestCase("steps:5,5")]
    [TestCase("steps:9,3")]
    [TestCase("steps:1,x")]
    public void Anything_else_is_no_schedule(string text) => Assert.That(LearningRateSchedule.Parse(text), Is.Null);
}
