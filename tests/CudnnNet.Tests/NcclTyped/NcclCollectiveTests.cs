using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>Every collective with every type and reduction, on ranks that are threads, against loops over all contributions.</summary>
[TestFixture(2)]
[TestFixture(3)]
public sealed class NcclCollectiveTests(int ranks)
{
    private const int Count = 77;

    private static readonly NcclReduction[] s_reductions =
        [NcclReduction.Sum, NcclReduction.Product, NcclReduction.Maximum, NcclReduction.Minimum, NcclReduction.Average];

    [Test]
    public void Singles_are_reduced_and_moved() => Check<float>(v => (float)v, 1e-6);

    [Test]
    public void Doubles_are_reduced_and_moved() => Check<double>(v => v, 1e-14);

    [Test]
    public void Halves_are_reduced_and_moved() => Check<Half>(v => (Half)v, 2e-3);

    [Test]
    public void Bfloats_are_reduced_and_moved() => Check<BFloat16>(v => (BFloat16)(float)v, 2e-2, v => (float)v);

    [Test]
    public void Bytes_are_reduced_and_moved() => Check<byte>(v => (byte)(v + 40), 0);

    [Test]
    public void Signed_bytes_are_reduced_and_moved() => Check<sbyte>(v => (sbyte)(v * 9), 0);

    [Test]
    public void Integers_are_reduced_and_moved() => Check<int>(v => (int)v * 1000, 0);

    [Test]
    public void Unsigned_integers_are_reduced_and_moved() => Check<uint>(v => (uint)(v + 10) * 100_000_000, 0);

    [Test]
    public void Long_integers_are_reduced_and_moved() => Check<long>(v => (long)v << 31, 0);

    [Test]
    public void Unsigned_long_integers_are_reduced_and_moved() => Check<ulong>(v => (ulong)(v + 10) << 31, 0);

    private void Check<T>(Func<double, T> from, double tolerance)
        where T : unmanaged, INumber<T> => Check(from, tolerance, v => double.CreateChecked(v), Reduce);

    private void Check<T>(Func<double, T> from, double tolerance, Func<T, double> back)
        where T : unmanaged => Check(from, tolerance, back, (reduction, all) => from(Reduce(reduction, [.. all.Select(back)])));

    private void Check<T>(Func<double, T> from, double tolerance, Func<T, double> back, Func<NcclReduction, T[], T> reduce)
        where T : unmanaged
    {
        T[][] all = [.. Enumerable.Range(0, ranks).Select(rank => Enumerable.Range(0, Count * ranks).Select(i => from((((i * 5) + (rank * 3) + (i / 7)) % 9) - 4)).ToArray())];
        RankThreads.Run(ranks, device =>
        {
            NcclCommunicator communicator = device.Communicator;
            CudaStream stream = device.Stream;
            int me = device.Rank;
            int root = ranks - 1;
            DeviceMemory<T> source = device.Upload<T>(all[me]);
            using DeviceMemory<T> target = device.Context.Allocate<T>(Count * ranks);
            DeviceSpan<T> part = source.Slice(0, Count);
            foreach (NcclReduction reduction in s_reductions)
            {
                T[] expected = [.. Enumerable.Range(0, Count * ranks).Select(i => reduce(reduction, [.. all.Select(of => of[i])]))];
                communicator.AllReduce<T>(source, target, reduction, stream);
                Compare(device.Download(target.Span), expected, $"all-reduce by {reduction.Raw}");
                communicator.Reduce(part, target.Slice(0, Count), reduction, root, stream);
                if (me == root)
                {
                    Compare(device.Download(target.Slice(0, Count)), expected[..Count], $"reduce by {reduction.Raw}");
                }

                communicator.ReduceScatter(source, target.Slice(0, Count), reduction, stream);
                Compare(device.Download(target.Slice(0, Count)), expected[(me * Count)..((me + 1) * Count)], $"reduce-scatter by {reduction.Raw}");
            }

            communicator.Broadcast(part, target.Slice(0, Count), root, stream);
            Compare(device.Download(target.Slice(0, Count)), all[root][..Count], "broadcast");
            communicator.AllGather<T>(part, target, stream);
            Compare(device.Download(target.Span), [.. all.SelectMany(of => of[..Count])], "all-gather");
            communicator.AllToAll<T>(source, target, stream);
            Compare(device.Download(target.Span), [.. all.SelectMany(of => of[(me * Count)..((me + 1) * Count)])], "all-to-all");
            communicator.Gather(part, me == root ? target : default(DeviceSpan<T>), root, stream);
            if (me == root)
            {
                Compare(device.Download(target.Span), [.. all.SelectMany(of => of[..Count])], "gather");
            }

            communicator.Scatter(me == root ? source : default(DeviceSpan<T>), target.Slice(0, Count), root, stream);
            Compare(device.Download(target.Slice(0, Count)), all[root][(me * Count)..((me + 1) * Count)], "scatter");
            int next = (me + 1) % ranks;
            int previous = (me + ranks - 1) % ranks;
            using (NcclGroup group = NcclGroup.Start())
            {
                communicator.Send(source.Span, next, stream);
                communicator.Receive(target.Span, previous, stream);
                group.End();
            }

            Compare(device.Download(target.Span), all[previous], "send and receive");
        });

        void Compare(T[] found, T[] expected, string what)
        {
            double[] values = [.. found.Select(back)];
            double[] wanted = [.. expected.Select(back)];
            Assert.That(values, Has.Length.EqualTo(wanted.Length), what);
            for (int i = 0; i < values.Length; i++)
            {
                Assert.That(values[i], Is.EqualTo(wanted[i]).Within(tolerance * Math.Max(1, Math.Abs(wanted[i]))), $"{what}, element {i}");
            }
        }
    }

    private static T Reduce<T>(NcclReduction reduction, T[] all)
        where T : INumber<T>
    {
        T value = all[0];
        foreach (T other in all[1..])
        {
            value = reduction == NcclReduction.Product ? unchecked(value * other)
                : reduction == NcclReduction.Maximum ? T.Max(value, other)
                : reduction == NcclReduction.Minimum ? T.Min(value, other)
                : unchecked(value + other);
        }

        return reduction == NcclReduction.Average ? value / T.CreateChecked(all.Length) : value;
    }
}
