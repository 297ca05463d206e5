using CudnnNet;

namespace ResNet.Tests.Kernels;

/// <summary>The kernels that keep half precision's loss scale, against what PyTorch's GradScaler does.</summary>
[TestFixture]
public sealed class LossScaleTests() : KernelFixture(Precision.Float16)
{
    [Test]
    public void An_infinite_gradient_is_found_wherever_it_stands_and_no_other_is()
    {
        const int narrowCount = 1000, wideCount = 300;
        foreach (int place in (int[])[-1, 0, 511, 999, 1000, 1299])
        {
            foreach (double value in (double[])[double.PositiveInfinity, double.NegativeInfinity, double.NaN, 65504, Math.ScaleB(1, -24)])
            {
                float[] all = [.. Enumerable.Range(0, narrowCount + wideCount).Select(i => i == place ? (float)value : i)];
                using DeviceMemory<Half> narrow = Upload(Array.ConvertAll(all[..narrowCount], number => (Half)number));
                using DeviceMemory<float> wide = Upload(all[narrowCount..]);
                using DeviceMemory<uint> state = Upload(new uint[TrainingState.Words]);
                Kernels.FindOverflow!.Launch(Stream, LaunchShape.Cover(all.Length), narrow.Address, (ulong)narrowCount, wide.Address, (ulong)wideCount, state.Address);
                Assert.That(Download(state)[10], Is.EqualTo(place >= 0 && !double.IsFinite(value) ? 1 : 0), $"{value} at {place}");
            }
        }
    }

    [Test]
    public void The_loss_scale_is_halved_by_an_overflow_and_doubled_after_steps_without()
    {
        using DeviceMemory<uint> state = Upload(new uint[TrainingState.Words]);
        Stream.Fill(state.Slice(8, 1), 3u);
        int exponent = 3;
        int since = 0;
        uint skipped = 0;
        var random = new Random(2);
        for (int step = 0; step < 60; step++)
        {
            bool overflow = random.Next(6) == 0;
            Stream.Fill(state.Slice(10, 1), overflow ? 1u : 0u);
            Kernels.UpdateLossScale!.Launch(Stream, new LaunchShape(1, 1), state.Address, 4u);
            since = overflow ? 0 : since + 1;
            exponent += overflow ? -1 : since == 4 ? 1 : 0;
            since = since == 4 ? 0 : since;
            skipped += overflow ? 1u : 0u;
            uint[] words = Download(state);
            Assert.That(((int)words[8], (int)words[9], words[10], words[11]), Is.EqualTo((exponent, since, 0u, skipped)), $"step {step}");
        }
    }
}
