using System.Diagnostics.CodeAnalysis;

namespace CudnnNet;

/// <summary>The stream of a library's handle: at first the handle's parent; later another one, which is kept alive likewise.</summary>
internal struct SelectedStream
{
    // The stream that took the place of the first one.
    private CudaStream? _kept;

    internal SelectedStream(CudaStream parent) => Current = parent;

    internal CudaStream Current { get; private set; }

    /// <exception cref="ArgumentException"><paramref name="stream"/> belongs to another context.</exception>
    internal readonly void CheckContext(CudaStream stream)
    {
        if (stream.Context.KeptHandle != Current.Context.KeptHandle)
        {
            Throw();
        }

        [DoesNotReturn]
        static void Throw() => throw new ArgumentException("The handle was to use a stream of another context. Make a handle for each context.", nameof(stream));
    }

    /// <summary>Puts another stream, of the same context, in the place of this one, which is let go unless it is the parent.</summary>
    /// <exception cref="ObjectDisposedException"><paramref name="stream"/> is disposed.</exception>
    internal void Change(CudaStream stream)
    {
        if (!ReferenceEquals(stream, Current))
        {
            stream.Keep();
            LetGo();
            _kept = stream;
            Current = stream;
        }
    }

    /// <summary>Gives back what <see cref="Change"/> keeps; the parent is the handle's own affair.</summary>
    internal readonly void LetGo() => _kept?.LetGo();
}
