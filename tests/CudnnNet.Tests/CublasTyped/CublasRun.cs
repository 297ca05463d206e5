using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>cuBLAS on a device, with operands whose numbers are known on the host: what the tests of cuBLAS start with.</summary>
internal sealed class CublasRun : IDisposable
{
    private readonly Random _random = new(20250701);

    public CublasRun() => Cublas = new(Device.Stream);

    public TestDevice Device { get; } = new();

    public CublasHandle Cublas { get; }

    /// <summary>A multiple of 1/8 between -2 and 2, exact in every type; complex where the type is.</summary>
    public Complex Number<T>() => new(Eighths(), NumberOf.IsComplex<T>() ? Eighths() : 0);

    /// <summary>A matrix of random numbers, taken as said, with gaps between its columns.</summary>
    /// <param name="rows">Rows as it is taken.</param>
    /// <param name="columns">Columns as it is taken.</param>
    /// <param name="operation">How it is taken.</param>
    public HostMatrix<T> Matrix<T>(int rows, int columns, MatrixOperation operation = MatrixOperation.None)
        where T : unmanaged => new(this, rows, columns, operation);

    /// <summary>A vector of random numbers.</summary>
    public HostVector<T> Vector<T>(int length, int increment = 1)
        where T : unmanaged => new(this, length, increment);

    /// <summary>Every way to give a factor: a number, and, of the type that the operation reads, a place on the device.</summary>
    public IEnumerable<Scalar> Ways<TFactor>(Complex value)
        where TFactor : unmanaged
    {
        yield return value.Imaginary == 0 ? value.Real : value;
        yield return Scalar.OnDevice(Device.Upload(NumberOf.Value<TFactor>(value)).Span);
    }

    public void Dispose()
    {
        Cublas.Dispose();
        Device.Dispose();
    }

    private double Eighths() => (_random.Next(33) - 16) / 8.0;
}
