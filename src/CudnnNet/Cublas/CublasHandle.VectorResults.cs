using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Level 1 with a result that is a number. The methods that return it wait for the stream, as the library does.
public sealed unsafe partial class CublasHandle
{
    /// <summary>The sum of x[i] · y[i]. Waits for it.</summary>
    /// <inheritdoc cref="Axpy" path="/typeparam"/>
    /// <param name="x">The one vector.</param>
    /// <param name="y">The other; as long as x.</param>
    /// <returns>The product; 0 for vectors without elements.</returns>
    /// <exception cref="ArgumentException">The lengths differ, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: for instance, the stream is being captured, and cannot be waited for.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public T Dot<T>(in DeviceVector<T> x, in DeviceVector<T> y)
        where T : unmanaged
    {
        ScalarMemory result = default;
        Dot(x, y, in result, conjugated: false);
        return *(T*)result.Host;
    }

    /// <summary>The sum of x[i] · y[i], into device memory. Does not wait.</summary>
    /// <inheritdoc cref="Axpy" path="/typeparam"/>
    /// <param name="x">The one vector.</param>
    /// <param name="y">The other; as long as x.</param>
    /// <param name="result">Where the product goes: the first element.</param>
    /// <exception cref="ArgumentException">The lengths differ, the result has no room, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Dot<T>(in DeviceVector<T> x, in DeviceVector<T> y, DeviceSpan<T> result)
        where T : unmanaged
    {
        ScalarMemory found = new() { Device = Result(result, nameof(result)) };
        Dot(x, y, in found, conjugated: false);
    }

    /// <summary>The sum of conj(x[i]) · y[i]. Of real vectors the same as <see cref="Dot{T}(in DeviceVector{T}, in DeviceVector{T})"/>. Waits for it.</summary>
    /// <inheritdoc cref="Dot{T}(in DeviceVector{T}, in DeviceVector{T})" path="/typeparam|/param|/returns|/exception"/>
    public T DotConjugated<T>(in DeviceVector<T> x, in DeviceVector<T> y)
        where T : unmanaged
    {
        ScalarMemory result = default;
        Dot(x, y, in result, conjugated: true);
        return *(T*)result.Host;
    }

    /// <summary>The sum of conj(x[i]) · y[i], into device memory. Does not wait.</summary>
    /// <inheritdoc cref="Dot{T}(in DeviceVector{T}, in DeviceVector{T}, DeviceSpan{T})" path="/typeparam|/param|/exception"/>
    public void DotConjugated<T>(in DeviceVector<T> x, in DeviceVector<T> y, DeviceSpan<T> result)
        where T : unmanaged
    {
        ScalarMemory found = new() { Device = Result(result, nameof(result)) };
        Dot(x, y, in found, conjugated: true);
    }

    /// <summary>The Euclidean norm: the root of the sum of |x[i]|². Waits for it.</summary>
    /// <inheritdoc cref="Axpy" path="/typeparam"/>
    /// <param name="x">The vector; its increment must be positive.</param>
    /// <returns>The norm, computed in the type's precision; 0 for a vector without elements.</returns>
    /// <exception cref="ArgumentException">The increment is not positive, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call: for instance, the stream is being captured, and cannot be waited for.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public double Nrm2<T>(in DeviceVector<T> x)
        where T : unmanaged
    {
        ScalarMemory result = default;
        Nrm2(x, in result);
        return Real<T>(in result);
    }

    /// <summary>The Euclidean norm: the root of the sum of |x[i]|², into device memory. Does not wait.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/>, <see cref="Complex"/>, or
    /// <see cref="Half"/> or <see cref="BFloat16"/>, which are computed with in single precision.</typeparam>
    /// <typeparam name="TResult">T; where T is complex, the real type of its parts.</typeparam>
    /// <param name="x">The vector; its increment must be positive.</param>
    /// <param name="result">Where the norm goes: the first element.</param>
    /// <exception cref="ArgumentException">The increment is not positive, the result has no room or another type, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Nrm2<T, TResult>(in DeviceVector<T> x, DeviceSpan<TResult> result)
        where T : unmanaged
        where TResult : unmanaged
    {
        CheckReal<T, TResult>(nameof(result));
        ScalarMemory found = new() { Device = Result(result, nameof(result)) };
        Nrm2(x, in found);
    }

