using System.Runtime.CompilerServices;

namespace CudnnNet;

/// <summary>
/// Base of every object that owns something in a native library: contexts, streams, memory, handles, descriptors, operations.
/// </summary>
/// <remarks>
/// <para>Lifetimes are counted, not left to care. A child holds a reference to its parent (a stream to its context, a convolution to
/// its <see cref="CudnnHandle"/>), and the native object goes when the owner is disposed <em>and</em> the last child is gone. So every
/// order of disposal is right, disposing twice is harmless, and a child of a disposed parent goes on working until it is disposed itself.</para>
/// <para>There is no finalizer: the garbage collector never calls into a driver, neither on its own thread nor after a context is gone, and
/// device memory whose address is still in use by a queue is never freed behind its user's back. What is not disposed is kept until the
/// process ends.</para>
/// <para>Using different owners from different threads is safe; disposing an owner while another thread is inside one of its methods is not.</para>
/// </remarks>
public abstract class NativeOwner : IDisposable
{
    private readonly NativeOwner? _parent;
    private int _references = 1;
    private int _disposed;

    /// <summary>Takes a reference to <paramref name="parent"/>, which is given back after <see cref="Release"/>.</summary>
    /// <exception cref="ObjectDisposedException"><paramref name="parent"/> is disposed.</exception>
    private protected NativeOwner(NativeOwner? parent)
    {
        parent?.AddReference();
        _parent = parent;
    }

    /// <summary>Whether <see cref="Dispose"/> was called. The native object may live on for the sake of children.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Ends the use of this object; the native object goes with its last child. Calling it again does nothing. Never throws.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            RemoveReference();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Destroys the native object. Called once, when nothing refers to it any more; also for an object whose constructor failed half way.</summary>
    /// <remarks>
    /// A status of failure is let pass: after an error of the device every call fails, and an exception from here would hide the first one while
    /// <c>using</c> blocks unwind. Nothing is lost by it, a destroyed context has taken its objects along.
    /// </remarks>
    private protected abstract void Release();

    /// <summary>An argument of a constructor that its base takes for the parent, where null would mean none.</summary>
    /// <exception cref="ArgumentNullException">It is null.</exception>
    private protected static T Existing<T>(T owner, [CallerArgumentExpression(nameof(owner))] string? name = null)
        where T : NativeOwner
    {
        ArgumentNullException.ThrowIfNull(owner, name);
        return owner;
    }

    /// <exception cref="ObjectDisposedException">This object is disposed.</exception>
    private protected void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed != 0, this);

    /// <exception cref="ObjectDisposedException">This object is disposed.</exception>
    internal void Require() => ThrowIfDisposed();

    /// <summary>Keeps the native object for somebody who is no child, until <see cref="LetGo"/>.</summary>
    /// <exception cref="ObjectDisposedException">This object is disposed.</exception>
    internal void Keep() => AddReference();

    /// <summary>Keeps the native object of an owner that may be disposed, while another reference is known to be held.</summary>
    internal void KeepAgain() => Interlocked.Increment(ref _references);

    /// <summary>Gives back what <see cref="Keep"/> took.</summary>
    internal void LetGo() => RemoveReference();

    private void AddReference()
    {
        ThrowIfDisposed();
        Interlocked.Increment(ref _references);
    }

    private void RemoveReference()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Release();
            _parent?.RemoveReference();
        }
    }
}
