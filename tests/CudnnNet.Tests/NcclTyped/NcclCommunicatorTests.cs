namespace CudnnNet.Tests;

/// <summary>Communicators: how they are made, divided, and what happens when a rank fails.</summary>
public sealed class NcclCommunicatorTests
{
    private static readonly TimeSpan s_seconds = TimeSpan.FromSeconds(20);

    [Test]
    public void An_id_travels_as_bytes()
    {
        NcclId id = NcclId.Create();
        NcclId copy = new(id.ToArray());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(copy, Is.EqualTo(id));
            Assert.That(copy == id, Is.True);
            Assert.That(copy.GetHashCode(), Is.EqualTo(id.GetHashCode()));
            Assert.That(copy.ToString(), Has.Length.EqualTo(256).And.EqualTo(id.ToString()));
            Assert.That(NcclId.Create() != id, Is.True);
            Assert.That(() => new NcclId(new byte[127]), Throws.ArgumentException.With.Message.StartsWith("An id has 128 bytes; 127 were given."));
        }
    }

    [Test]
    public void One_thread_serves_several_ranks_in_groups()
    {
        NcclId id = NcclId.Create();
        RankDevice[] devices = new RankDevice[3];
        using (NcclGroup group = NcclGroup.Start())
        {
            for (int rank = 0; rank < devices.Length; rank++)
            {
                devices[rank] = new(id, rank, devices.Length);
            }

            group.End();
        }

        DeviceMemory<int>[] values = [.. devices.Select(device => device.Upload<int>([device.Rank + 1, 10 * device.Rank]))];
        using (NcclGroup group = NcclGroup.Start())
        {
            foreach (RankDevice device in devices)
            {
                device.Communicator.AllReduce<int>(values[device.Rank], values[device.Rank], NcclReduction.Sum, device.Stream);
            }

            group.End();
        }

        foreach (RankDevice device in devices)
        {
            Assert.That(device.Download(values[device.Rank].Span), Is.EqualTo(new[] { 6, 30 }));
        }

        Array.ForEach(devices, device => device.Dispose());
    }

    [Test]
    public void A_split_makes_communicators_by_color_in_the_order_of_keys() => RankThreads.Run(4, device =>
    {
        using NcclCommunicator child = device.Communicator.Split(device.Rank % 2, -device.Rank)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(child.Ranks, Is.EqualTo(2));
            Assert.That(child.Rank, Is.EqualTo(device.Rank < 2 ? 1 : 0));
            Assert.That(child.Context, Is.SameAs(device.Context));
        }

        DeviceMemory<int> value = device.Upload<int>([device.Rank]);
        child.AllReduce<int>(value, value, NcclReduction.Sum, device.Stream);
        Assert.That(device.Download(value.Span), Is.EqualTo(new[] { device.Rank % 2 == 0 ? 2 : 4 }));
        using NcclCommunicator? some = device.Communicator.Split(device.Rank == 3 ? null : 0, 0);
        Assert.That(some?.Ranks, Is.EqualTo(device.Rank == 3 ? null : 3));
    });

    [Test]
    public void A_communicator_that_does_not_block_is_busy_until_all_ranks_have_come()
    {
        NcclId id = NcclId.Create();
        using RankDevice first = new(id, 0, 2, new(NonBlocking: true));
        Assert.That(first.Communicator.State, Is.EqualTo(NcclState.Busy));
        Assert.That(() => first.Communicator.WaitUntilReady(TimeSpan.FromMilliseconds(20)), Throws.TypeOf<TimeoutException>());
        using RankDevice second = new(id, 1, 2, new(NonBlocking: true));
        first.Communicator.WaitUntilReady(s_seconds);
        second.Communicator.WaitUntilReady(s_seconds);
        Assert.That((first.Rank, second.Rank, second.Ranks), Is.EqualTo((0, 1, 2)));
        DeviceMemory<double> a = first.Upload<double>([1.5]);
        DeviceMemory<double> b = second.Upload<double>([2.5]);
        first.Communicator.AllReduce<double>(a, a, NcclReduction.Product, first.Stream);
        second.Communicator.AllReduce<double>(b, b, NcclReduction.Product, second.Stream);
        Assert.That(first.Download(a.Span), Is.EqualTo(new[] { 3.75 }));
        Assert.That(second.Download(b.Span), Is.EqualTo(new[] { 3.75 }));
    }

    [Test]
    public void An_abort_wakes_what_waits_and_the_other_ranks_learn_of_it()
    {
        using ManualResetEventSlim waits = new();
        NcclCommunicator? waiting = null;
        RankThreads.Run(2, device =>
        {
            using DeviceMemory<float> memory = device.Context.Allocate<float>(1 << 20);
            if (device.Rank == 0)
            {
                device.Communicator.AllReduce<float>(memory, memory, NcclReduction.Sum, device.Stream);
                waiting = device.Communicator;
                waits.Set();
                device.Stream.Synchronize();
                return;
            }

            Assert.That(waits.Wait(s_seconds));
            Assert.That(device.Communicator.State, Is.EqualTo(NcclState.Ready));
            waiting!.Abort();
            Assert.That(() => device.Communicator.State, Is.EqualTo(NcclState.RemoteError).After(20_000, 5));
            Assert.That(device.Communicator.ThrowIfFailed, Throws.TypeOf<NcclException>().With.Message.Contains("rank 0").And.Message.Contains("aborted"));
            Assert.That(() => device.Communicator.AllReduce<float>(memory, memory, NcclReduction.Sum, device.Stream), Throws.TypeOf<NcclException>());
        });
    }

    [Test]
    public void A_captured_collective_is_replayed() => RankThreads.Run(2, device =>
    {
        DeviceMemory<int> value = device.Upload<int>([device.Rank + 1]);
        device.Stream.Synchronize();
        using CudaGraph graph = device.Stream.Capture(() => device.Communicator.AllReduce<int>(value, value, NcclReduction.Sum, device.Stream));
        using CudaGraphExecutable executable = graph.Instantiate();
        for (int i = 0; i < 3; i++)
        {
            executable.Launch(device.Stream);
        }

        Assert.That(device.Download(value.Span), Is.EqualTo(new[] { 12 }));
    });

    [Test]
    public void A_sum_can_scale_each_ranks_contribution() => RankThreads.Run(2, device =>
    {
        NcclReduction scaled = device.Communicator.CreateScaledSum(device.Rank == 0 ? 0.5f : 2f);
        DeviceMemory<float> value = device.Upload<float>([3, -1]);
        device.Communicator.AllReduce<float>(value, value, scaled, device.Stream);
        Assert.That(device.Download(value.Span), Is.EqualTo(new[] { 7.5f, -2.5f }));
    });

    [Test]
    public void What_cannot_fit_is_refused_before_the_call() => RankThreads.Run(1, device =>
    {
        using DeviceMemory<float> memory = device.Context.Allocate<float>(8);
        using DeviceMemory<char> characters = device.Context.Allocate<char>(8);
        using CudaContext elsewhere = CudaContext.Create();
        using CudaStream stranger = elsewhere.CreateStream();
        NcclCommunicator communicator = device.Communicator;
        CudaStream stream = device.Stream;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => communicator.AllReduce<float>(memory, memory.Slice(0, 7), NcclReduction.Sum, stream), Throws.ArgumentException.With.Message.StartsWith("The span has 7 elements where the call needs 8."));
            Assert.That(() => communicator.Broadcast<float>(memory, memory, 1, stream), Throws.ArgumentException.With.Message.EqualTo("Rank 1 was named; the communicator has the ranks 0 to 0."));
            Assert.That(() => communicator.Send<float>(memory, -1, stream), Throws.ArgumentException);
            Assert.That(() => communicator.AllReduce<char>(characters, characters, NcclReduction.Sum, stream), Throws.ArgumentException.With.Message.StartsWith("NCCL has no elements of type Char."));
            Assert.That(() => communicator.AllReduce<float>(memory, memory, NcclReduction.Sum, stranger), Throws.ArgumentException.With.Message.StartsWith("The stream belongs to another context"));
            Assert.That(() => communicator.Split(-3, 0), Throws.ArgumentException);
            Assert.That(() => new NcclCommunicator(device.Context, NcclId.Create(), 2, 2), Throws.ArgumentException.With.Message.StartsWith("Rank 2 of 2"));
            Assert.That(() => new NcclCommunicator(device.Context, NcclId.Create(), 0, 1, new(MinimumBlocks: 4)), Throws.ArgumentException);
            Assert.That(() => new NcclCommunicator(device.Context, default, 0, 1), Throws.TypeOf<NcclException>());
            Assert.That(() => new NcclCommunicator(null!, default, 0, 1), Throws.ArgumentNullException);
        }
    });

    [Test]
    public void A_group_ends_once_and_an_exception_leaves_none_open()
    {
        Assert.That(
            () =>
            {
                using NcclGroup outer = NcclGroup.Start();
                using NcclGroup inner = NcclGroup.Start();
                throw new InvalidDataException();
            },
            Throws.TypeOf<InvalidDataException>());
        Assert.That(
            () =>
            {
                using NcclGroup group = NcclGroup.Start();
                group.End();
                group.End();
            },
            Throws.InvalidOperationException);
    }

    [Test]
    public void A_disposed_communicator_moves_nothing_any_more()
    {
        RankDevice device = new(NcclId.Create(), 0, 1);
        using DeviceMemory<float> memory = device.Context.Allocate<float>(8);
        NcclCommunicator communicator = device.Communicator;
        communicator.FinishWork();
        communicator.Dispose();
        communicator.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => communicator.AllReduce<float>(memory, memory, NcclReduction.Sum, device.Stream), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => communicator.State, Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => communicator.Split(0, 0), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(communicator.Abort, Throws.TypeOf<ObjectDisposedException>());
        }

        device.Dispose();
    }

    [Test]
    public void Moving_data_allocates_no_managed_memory() => RankThreads.Run(2, device =>
    {
        NcclCommunicator communicator = device.Communicator;
        CudaStream stream = device.Stream;
        using DeviceMemory<float> all = device.Context.Allocate<float>(16);
        stream.Clear(all.Span);
        DeviceSpan<float> part = all.Slice(0, 8);
        int other = 1 - device.Rank;
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            communicator.AllReduce<float>(all, all, NcclReduction.Sum, stream);
            communicator.Reduce(part, part, NcclReduction.Maximum, 0, stream);
            communicator.Broadcast(part, part, 1, stream);
            communicator.ReduceScatter<float>(all, part, NcclReduction.Average, stream);
            communicator.AllGather<float>(part, all, stream);
            using NcclGroup group = NcclGroup.Start();
            communicator.Send(part, other, stream);
            communicator.Receive(all.Slice(8, 8), other, stream);
            group.End();
            stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    });
}
