using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Cifar;

/// <summary>
/// Turns the first SIGINT (Ctrl-C) or SIGTERM into a wish the training loop grants after its step; another one, a second or more later,
/// ends the program at once.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    // The command timeout, for one, sends its signal to the program and to its group: two within a moment are one wish.
    private static readonly TimeSpan s_echo = TimeSpan.FromSeconds(1);

    private readonly PosixSignalRegistration[] _registrations;
    private long _requested;

    /// <summary>Starts listening.</summary>
    public StopSignal() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
    ];

    /// <summary>Whether somebody wants the program to stop.</summary>
    public bool Requested => Volatile.Read(ref _requested) != 0;

    /// <summary>Asks for the stop without a signal.</summary>
    public void Request() => Interlocked.CompareExchange(ref _requested, Stopwatch.GetTimestamp(), 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        Request();
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _requested)) < s_echo)
        {
            context.Cancel = true;
        }
        else if (!Console.IsOutputRedirected)
        {
            // The live display hid the cursor; nobody else will bring it back now.
            Console.Write("\x1b[?25h");
        }
    }
}
