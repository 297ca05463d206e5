namespace ResNet.Tests.Models;

[TestFixture]
public sealed class RandomSequenceTests
{
    // SplitMix64's first numbers for the seed 1234567 are published with its reference implementation.
    [Test]
    public void The_seed_is_spread_by_splitmix64() => Assert.That(
        new RandomSequence(1234567).State,
        Is.EqualTo(string.Join('-', new[] { 6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL, 4593380528125082431UL }.Select(word => word.ToString("x16", null)))));

    // The first numbers of xoshiro256** from the state 1, 2, 3, 4, as its other implementations give them.
    [Test]
    public void The_numbers_are_those_of_xoshiro256_starstar()
    {
        RandomSequence random = new(0) { State = "0000000000000001-0000000000000002-0000000000000003-0000000000000004" };
        Assert.That(
            Enumerable.Range(0, 5).Select(_ => random.Next()),
            Is.EqualTo(new ulong[] { 11520, 0, 1509978240, 1215971899390074240, 1216172134540287360 }));
    }

    [Test]
    public void Continuing_from_a_saved_state_gives_the_same_numbers()
    {
        RandomSequence first = new(5);
        first.NextNormal();
        RandomSequence second = new(0) { State = first.State };
        Assert.That(Enumerable.Range(0, 20).Select(_ => second.NextNormal()), Is.EqualTo(Enumerable.Range(0, 20).Select(_ => first.NextNormal())));
    }

    [Test]
    public void Normal_numbers_have_mean_0_deviation_1_and_the_bells_shares()
    {
        RandomSequence random = new(3);
        double[] numbers = [.. Enumerable.Range(0, 100_000).Select(_ => random.NextNormal())];
        Assert.That(numbers.Average(), Is.Zero.Within(0.015));
        Assert.That(Math.Sqrt(numbers.Average(x => x * x)), Is.EqualTo(1).Within(0.01));
        Assert.That(numbers.Count(x => Math.Abs(x) < 1) / 100_000.0, Is.EqualTo(0.6827).Within(0.006));
        Assert.That(numbers.Count(x => Math.Abs(x) > 3) / 100_000.0, Is.EqualTo(0.0027).Within(0.0008));
    }

    [Test]
    public void Bounded_numbers_stay_below_the_bound_and_meet_every_value()
    {
        RandomSequence random = new(9);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.NextBelow(7)]++;
        }

        Assert.That(counts, Is.All.InRange(9_500, 10_500));
    }

    [TestCase("")]
    [TestCase("1-2-3")]
    [TestCase("1-2-3-x")]
    [TestCase("0-0-0-0")]
    public void A_text_that_is_no_state_is_refused(string text) => Assert.That(() => new RandomSequence(1) { State = text }, Throws.InstanceOf<FormatException>());
}
