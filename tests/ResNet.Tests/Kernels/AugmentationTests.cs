using CudnnNet;

namespace ResNet.Tests.Kernels;

/// <summary>The kernels that change training images, against plain loops and a generator written anew.</summary>
[TestFixture]
public sealed class AugmentationTests : KernelFixture
{
    private const int Count = 40, Channels = 3, Height = 6, Width = 9, Plane = Height * Width;

    [TestCase(0u, 0u, 0u, 0u, 0ul, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xfffffffffffffffful, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0x299f31d0a4093822ul, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void The_generator_of_these_tests_is_Philox(uint c0, uint c1, uint c2, uint c3, ulong key, uint w0, uint w1, uint w2, uint w3) =>
        Assert.That(Philox(key, [c0, c1, c2, c3]), Is.EqualTo(new[] { w0, w1, w2, w3 }));

    [TestCase(4, 0u, 0u, 0ul, 4u, true)]
    [TestCase(4, 9u, 3u, 0x123456789abcdef0ul, 2u, true)]
    [TestCase(13, 1u, 70000u, ulong.MaxValue, 0u, false)]
    public void What_is_drawn_depends_on_seed_epoch_and_image(int batch, uint step, uint epoch, ulong seed, uint padding, bool mirrors)
    {
        uint[] order = Order();
        int[] draws = Draw(order, batch, step, epoch, seed, padding, mirrors);
        int side = (int)((2 * padding) + 1);
        for (int i = 0; i < batch; i++)
        {
            uint[] words = Philox(seed, [order[((int)step * batch) + i], epoch, 0, 0]);
            int[] expected =
            [
                (int)(words[0] % side) - (int)padding, (int)(words[0] / side % side) - (int)padding, mirrors ? (int)(words[1] >> 31) : 0, (int)(words[2] % Height), (int)(words[3] % Width),
            ];
            Assert.That(draws.AsSpan(i * 8, 5).ToArray(), Is.EqualTo(expected), $"image {i}");
        }
    }

    [Test]
    public void All_shifts_both_sides_and_all_places_are_drawn()
    {
        List<int[]> draws = [];
        for (uint epoch = 0; epoch < 100; epoch++)
        {
            int[] all = Draw(Order(), Count, 0, epoch, 5, 2, true);
            draws.AddRange(Enumerable.Range(0, Count).Select(i => all[(i * 8)..((i * 8) + 5)]));
        }

        using (Assert.EnterMultipleScope())
        {
            // 4000 draws: each of the 25 shifts is expected 160 times, with a standard deviation of 12.4.
            Assert.That(draws.GroupBy(d => (d[0], d[1])).Select(g => g.Count()), Has.Exactly(25).Items.And.All.InRange(100, 220));
            Assert.That(draws.Count(d => d[2] == 1), Is.InRange(1810, 2190));
            Assert.That(draws.GroupBy(d => (d[3], d[4])).Select(g => g.Count()), Has.Exactly(Plane).Items.And.All.InRange(30, 120));
        }
    }

    [TestCase(0)]
    [TestCase(3)]
    [TestCase(4)]
    [TestCase(30)]
    public void Images_are_shifted_mirrored_and_cut(int cutout)
    {
        const int batch = 13;
        const uint step = 2;
        byte[] pixels = [.. Enumerable.Range(0, Count * Channels * Plane).Select(i => (byte)((i * 37) + (i / 256)))];
        byte[] labels = [.. Enumerable.Range(0, Count).Select(i => (byte)(i + 1))];
        float[] table = [.. Enumerable.Range(0, Channels * 256).Select(i => (i / 3f) - 40)];
        uint[] order = Order();
        int[] draws = Draw(order, batch, step, 8, 77, 4, true);
        Assert.That(draws.Where((_, i) => i % 8 == 2), Has.Some.EqualTo(1).And.Some.EqualTo(0), "both kinds are among the images");
        using DeviceMemory<byte> deviceImages = Upload(pixels);
        using DeviceMemory<byte> deviceLabels = Upload(labels);
        using DeviceMemory<uint> deviceOrder = Upload(order);
        using DeviceMemory<float> deviceTable = Upload(table);
        using DeviceMemory<int> deviceDraws = Upload(draws);
        using DeviceMemory<uint> state = Upload<uint>([step, 0, 0, 0, 0, 0, 8, .. new uint[TrainingState.Words - 7]]);
        using DeviceMemory<float> x = Context.Allocate<float>(batch * Channels * Plane);
        using DeviceMemory<int> y = Context.Allocate<int>(batch);
        Kernels.GatherAugment.Launch(
            Stream, LaunchShape.Cover(batch * Plane), deviceImages.Address, deviceLabels.Address, deviceOrder.Address, state.Address, deviceTable.Address, deviceDraws.Address, x.Address, y.Address,
            (uint)batch, (uint)Channels, (uint)Height, (uint)Width, (uint)cutout);
        float[] got = Download(x);
        int[] gotLabels = Download(y);
        for (int n = 0; n < batch; n++)
        {
            int record = (int)order[(step * batch) + n];
            Assert.That(gotLabels[n], Is.EqualTo(labels[record]));
            float[] expected = Changed(pixels.AsSpan(record * Channels * Plane, Channels * Plane), table, draws.AsSpan(n * 8, 5), cutout);
            Assert.That(got.AsSpan(n * Channels * Plane, Channels * Plane).ToArray(), Is.EqualTo(expected), $"image {n}");
        }
    }

    /// <summary>A padded copy of the image, a part of it, its mirror image, a hole: one after the other.</summary>
    private static float[] Changed(ReadOnlySpan<byte> image, float[] table, ReadOnlySpan<int> draw, int cutout)
    {
        const int padding = 4;
        float[] result = new float[Channels * Plane];
        for (int c = 0; c < Channels; c++)
        {
            byte[,] padded = new byte[Height + (2 * padding), Width + (2 * padding)];
            for (int i = 0; i < Plane; i++)
            {
                padded[padding + (i / Width), padding + (i % Width)] = image[(c * Plane) + i];
            }

            float[,] part = new float[Height, Width];
            for (int i = 0; i < Plane; i++)
            {
                part[i / Width, i % Width] = table[(c * 256) + padded[padding + draw[0] + (i / Width), padding + draw[1] + (i % Width)]];
            }

            for (int i = 0; i < Plane; i++)
            {
                (int row, int column) = (i / Width, i % Width);
                int top = draw[3] - (cutout / 2);
                int left = draw[4] - (cutout / 2);
                bool hole = row >= top && row < top + cutout && column >= left && column < left + cutout;
                result[(i * Channels) + c] = hole ? 0 : part[row, draw[2] == 1 ? Width - 1 - column : column];
            }
        }

        return result;
    }

    private static uint[] Philox(ulong key, uint[] counter)
    {
        (uint k0, uint k1) = ((uint)key, (uint)(key >> 32));
        uint[] c = [.. counter];
        for (int round = 0; round < 10; round++)
        {
            UInt128 a = (UInt128)0xD2511F53 * c[0];
            UInt128 b = (UInt128)0xCD9E8D57 * c[2];
            c = [(uint)(b >> 32) ^ c[1] ^ k0, (uint)(b & uint.MaxValue), (uint)(a >> 32) ^ c[3] ^ k1, (uint)(a & uint.MaxValue)];
            k0 = unchecked(k0 + 0x9E3779B9);
            k1 = unchecked(k1 + 0xBB67AE85);
        }

        return c;
    }

    private static uint[] Order() => [.. Enumerable.Range(0, Count).Select(i => (uint)(i * 7 % Count))];

    private int[] Draw(uint[] order, int batch, uint step, uint epoch, ulong seed, uint padding, bool mirrors)
    {
        using DeviceMemory<uint> deviceOrder = Upload(order);
        using DeviceMemory<uint> state = Upload<uint>([step, 0, 0, 0, 0, 0, epoch, .. new uint[TrainingState.Words - 7]]);
        using DeviceMemory<int> draws = Upload(new int[8 * batch]);
        Kernels.DrawAugmentation.Launch(
            Stream, LaunchShape.Cover(batch, block: 64), deviceOrder.Address, state.Address, draws.Address, seed, (uint)batch, (uint)Height, (uint)Width, padding, mirrors ? 1u : 0u);
        return Download(draws);
    }
}