    /// <summary>The sum of |x[i]|; of complex numbers |real part| + |imaginary part|. Waits for it.</summary>
    /// <inheritdoc cref="Nrm2{T}(in DeviceVector{T})" path="/typeparam|/param|/exception"/>
    /// <returns>The sum, computed in the type's precision; 0 for a vector without elements.</returns>
    public double Asum<T>(in DeviceVector<T> x)
        where T : unmanaged
    {
        ScalarMemory result = default;
        Asum(x, in result);
        return Real<T>(in result);
    }

    /// <summary>The sum of |x[i]|; of complex numbers |real part| + |imaginary part|, into device memory. Does not wait.</summary>
    /// <inheritdoc cref="Nrm2{T, TResult}(in DeviceVector{T}, DeviceSpan{TResult})" path="/typeparam|/param|/exception"/>
    public void Asum<T, TResult>(in DeviceVector<T> x, DeviceSpan<TResult> result)
        where T : unmanaged
        where TResult : unmanaged
    {
        CheckReal<T, TResult>(nameof(result));
        ScalarMemory found = new() { Device = Result(result, nameof(result)) };
        Asum(x, in found);
    }

    /// <summary>The place of the first element whose |x[i]| is greatest; of complex numbers |real part| + |imaginary part|. Waits for it.</summary>
    /// <inheritdoc cref="Nrm2{T}(in DeviceVector{T})" path="/typeparam|/param|/exception"/>
    /// <returns>The place counted from 1, as in Fortran; 0 for a vector without elements.</returns>
    public long Iamax<T>(in DeviceVector<T> x)
        where T : unmanaged
    {
        long place = 0;
        Iamax(x, &place, onDevice: false);
        return place;
    }

    /// <summary>The place, counted from 1, of the first element whose |x[i]| is greatest, into device memory. Does not wait.</summary>
    /// <inheritdoc cref="Axpy" path="/typeparam"/>
    /// <param name="x">The vector; its increment must be positive.</param>
    /// <param name="result">Where the place goes: the first element.</param>
    /// <exception cref="ArgumentException">The increment is not positive, the result has no room, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Iamax<T>(in DeviceVector<T> x, DeviceSpan<long> result)
        where T : unmanaged => Iamax(x, (long*)Result(result, nameof(result)), onDevice: true);

    /// <summary>The place of the first element whose |x[i]| is least; of complex numbers |real part| + |imaginary part|. Waits for it.</summary>
    /// <inheritdoc cref="Iamax{T}(in DeviceVector{T})" path="/typeparam|/param|/returns|/exception"/>
    public long Iamin<T>(in DeviceVector<T> x)
        where T : unmanaged
    {
        long place = 0;
        Iamin(x, &place, onDevice: false);
        return place;
    }

    /// <summary>The place, counted from 1, of the first element whose |x[i]| is least, into device memory. Does not wait.</summary>
    /// <inheritdoc cref="Iamax{T}(in DeviceVector{T}, DeviceSpan{long})" path="/typeparam|/param|/exception"/>
    public void Iamin<T>(in DeviceVector<T> x, DeviceSpan<long> result)
        where T : unmanaged => Iamin(x, (long*)Result(result, nameof(result)), onDevice: true);

