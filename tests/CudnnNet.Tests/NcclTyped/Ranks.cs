namespace CudnnNet.Tests;

/// <summary>One rank as a thread has it: a context of its own, a stream and the communicator.</summary>
internal sealed class RankDevice : TestDevice
{
    public RankDevice(NcclId id, int rank, int ranks, NcclOptions options = default)
        : base(CudaContext.Create()) => Communicator = Own(new NcclCommunicator(Context, id, rank, ranks, options));

    public NcclCommunicator Communicator { get; }

    public int Rank => Communicator.Rank;

    public int Ranks => Communicator.Ranks;
}

/// <summary>Ranks that are threads of the test's process.</summary>
internal static class RankThreads
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <summary>Does <paramref name="body"/> on each of <paramref name="ranks"/> ranks at the same time; an exception of one is the test's.</summary>
    public static void Run(int ranks, Action<RankDevice> body)
    {
        NcclId id = NcclId.Create();
        List<Exception> failures = [];
        Thread[] threads = [.. Enumerable.Range(0, ranks).Select(rank => new Thread(() => Guard(failures, () =>
        {
            using RankDevice device = new(id, rank, ranks);
            body(device);
        })) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        bool ended = threads.All(thread => thread.Join(s_limit));
        lock (failures)
        {
            Assert.That(failures, Is.Empty);
        }

        Assert.That(ended, "a rank hangs");
    }

    private static void Guard(List<Exception> failures, Action body)
    {
        try
        {
            body();
        }
        catch (Exception failure)
        {
            lock (failures)
            {
                failures.Add(failure);
            }
        }
    }
}
