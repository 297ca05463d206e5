using System.Runtime.InteropServices;

namespace Cifar;

/// <summary>
/// Turns the first SIGINT (Ctrl-C) or SIGTERM into a wish the training loop grants after its step; a second one ends the program at once.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    /// <summary>Starts listening.</summary>
    public StopSignal() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
    ];

    /// <summary>Whether somebody wants the program to stop.</summary>
    public bool Requested => Volatile.Read(ref _count) > 0;

    /// <summary>Asks for the stop without a signal.</summary>
    public void Request() => Interlocked.Increment(ref _count);

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
        if (Interlocked.Increment(ref _count) == 1)
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
