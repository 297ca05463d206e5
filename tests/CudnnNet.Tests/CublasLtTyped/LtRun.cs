using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>cuBLASLt on a device, with matrices whose numbers are known on the host: what the tests of cuBLASLt start with.</summary>
internal sealed class LtRun : IDisposable
{
    private readonly Random _random = new(20250702);

    public LtRun() => Lt = new(Device.Stream);

    public TestDevice Device { get; } = new();

    public CublasLtHandle Lt { get; }

    /// <summary>A multiple of 1/8 between -2 and 2, of integers a whole number between -16 and 16: exact in every type. Complex where the type is.</summary>
    public Complex Number<T>()
    {
        double unit = typeof(T) == typeof(sbyte) || typeof(T) == typeof(int) ? 1 : 0.125;
        return new(unit * (_random.Next(33) - 16), NumberOf.IsComplex<T>() ? unit * (_random.Next(33) - 16) : 0);
    }

    /// <summary>Random bytes.</summary>
    public byte[] Bytes(long count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Random numbers in a row.</summary>
    public T[] Numbers<T>(long count)
        where T : unmanaged => [.. Enumerable.Range(0, (int)count).Select(_ => NumberOf.Value<T>(Number<T>()))];

    /// <summary>Random matrices with gaps between their lines and between each other.</summary>
    public LtMatrix<T> Matrix<T>(int rows, int columns, MatrixOrder order = MatrixOrder.ColumnMajor, int batch = 1)
        where T : unmanaged
    {
        int length = order == MatrixOrder.ColumnMajor ? rows : columns, lines = order == MatrixOrder.ColumnMajor ? columns : rows;
        return new(this, new(MatrixElementTypes.Of<T>(), rows, columns, order, length + 3, batch, ((length + 3) * lines) + 5));
    }

    /// <summary>Runs a multiplication with the algorithm that the heuristics propose.</summary>
    public void Run(MatrixMultiplication operation, Scalar alpha, DevicePointer a, DevicePointer b, Scalar beta, DevicePointer c, DevicePointer d)
    {
        MatrixAlgorithm algorithm = operation.Choose(workspaceLimit: 1 << 20);
        DeviceMemory<byte> workspace = Device.Own(Device.Context.Allocate<byte>(Math.Max(1, algorithm.WorkspaceBytes)));
        operation.Run(algorithm, alpha, a, b, beta, c, d, workspace);
    }

    public void Dispose()
    {
        Lt.Dispose();
        Device.Dispose();
    }
}
