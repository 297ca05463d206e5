using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet;

// Level 1 without a result that is a number: vectors scaled, added, copied and swapped.
public sealed unsafe partial class CublasHandle
{
    /// <summary>y = alpha · x + y.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="ComplexSingle"/>, <see cref="Complex"/>, or
    /// <see cref="Half"/> or <see cref="BFloat16"/>, which are computed with in single precision.</typeparam>
    /// <param name="alpha">The factor of x.</param>
    /// <param name="x">The vector that is added.</param>
    /// <param name="y">The vector it is added to; as long as x.</param>
    /// <exception cref="ArgumentException">The lengths differ, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Axpy<T>(Scalar alpha, in DeviceVector<T> x, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.FactorOf<T>(), nameof(alpha), out ScalarMemory factor);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSaxpy_v2_64(handle, x.Length, factor.S, x.S, x.Increment, y.S, y.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDaxpy_v2_64(handle, x.Length, factor.D, x.D, x.Increment, y.D, y.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCaxpy_v2_64(handle, x.Length, factor.C, x.C, x.Increment, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZaxpy_v2_64(handle, x.Length, factor.Z, x.Z, x.Increment, y.Z, y.Increment));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasAxpyEx_64(
                handle, x.Length, factor.Raw, MatrixTypes.FactorOf<T>(), x.Raw, MatrixTypes.Of<T>(), x.Increment, y.Raw, MatrixTypes.Of<T>(), y.Increment,
                MatrixTypes.FactorOf<T>()));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    /// <summary>x = alpha · x.</summary>
    /// <inheritdoc cref="Axpy" path="/typeparam"/>
    /// <param name="alpha">The factor.</param>
    /// <param name="x">The vector. BLAS leaves one that runs backwards as it is, so its increment must be positive.</param>
    /// <exception cref="ArgumentException">The increment is not positive, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void Scal<T>(Scalar alpha, in DeviceVector<T> x)
        where T : unmanaged
    {
        CheckForwards(nameof(x), x.Length, x.Increment);
        cublasHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(MatrixTypes.FactorOf<T>(), nameof(alpha), out ScalarMemory factor);
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSscal_v2_64(handle, x.Length, factor.S, x.S, x.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDscal_v2_64(handle, x.Length, factor.D, x.D, x.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCscal_v2_64(handle, x.Length, factor.C, x.C, x.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZscal_v2_64(handle, x.Length, factor.Z, x.Z, x.Increment));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasScalEx_64(handle, x.Length, factor.Raw, MatrixTypes.FactorOf<T>(), x.Raw, MatrixTypes.Of<T>(), x.Increment, MatrixTypes.FactorOf<T>()));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    /// <summary>y = x.</summary>
    /// <inheritdoc cref="Axpy" path="/typeparam|/exception"/>
    /// <param name="x">The vector that is copied.</param>
    /// <param name="y">Where it is copied to; as long as x.</param>
    public void Copy<T>(in DeviceVector<T> x, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter();
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasScopy_v2_64(handle, x.Length, x.S, x.Increment, y.S, y.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDcopy_v2_64(handle, x.Length, x.D, x.Increment, y.D, y.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCcopy_v2_64(handle, x.Length, x.C, x.Increment, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZcopy_v2_64(handle, x.Length, x.Z, x.Increment, y.Z, y.Increment));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasCopyEx_64(handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, y.Raw, MatrixTypes.Of<T>(), y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    /// <summary>Exchanges x and y.</summary>
    /// <inheritdoc cref="Axpy" path="/typeparam|/exception"/>
    /// <param name="x">The one vector.</param>
    /// <param name="y">The other; as long as x.</param>
    public void Swap<T>(in DeviceVector<T> x, in DeviceVector<T> y)
        where T : unmanaged
    {
        CheckLength(nameof(y), y.Length, x.Length);
        cublasHandle_t handle = Enter();
        if (typeof(T) == typeof(float))
        {
            Cublas.Check(Cublas.cublasSswap_v2_64(handle, x.Length, x.S, x.Increment, y.S, y.Increment));
        }
        else if (typeof(T) == typeof(double))
        {
            Cublas.Check(Cublas.cublasDswap_v2_64(handle, x.Length, x.D, x.Increment, y.D, y.Increment));
        }
        else if (typeof(T) == typeof(ComplexSingle))
        {
            Cublas.Check(Cublas.cublasCswap_v2_64(handle, x.Length, x.C, x.Increment, y.C, y.Increment));
        }
        else if (typeof(T) == typeof(Complex))
        {
            Cublas.Check(Cublas.cublasZswap_v2_64(handle, x.Length, x.Z, x.Increment, y.Z, y.Increment));
        }
        else if (MatrixTypes.IsNarrow<T>())
        {
            Cublas.Check(Cublas.cublasSwapEx_64(handle, x.Length, x.Raw, MatrixTypes.Of<T>(), x.Increment, y.Raw, MatrixTypes.Of<T>(), y.Increment));
        }
        else
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.Vectors);
        }
    }

    /// <summary>BLAS ignores vectors of a single operand that run backwards.</summary>
    /// <exception cref="ArgumentException">The vector does not run forwards.</exception>
    private static void CheckForwards(string name, long length, long increment)
    {
        if (increment <= 0 && length > 0)
        {
            throw new ArgumentException($"'{name}' has the increment {increment}; this function of BLAS does nothing with one below 1. Pass the vector forwards.", name);
        }
    }
}
