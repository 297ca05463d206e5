using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Givens rotations of two vectors, plain and modified.
public sealed unsafe partial class CublasHandle
{
    /// <summary>Rotates every pair: x[i] = c · x[i] + s · y[i], y[i] = c · y[i] - conj(s) · x[i].</summary>
    /// <inheritdoc cref="Axpy" path="/typeparam|/exception"/>
    /// <param name="x">The one vector.</param>
    /// <param name="y">The other; as long as x.</param>
    /// <param name="c">The cosine; real for complex vectors too.</param>
    /// <param name="s">The sine. On the device both have the type of the elements, the cosine the real one.</param>
    public void Rot<T>(in DeviceVector<T> x, in DeviceVector<T> y, Scalar c, Scalar s)
        where T : unmanaged
    {
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter(c, s);
        c.As(MatrixTypes.RealOf<T>(), nameof(c), out ScalarMemory cosine);
        s.As(MatrixTypes.Of<T>(), nameof(s), out ScalarMemory sine);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSrot_v2_64(handle, x.Length, x.S, x.Increment, y.S, y.Increment, cosine.S, sine.S));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDrot_v2_64(handle, x.Length, x.D, x.Increment, y.D, y.Increment, cosine.D, sine.D));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCrot_v2_64(handle, x.Length, x.C, x.Increment, y.C, y.Increment, cosine.S, sine.C));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZrot_v2_64(handle, x.Length, x.Z, x.Increment, y.Z, y.Increment, cosine.D, sine.Z));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasRotEx_64(
                handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, y.Raw, MatrixTypes.Of<T>(), y.Increment, cosine.Raw, sine.Raw, MatrixTypes.Of<T>(),
                MatrixTypes.FactorOf<T>()));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    /// <summary>The rotation that turns (a, b) into (r, 0). Waits for it.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <param name="a">The one number; becomes r.</param>
    /// <param name="b">The other; of real numbers becomes the z from which c and s can be had again.</param>
    /// <returns>Cosine and sine, for <see cref="Rot"/>.</returns>
    /// <exception cref="ArgumentException">cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public (double C, T S) Rotg<T>(ref T a, ref T b)
        where T : unmanaged
    {
        ScalarMemory first = default, second = default, cosine = default, sine = default;
        *(T*)first.Host = a;
        *(T*)second.Host = b;
        Rotg<T>(Enter(onDevice: false), in first, in second, in cosine, in sine);
        a = *(T*)first.Host;
        b = *(T*)second.Host;
        return (Real<T>(in cosine), *(T*)sine.Host);
    }

    /// <summary>The rotation that turns (a, b) into (r, 0), all in device memory. Does not wait.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/> or <see cref="Complex"/>.</typeparam>
    /// <typeparam name="TReal">T; where T is complex, the real type of its parts.</typeparam>
    /// <param name="a">The one number; becomes r.</param>
    /// <param name="b">The other; of real numbers becomes the z from which c and s can be had again.</param>
    /// <param name="c">Becomes the cosine.</param>
    /// <param name="s">Becomes the sine.</param>
    /// <exception cref="ArgumentException">A span is empty, the cosine has another type, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Rotg<T, TReal>(DeviceSpan<T> a, DeviceSpan<T> b, DeviceSpan<TReal> c, DeviceSpan<T> s)
        where T : unmanaged
        where TReal : unmanaged
    {
        CheckReal<T, TReal>(nameof(c));
        ScalarMemory first = new() { Device = Result(a, nameof(a)) };
        ScalarMemory second = new() { Device = Result(b, nameof(b)) };
        ScalarMemory cosine = new() { Device = Result(c, nameof(c)) };
        ScalarMemory sine = new() { Device = Result(s, nameof(s)) };
        Rotg<T>(Enter(onDevice: true), in first, in second, in cosine, in sine);
    }

    /// <summary>Applies a modified rotation H to every pair: (x[i], y[i]) = H · (x[i], y[i]).</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="x">The one vector.</param>
    /// <param name="y">The other; as long as x.</param>
    /// <param name="parameters">Five numbers, as <see cref="Rotmg{T}(ref T, ref T, ref T, T, Span{T})"/> makes them: a flag that says which elements of H are given
    /// (-1 all, 0 off the diagonal, 1 on it, -2 none), then h11, h21, h12, h22.</param>
    /// <exception cref="ArgumentException">The lengths differ, there are not five parameters, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Rotm<T>(in DeviceVector<T> x, in DeviceVector<T> y, ReadOnlySpan<T> parameters)
        where T : unmanaged
    {
        CheckParameters(parameters.Length);
        fixed (T* values = parameters)
        {
            Rotm(Enter(onDevice: false), x, y, values);
        }
    }

    /// <summary>Applies a modified rotation H to every pair, the parameters lying on the device.</summary>
    /// <inheritdoc cref="Rotm{T}(in DeviceVector{T}, in DeviceVector{T}, ReadOnlySpan{T})" path="/typeparam|/param|/exception"/>
    public void Rotm<T>(in DeviceVector<T> x, in DeviceVector<T> y, DeviceSpan<T> parameters)
        where T : unmanaged
    {
        CheckParameters(parameters.Length);
        Rotm(Enter(onDevice: true), x, y, (T*)parameters.Pointer.Raw);
    }

    /// <summary>The modified rotation that makes the second part of (√d1 · x1, √d2 · y1) zero. Waits for it.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="d1">The first scaling; updated.</param>
    /// <param name="d2">The second scaling; updated.</param>
    /// <param name="x1">The first number; updated.</param>
    /// <param name="y1">The second number.</param>
    /// <param name="parameters">Receives five numbers, for <see cref="Rotm{T}(in DeviceVector{T}, in DeviceVector{T}, ReadOnlySpan{T})"/>.</param>
    /// <exception cref="ArgumentException">There is no room for five parameters, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Rotmg<T>(ref T d1, ref T d2, ref T x1, T y1, Span<T> parameters)
        where T : unmanaged
    {
        CheckParameters(parameters.Length);
        fixed (T* first = &d1, second = &d2, x = &x1, values = parameters)
        {
            Rotmg(Enter(onDevice: false), first, second, x, &y1, values);
        }
    }

    /// <summary>The modified rotation that makes the second part of (√d1 · x1, √d2 · y1) zero, all in device memory. Does not wait.</summary>
    /// <inheritdoc cref="Rotmg{T}(ref T, ref T, ref T, T, Span{T})" path="/typeparam|/param|/exception"/>
    public void Rotmg<T>(DeviceSpan<T> d1, DeviceSpan<T> d2, DeviceSpan<T> x1, DeviceSpan<T> y1, DeviceSpan<T> parameters)
        where T : unmanaged
    {
        CheckParameters(parameters.Length);
        Rotmg(
            Enter(onDevice: true), (T*)Result(d1, nameof(d1)), (T*)Result(d2, nameof(d2)), (T*)Result(x1, nameof(x1)), (T*)Result(y1, nameof(y1)),
            (T*)parameters.Pointer.Raw);
    }

    private static void Rotg<T>(cublasHandle_t handle, in ScalarMemory a, in ScalarMemory b, in ScalarMemory c, in ScalarMemory s)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSrotg_v2(handle, a.S, b.S, c.S, s.S));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDrotg_v2(handle, a.D, b.D, c.D, s.D));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCrotg_v2(handle, a.C, b.C, c.S, s.C));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZrotg_v2(handle, a.Z, b.Z, c.D, s.Z));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Lettered);
        }
    }

    private static void Rotm<T>(cublasHandle_t handle, in DeviceVector<T> x, in DeviceVector<T> y, T* parameters)
        where T : unmanaged
    {
        CheckLength(nameof(y), y.Length, x.Length);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSrotm_v2_64(handle, x.Length, x.S, x.Increment, y.S, y.Increment, (float*)parameters));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDrotm_v2_64(handle, x.Length, x.D, x.Increment, y.D, y.Increment, (double*)parameters));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasRotmEx_64(
                handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, y.Raw, MatrixTypes.Of<T>(), y.Increment, parameters, MatrixTypes.Of<T>(),
                MatrixTypes.FactorOf<T>()));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.RealVectors);
        }
    }

    private static void Rotmg<T>(cublasHandle_t handle, T* d1, T* d2, T* x1, T* y1, T* parameters)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSrotmg_v2(handle, (float*)d1, (float*)d2, (float*)x1, (float*)y1, (float*)parameters));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDrotmg_v2(handle, (double*)d1, (double*)d2, (double*)x1, (double*)y1, (double*)parameters));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.LetteredReal);
        }
    }

    /// <exception cref="ArgumentException">There are fewer than five.</exception>
    private static void CheckParameters(long length)
    {
        if (length < 5)
        {
            throw new ArgumentException($"A modified rotation has 5 parameters; there is room for {length}.");
        }
    }
}