    private void Dot<T>(in DeviceVector<T> x, in DeviceVector<T> y, in ScalarMemory result, bool conjugated)
        where T : unmanaged
    {
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter(result.Device != null);
        if (conjugated && MatrixTypes.IsComplex<T>())
        {
            DotOfConjugated(handle, x, y, in result);
            return;
        }

        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSdot_v2_64(handle, x.Length, x.S, x.Increment, y.S, y.Increment, result.S));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDdot_v2_64(handle, x.Length, x.D, x.Increment, y.D, y.Increment, result.D));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCdotu_v2_64(handle, x.Length, x.C, x.Increment, y.C, y.Increment, result.C));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZdotu_v2_64(handle, x.Length, x.Z, x.Increment, y.Z, y.Increment, result.Z));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasDotEx_64(
                handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, y.Raw, MatrixTypes.Of<T>(), y.Increment, result.Raw, MatrixTypes.Of<T>(),
                MatrixTypes.FactorOf<T>()));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    private static void DotOfConjugated<T>(cublasHandle_t handle, in DeviceVector<T> x, in DeviceVector<T> y, in ScalarMemory result)
        where T : unmanaged
    {
        if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCdotc_v2_64(handle, x.Length, x.C, x.Increment, y.C, y.Increment, result.C));
        }
        else
        {
            Cublas.Check(Cublas.cublasZdotc_v2_64(handle, x.Length, x.Z, x.Increment, y.Z, y.Increment, result.Z));
        }
    }

    private void Nrm2<T>(in DeviceVector<T> x, in ScalarMemory result)
        where T : unmanaged
    {
        CheckForwards(nameof(x), x.Length, x.Increment);
        cublasHandle_t handle = Enter(result.Device != null);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSnrm2_v2_64(handle, x.Length, x.S, x.Increment, result.S));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDnrm2_v2_64(handle, x.Length, x.D, x.Increment, result.D));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasScnrm2_v2_64(handle, x.Length, x.C, x.Increment, result.S));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasDznrm2_v2_64(handle, x.Length, x.Z, x.Increment, result.D));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasNrm2Ex_64(handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, result.Raw, MatrixTypes.Of<T>(), MatrixTypes.FactorOf<T>()));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    private void Asum<T>(in DeviceVector<T> x, in ScalarMemory result)
        where T : unmanaged
    {
        CheckForwards(nameof(x), x.Length, x.Increment);
        cublasHandle_t handle = Enter(result.Device != null);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSasum_v2_64(handle, x.Length, x.S, x.Increment, result.S));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDasum_v2_64(handle, x.Length, x.D, x.Increment, result.D));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasScasum_v2_64(handle, x.Length, x.C, x.Increment, result.S));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasDzasum_v2_64(handle, x.Length, x.Z, x.Increment, result.D));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasAsumEx_64(handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, result.Raw, MatrixTypes.Of<T>(), MatrixTypes.FactorOf<T>()));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    private void Iamax<T>(in DeviceVector<T> x, long* result, bool onDevice)
        where T : unmanaged
    {
        CheckForwards(nameof(x), x.Length, x.Increment);
        cublasHandle_t handle = Enter(onDevice);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasIsamax_v2_64(handle, x.Length, x.S, x.Increment, result));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasIdamax_v2_64(handle, x.Length, x.D, x.Increment, result));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasIcamax_v2_64(handle, x.Length, x.C, x.Increment, result));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasIzamax_v2_64(handle, x.Length, x.Z, x.Increment, result));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasIamaxEx_64(handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, result));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    private void Iamin<T>(in DeviceVector<T> x, long* result, bool onDevice)
        where T : unmanaged
    {
        CheckForwards(nameof(x), x.Length, x.Increment);
        cublasHandle_t handle = Enter(onDevice);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasIsamin_v2_64(handle, x.Length, x.S, x.Increment, result));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasIdamin_v2_64(handle, x.Length, x.D, x.Increment, result));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasIcamin_v2_64(handle, x.Length, x.C, x.Increment, result));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasIzamin_v2_64(handle, x.Length, x.Z, x.Increment, result));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasIaminEx_64(handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, result));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    /// <summary>A real result for elements of <typeparamref name="T"/>.</summary>
    private static double Real<T>(in ScalarMemory result)
    {
        if (typeof(T) == typeof(Half))
        {
            return (double)*(Half*)result.Host;
        }

        if (typeof(T) == typeof(BFloat16))
        {
            return *(BFloat16*)result.Host;
        }

        return typeof(T) == typeof(float) || typeof(T) == typeof(ComplexSingle) ? *(float*)result.Host : *(double*)result.Host;
    }
}
