namespace Cifar.Tests;

public class NormalizationTests
{
    [Test]
    public void A_pixel_enters_as_its_share_of_full_brightness_minus_mean_over_deviation()
    {
        float[] table = Normalization.Cifar.Table();
        Assert.That(table, Has.Length.EqualTo(3 * 256));
        Assert.That(table[0], Is.EqualTo(-0.4914f / 0.2023f).Within(1e-6));
        Assert.That(table[256 + 255], Is.EqualTo((1 - 0.4822) / 0.1994).Within(1e-6));
        Assert.That(table[512 + 51], Is.EqualTo((0.2 - 0.4465) / 0.2010).Within(1e-6));
    }
}
