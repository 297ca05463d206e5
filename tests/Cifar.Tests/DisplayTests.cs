using Spectre.Console.Testing;

namespace Cifar.Tests;

public class DisplayTests
{
    [Test]
    public void The_live_view_shows_epoch_step_loss_accuracy_speed_rate_and_time_left()
    {
        using var console = new TestConsole().Width(140).Height(60).Interactive();
        var display = new LiveDisplay(console);
        var data = DigitsData.Load();
        int code = display.Run(() =>
        {
            display.Begin(new RunFacts(Presets.DefaultFor(data), data, "cpu", "a processor", "none", "runs/x", 11_173_962, 45));
            display.Step(new StepFigures(3, 12, 45, 102, 0, 0, 1, 1.2345, 0.678, 0.05, 321, TimeSpan.FromSeconds(3725)));
            return 130;
        });
        Assert.That(code, Is.EqualTo(130));
        foreach (string word in new[] { "epoch 3/10", "step 12/45", "loss 1.2345", "accuracy 67.80 %", "321 images/s", "learning rate 0.05", "1:02:05 left", "THIS IS THE DIGITS DATA SET", "11,173,962 parameters" })
        {
            Assert.That(console.Output, Does.Contain(word));
        }
    }

    [TestCase(59, "0:59")]
    [TestCase(3599, "59:59")]
    [TestCase(360_000, "100:00:00")]
    public void Time_left_reads_like_a_clock(int seconds, string text) => Assert.That(LiveDisplay.Duration(TimeSpan.FromSeconds(seconds)), Is.EqualTo(text));
}
