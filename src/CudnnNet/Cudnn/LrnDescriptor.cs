using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A local response normalisation as cuDNN knows it.</summary>
public sealed class LrnDescriptor : NativeOwner
{
    private cudnnLRNDescriptor_t _handle;

    /// <summary>Describes a normalisation.</summary>
    /// <param name="window">The number of channels summed over, 1 to 16.</param>
    /// <param name="alpha">The factor of the sum; it is divided by the window.</param>
    /// <param name="beta">The exponent, at least 0.01.</param>
    /// <param name="k">What is added to the sum, at least 1e-5.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is 0 or less.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a number.</exception>
    public unsafe LrnDescriptor(int window, double alpha, double beta, double k)
        : base(null)
    {
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
            cudnnLRNDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateLRNDescriptor(&handle));
            _handle = handle;
            Window = window;
            Cudnn.Check(Cudnn.cudnnSetLRNDescriptor(handle, (uint)window, alpha, beta, k));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The number of channels summed over.</summary>
    public int Window { get; }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnLRNDescriptor_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    private protected override void Release()
    {
        if (_handle != default)
        {
            _ = Cudnn.cudnnDestroyLRNDescriptor(_handle);
            _handle = default;
        }
    }
}
