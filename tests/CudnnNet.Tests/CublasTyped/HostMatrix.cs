using System.Numerics;
using System.Runtime.InteropServices;

namespace CudnnNet.Tests;

/// <summary>A matrix with its numbers on the host. What is no element, the gaps between the columns, is not-a-number and must stay as it is.</summary>
internal sealed class HostMatrix<T>
    where T : unmanaged
{
    private readonly CublasRun _run;
    private readonly T[] _elements;
    private DeviceMemory<T>? _memory;

    public HostMatrix(CublasRun run, int rows, int columns, MatrixOperation operation)
    {
        _run = run;
        (Rows, Columns, Operation) = (rows, columns, operation);
        (RowsInMemory, ColumnsInMemory) = operation == MatrixOperation.None ? (rows, columns) : (columns, rows);
        Leading = RowsInMemory + 2;
        _elements = new T[(Leading * ColumnsInMemory) + 3];
        Array.Fill(_elements, NotANumber);
        Fill((_, _) => run.Number<T>());
    }

    public static T NotANumber => NumberOf.Value<T>(new Complex(double.NaN, double.NaN));

    public int Rows { get; }

    public int Columns { get; }

    public MatrixOperation Operation { get; }

    public int RowsInMemory { get; }

    public int ColumnsInMemory { get; }

    public int Leading { get; }

    /// <summary>The element of the matrix as it is taken.</summary>
    public Complex this[int row, int column]
    {
        get => Operation switch
        {
            MatrixOperation.None => NumberOf.Complex(_elements[row + (column * Leading)]),
            MatrixOperation.Transpose => NumberOf.Complex(_elements[column + (row * Leading)]),
            _ => Complex.Conjugate(NumberOf.Complex(_elements[column + (row * Leading)])),
        };
        set => _elements[Place(row, column)] = NumberOf.Value<T>(Operation == MatrixOperation.ConjugateTranspose ? Complex.Conjugate(value) : value);
    }

    /// <summary>The matrix on the device, as it is taken.</summary>
    public DeviceMatrix<T> Device
    {
        get
        {
            _memory ??= _run.Device.Upload<T>(_elements);
            DeviceMatrix<T> matrix = new(_memory, RowsInMemory, ColumnsInMemory, Leading);
            return Operation switch
            {
                MatrixOperation.None => matrix,
                MatrixOperation.Transpose => matrix.Transposed,
                _ => matrix.ConjugateTransposed,
            };
        }
    }

    /// <summary>Sets every element of the matrix as it is taken.</summary>
    public HostMatrix<T> Fill(Func<int, int, Complex> value)
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                this[row, column] = value(row, column);
            }
        }

        return this;
    }

    /// <summary>Every element becomes not-a-number: a result that must not be read.</summary>
    public HostMatrix<T> Forget() => Fill((_, _) => new(double.NaN, double.NaN));

    /// <summary>The other triangle of the matrix as it is taken becomes not-a-number: it must not be read.</summary>
    public HostMatrix<T> Only(MatrixTriangle triangle, bool unitDiagonal = false)
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                if (!Has(triangle, row, column) || (unitDiagonal && row == column))
                {
                    this[row, column] = new(double.NaN, double.NaN);
                }
            }
        }

        return this;
    }

    /// <summary>Whether a triangle has an element.</summary>
    public static bool Has(MatrixTriangle triangle, int row, int column) => triangle == MatrixTriangle.Lower ? row >= column : row <= column;

    /// <summary>The element of a triangular matrix of which only the triangle is given.</summary>
    public Complex Triangular(MatrixTriangle triangle, bool unitDiagonal, int row, int column) =>
        row == column && unitDiagonal ? 1 : Has(triangle, row, column) ? this[row, column] : 0;

    /// <summary>The element of a symmetric or Hermitian matrix of which only the triangle is given.</summary>
    public Complex Symmetric(MatrixTriangle triangle, bool hermitian, int row, int column)
    {
        if (row == column)
        {
            return hermitian ? this[row, column].Real : this[row, column];
        }

        return Has(triangle, row, column) ? this[row, column] : hermitian ? Complex.Conjugate(this[column, row]) : this[column, row];
    }

    /// <summary>Fails where the device holds anything but the expected elements and, where nothing was to be written, the bits of before.</summary>
    public void Expect(Func<int, int, Complex> expected, string what, Func<int, int, bool>? written = null, double? precision = null)
    {
        T[] found = _run.Device.Download(_memory!.Span);
        HashSet<int> places = [];
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                if (written?.Invoke(row, column) ?? true)
                {
                    int place = Place(row, column);
                    places.Add(place);
                    Complex got = NumberOf.Complex(found[place]);
                    Number.Expect<T>(Operation == MatrixOperation.ConjugateTranspose ? Complex.Conjugate(got) : got, expected(row, column), $"{what}: ({row}, {column})", precision);
                }
            }
        }

        ReadOnlySpan<byte> before = MemoryMarshal.AsBytes<T>(_elements), after = MemoryMarshal.AsBytes<T>(found);
        int size = before.Length / _elements.Length;
        for (int i = 0; i < _elements.Length; i++)
        {
            if (!places.Contains(i) && !before.Slice(i * size, size).SequenceEqual(after.Slice(i * size, size)))
            {
                Assert.Fail($"{what}: element {i} of the memory is no part of the result, but was written");
            }
        }
    }

    private int Place(int row, int column) => Operation == MatrixOperation.None ? row + (column * Leading) : column + (row * Leading);
}
