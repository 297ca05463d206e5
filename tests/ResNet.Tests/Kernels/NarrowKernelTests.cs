using CudnnNet;
using Golden;

namespace ResNet.Tests.Kernels;

/// <summary>The kernels whose elements have 16 bits, against .NET's own rounding and against what the same numbers give in single precision.</summary>
[TestFixture(Precision.BFloat16)]
[TestFixture(Precision.Float16)]
public sealed class NarrowKernelTests(Precision precision) : KernelFixture(precision)
{
    [Test]
    public void Parameters_are_rounded_to_the_nearest_the_even_one_of_two()
    {
        // Every number of the type, what lies exactly between it and the next, that and its neighbours in single precision; and others at random.
        var random = new Random(5);
        List<uint> bits = [];
        for (int i = 0; i < 65536; i++)
        {
            uint here = Bits(Widen((ushort)i));
            uint half = Precision == Precision.BFloat16 ? 0x8000u : 0x1000u;
            bits.AddRange([here, here + half - 1, here + half, here + half + 1, (uint)random.NextInt64(uint.MaxValue)]);
        }

        // Below the smallest normal half the midpoints lie elsewhere.
        bits.AddRange(Enumerable.Range(0, 4096).Select(i => Bits((float)((i + 0.5) * Math.ScaleB(1, -24)))));
        float[] values = [.. bits.Select(BitConverter.UInt32BitsToSingle)];
        using DeviceMemory<float> wide = Upload(values);
        using DeviceMemory<ushort> narrow = Context.Allocate<ushort>(values.Length);
        Kernels.Narrow!.Launch(Stream, LaunchShape.Cover(values.Length), wide.Address, narrow.Address, (ulong)values.Length);
        ushort[] got = Download(narrow);
        for (int i = 0; i < values.Length; i++)
        {
            if (float.IsNaN(values[i]))
            {
                Assert.That(Widen(got[i]), Is.NaN, $"{bits[i]:x8}");
            }
            else if (got[i] != Round(values[i]))
            {
                Assert.Fail($"{values[i]:R} ({bits[i]:x8}) became {got[i]:x4}, not {Round(values[i]):x4}");
            }
        }
    }

    [Test]
    public void Every_number_of_the_type_is_read_as_what_it_is()
    {
        ushort[] all = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        using DeviceMemory<ushort> narrow = Upload(all);
        using DeviceMemory<float> sums = Context.Allocate<float>(all.Length);
        Kernels.SumRows.Launch(Stream, LaunchShape.Cover(all.Length, block: 32), narrow.Address, sums.Address, 1u, (uint)all.Length);
        float[] got = Download(sums);
        Assert.That(got, Is.EqualTo(all.Select(Widen)));
    }

    [Test]
    public void A_gathered_batch_holds_the_rounded_values_of_the_table()
    {
        const int count = 5, batch = 3, channels = 3, height = 2, width = 4, image = channels * height * width;
        byte[] pixels = [.. Enumerable.Range(0, count * image).Select(i => (byte)(i * 41))];
        float[] table = [.. Enumerable.Range(0, channels * 256).Select(i => (i / 7f) - 40)];
        uint[] order = [4, 2, 0];
        using DeviceMemory<byte> images = Upload(pixels);
        using DeviceMemory<byte> labels = Upload(new byte[count]);
        using DeviceMemory<uint> deviceOrder = Upload(order);
        using DeviceMemory<float> deviceTable = Upload(table);
        using DeviceMemory<uint> state = ZeroState();
        using DeviceMemory<ushort> x = Context.Allocate<ushort>(batch * image);
        using DeviceMemory<ushort> changed = Context.Allocate<ushort>(batch * image);
        using DeviceMemory<int> y = Context.Allocate<int>(batch);
        using DeviceMemory<int> draws = Upload(new int[8 * batch]);
        LaunchShape shape = LaunchShape.Cover(batch * height * width);
        Kernels.GatherNormalize.Launch(
            Stream, shape, images.Address, labels.Address, deviceOrder.Address, state.Address, deviceTable.Address, x.Address, y.Address, (uint)batch, (uint)channels, (uint)height, (uint)width);
        // Draws of 0 and no cutout change nothing.
        Kernels.GatherAugment.Launch(
            Stream, shape, images.Address, labels.Address, deviceOrder.Address, state.Address, deviceTable.Address, draws.Address, changed.Address, y.Address, (uint)batch, (uint)channels, (uint)height,
            (uint)width, 0u);
        ushort[] expected = [.. order.SelectMany(record => Enumerable.Range(0, height * width).SelectMany(position => Enumerable.Range(0, channels)
            .Select(c => Round(table[(c * 256) + pixels[((int)record * image) + (c * height * width) + position]]))))];
        Assert.That(Download(x), Is.EqualTo(expected));
        Assert.That(Download(changed), Is.EqualTo(expected));
    }

