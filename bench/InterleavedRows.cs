using System.Diagnostics;

namespace Bench;

/// <summary>One thing that is measured.</summary>
/// <param name="Calls">How many calls one run makes.</param>
/// <param name="Run">Makes them.</param>
internal readonly record struct MeasuredRow(int Calls, Action Run);

/// <summary>
/// Rows that are measured one after the other, over and over, and the best of each: on a machine that has other work, means are those of the
/// other work, while the best of many short runs was disturbed by nobody.
/// </summary>
internal sealed class InterleavedRows(IReadOnlyList<MeasuredRow> rows)
{
    private readonly double[] _best = new double[rows.Count];
    private readonly long[] _bytes = new long[rows.Count];

    /// <summary>Nanoseconds a call, the best of all rounds of the last measurement.</summary>
    public IReadOnlyList<double> Best => _best;

    /// <summary>Managed bytes that the last run of each row allocated.</summary>
    public IReadOnlyList<long> Bytes => _bytes;

    /// <summary>Measures the rows in turn.</summary>
    /// <param name="duration">How long. As long again comes before, and does not count: the runtime compiles what is called often a second and a third time.</param>
    /// <param name="between">What is done after each run, outside its time.</param>
    /// <returns>The number of rounds that count.</returns>
    public int Measure(TimeSpan duration, Action? between = null)
    {
        Rounds(duration, between);
        return Rounds(duration, between);
    }

    private int Rounds(TimeSpan duration, Action? between)
    {
        Array.Fill(_best, double.PositiveInfinity);
        var clock = Stopwatch.StartNew();
        int rounds = 0;
        for (; clock.Elapsed < duration; rounds++)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                long start = Stopwatch.GetTimestamp();
                rows[i].Run();
                long ticks = Stopwatch.GetTimestamp() - start;
                _bytes[i] = GC.GetAllocatedBytesForCurrentThread() - allocated;
                _best[i] = Math.Min(_best[i], ticks * 1e9 / Stopwatch.Frequency / rows[i].Calls);
                between?.Invoke();
            }
        }

        return rounds;
    }
}
