namespace Cifar.Tests;

public class DigitsDataTests
{
    [Test]
    public void The_program_carries_1437_digits_to_learn_from_and_360_to_test_with()
    {
        var data = DigitsData.Load();
        Assert.That((data.Name, data.IsEmbedded, data.Classes, data.Height, data.Width), Is.EqualTo(("digits", true, 10, 8, 8)));
        Assert.That((data.Train.Count, data.Test.Count), Is.EqualTo((1437, 360)));
        Assert.That(data.Train.Images, Has.Length.EqualTo(1437 * 3 * 64));
        Assert.That(data.Train.Images.Max(), Is.EqualTo(16));
        Assert.That(data.Test.Labels.Distinct().Count(), Is.EqualTo(10));
    }

    [Test]
    public void The_three_channels_of_a_digit_are_equal()
    {
        var image = DigitsData.Load().Test.Images.AsSpan(5 * 192, 192);
        Assert.That(image[..64].SequenceEqual(image[64..128]) && image[..64].SequenceEqual(image[128..]));
    }

    [Test]
    public void Normalised_training_digits_have_mean_0_and_deviation_1()
    {
        var data = DigitsData.Load();
        float[] table = data.Normalization.Table();
        double mean = data.Train.Images.Average(pixel => table[pixel]);
        double variance = data.Train.Images.Average(pixel => Math.Pow(table[pixel] - mean, 2));
        Assert.That(mean, Is.EqualTo(0).Within(1e-3));
        Assert.That(Math.Sqrt(variance), Is.EqualTo(1).Within(1e-3));
    }

    [Test]
    public void The_attribution_lies_beside_the_program()
    {
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "digits-8x8.ATTRIBUTION.md"));
        Assert.That(text, Does.Contain("Alpaydin").And.Contains("Kaynak").And.Contains("CC BY 4.0"));
    }

    [Test]
    public void Damaged_digits_are_refused_with_the_offset()
    {
        byte[] content = new byte[116_805];
        content[65 + 1 + 10] = 17;
        Assert.That(() => DigitsData.Parse(content), Throws.TypeOf<DataException>().With.Property("Offset").EqualTo(76));
        content = new byte[116_805];
        content[130] = 10;
        Assert.That(() => DigitsData.Parse(content), Throws.TypeOf<DataException>().With.Property("Offset").EqualTo(130));
        Assert.That(() => DigitsData.Parse(new byte[116_804]), Throws.TypeOf<DataException>());
    }

    [Test]
    public void Mutated_digits_are_either_read_or_refused()
    {
        using var stream = typeof(DigitsData).Assembly.GetManifestResourceStream("digits-8x8.bin")!;
        byte[] original = new byte[stream.Length];
        stream.ReadExactly(original);
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            byte[] mutated = CifarFolderTests.Mutate(original, random);
            try
            {
                Assert.That(DigitsData.Parse(mutated).Train.Labels.Max(), Is.LessThan(10));
            }
            catch (DataException e)
            {
                Assert.That(e.Offset, Is.Not.Null);
            }
        }
    }
}