    [Test]
    public void The_losss_gradient_is_that_of_single_precision_times_the_loss_scale_rounded()
    {
        const int rows = 33, classes = 10;
        float[] logits = new TensorSpecification("narrow/logits", [rows, classes], 4).Values();
        int[] wanted = [.. Enumerable.Range(0, rows).Select(i => i * 7 % classes)];
        using TrainingKernels singleKernels = new(Context);
        using DeviceMemory<float> deviceLogits = Upload(logits);
        using DeviceMemory<int> labels = Upload(wanted);
        using DeviceMemory<float> losses = Context.Allocate<float>(rows);
        using DeviceMemory<int> hits = Context.Allocate<int>(rows);
        using DeviceMemory<float> single = Context.Allocate<float>(rows * classes);
        using DeviceMemory<ushort> narrow = Context.Allocate<ushort>(rows * classes);
        using DeviceMemory<uint> state = ZeroState();
        LaunchShape shape = LaunchShape.Cover(rows, block: 64);
        singleKernels.SoftmaxCrossEntropy.Launch(
            Stream, shape, deviceLogits.Address, labels.Address, single.Address, losses.Address, hits.Address, state.Address, (uint)rows, (uint)classes, 1f / rows, 0.1f);
        Stream.Fill(state.Slice(8, 1), 5u);
        Kernels.SoftmaxCrossEntropy.Launch(
            Stream, shape, deviceLogits.Address, labels.Address, narrow.Address, losses.Address, hits.Address, state.Address, (uint)rows, (uint)classes, 1f / rows, 0.1f);
        Assert.That(Download(narrow), Is.EqualTo(Download(single).Select(value => Round(value * 32))));
    }

    [Test]
    public void The_optimiser_moves_parameters_as_by_the_widened_gradients_divided_by_the_loss_scale_and_writes_rounded_copies()
    {
        const int count = 3000;
        float[] p = new TensorSpecification("narrow/p", [count], 1).Values();
        float[] v = new TensorSpecification("narrow/v", [count], 0.1f).Values();
        ushort[] gradients = [.. new TensorSpecification("narrow/g", [count], 3).Values().Select(Round)];
        (float[] moved, float[] velocity, ushort[] copies) = Update(p, v, gradients, exponent: 6, overflow: 0);
        float[] expectedVelocity = [.. v.Select((old, i) => (float)((0.9f * (double)old) + (Widen(gradients[i]) / 64.0) + (5e-4f * (double)p[i])))];
        for (int i = 0; i < count; i++)
        {
            Assert.That(velocity[i], Is.EqualTo(expectedVelocity[i]).Within(2).Ulps.Or.EqualTo(expectedVelocity[i]).Within(1e-8));
            Assert.That(moved[i], Is.EqualTo(p[i] - (0.1f * (double)velocity[i])).Within(1e-7));
        }

        Assert.That(copies, Is.EqualTo(moved.Select(Round)));
    }

    [Test]
    public void A_step_whose_gradients_are_not_finite_moves_nothing()
    {
        float[] p = new TensorSpecification("narrow/p", [500], 1).Values();
        float[] v = new TensorSpecification("narrow/v", [500], 0.1f).Values();
        (float[] moved, float[] velocity, ushort[] copies) = Update(p, v, new ushort[500], exponent: 6, overflow: 1);
        Assert.That(moved, Is.EqualTo(p));
        Assert.That(velocity, Is.EqualTo(v));
        Assert.That(copies, Is.All.EqualTo(0xabcd));
    }

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private float Widen(ushort bits) => Precision == Precision.BFloat16 ? BFloat16.FromBits(bits) : (float)BitConverter.UInt16BitsToHalf(bits);

    private ushort Round(float value) => Precision == Precision.BFloat16 ? ((BFloat16)value).Bits : BitConverter.HalfToUInt16Bits((Half)value);

    private DeviceMemory<uint> ZeroState() => Upload(new uint[TrainingState.Words]);

    private (float[] Parameters, float[] Velocity, ushort[] Copies) Update(float[] p, float[] v, ushort[] g, uint exponent, uint overflow)
    {
        using DeviceMemory<float> parameters = Upload(p);
        using DeviceMemory<float> momentum = Upload(v);
        using DeviceMemory<ushort> gradients = Upload(g);
        using DeviceMemory<ushort> copies = Context.Allocate<ushort>(p.Length);
        using DeviceMemory<uint> state = ZeroState();
        Stream.Fill(copies.Span, (ushort)0xabcd);
        Stream.Fill(state.Slice(1, 1), Bits(0.1f));
        Stream.Fill(state.Slice(8, 1), exponent);
        Stream.Fill(state.Slice(10, 1), overflow);
        Kernels.SgdMomentumNarrow!.Launch(
            Stream, LaunchShape.Cover(p.Length, block: 256, elementsPerThread: 4), parameters.Address, copies.Address, gradients.Address, momentum.Address, state.Address, 0.9f, 5e-4f, (ulong)p.Length);
        return (Download(parameters), Download(momentum), Download(copies));
    }
}
