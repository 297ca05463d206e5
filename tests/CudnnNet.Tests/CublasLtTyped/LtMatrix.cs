using System.Numerics;
using System.Runtime.InteropServices;

namespace CudnnNet.Tests;

/// <summary>Matrices with their numbers on the host. What is no element, the gaps, is not-a-number and must stay as it is.</summary>
internal sealed class LtMatrix<T>
    where T : unmanaged
{
    private readonly LtRun _run;
    private readonly T[] _elements;
    private DeviceMemory<T>? _memory;

    public LtMatrix(LtRun run, MatrixLayout layout)
    {
        (_run, Layout) = (run, layout);
        _elements = new T[layout.Elements + 4];
        Array.Fill(_elements, HostMatrix<T>.NotANumber);
        Fill((_, _, _) => run.Number<T>());
    }

    public MatrixLayout Layout { get; }

    /// <summary>The memory on the device, written at the first time.</summary>
    public DeviceMemory<T> Device => _memory ??= _run.Device.Upload<T>(_elements);

    /// <summary>The address on the device.</summary>
    public DevicePointer Pointer => Device.Span;

    /// <summary>Element (row, column) of matrix number <paramref name="index"/> as it lies.</summary>
    public Complex this[int index, int row, int column] => NumberOf.Complex(_elements[Place(index, row, column)]);

    /// <summary>The element of the matrix as an operation takes it.</summary>
    public Complex Taken(MatrixOperation operation, int index, int row, int column) => operation switch
    {
        MatrixOperation.None => this[index, row, column],
        MatrixOperation.Transpose => this[index, column, row],
        _ => Complex.Conjugate(this[index, column, row]),
    };

    public LtMatrix<T> Fill(Func<int, int, int, Complex> value)
    {
        Each((index, row, column) => _elements[Place(index, row, column)] = NumberOf.Value<T>(value(index, row, column)));
        return this;
    }

    /// <summary>Every element becomes not-a-number: a result that must not be read.</summary>
    public LtMatrix<T> Forget() => Fill((_, _, _) => new(double.NaN, double.NaN));

    public void Each(Action<int, int, int> action)
    {
        for (int index = 0; index < Layout.BatchCount; index++)
        {
            for (int row = 0; row < Layout.Rows; row++)
            {
                for (int column = 0; column < Layout.Columns; column++)
                {
                    action(index, row, column);
                }
            }
        }
    }

    /// <summary>Fails where the device holds anything but the expected elements and, between them, the bits of before.</summary>
    /// <param name="expected">The element.</param>
    /// <param name="what">Which matrix it is.</param>
    /// <param name="precision">The error allowed, relative to <paramref name="size"/>.</param>
    /// <param name="size">The size of what was computed with; null: the element's.</param>
    public void Expect(Func<int, int, int, Complex> expected, string what, double? precision = null, Func<int, int, int, double>? size = null)
    {
        T[] found = _run.Device.Download(_memory!.Span);
        HashSet<int> places = [];
        Each((index, row, column) =>
        {
            int place = Place(index, row, column);
            places.Add(place);
            double scale = size is null ? 1 : Math.Max(1, size(index, row, column));
            Number.Expect<T>(
                NumberOf.Complex(found[place]), expected(index, row, column), $"{what}: matrix {index}, ({row}, {column})", (precision ?? NumberOf.Precision<T>()) * scale);
        });
        ReadOnlySpan<byte> before = MemoryMarshal.AsBytes<T>(_elements), after = MemoryMarshal.AsBytes<T>(found);
        int bytes = before.Length / _elements.Length;
        for (int i = 0; i < _elements.Length; i++)
        {
            if (!places.Contains(i) && !before.Slice(i * bytes, bytes).SequenceEqual(after.Slice(i * bytes, bytes)))
            {
                Assert.Fail($"{what}: element {i} of the memory is no part of the result, but was written");
            }
        }
    }

    private int Place(int index, int row, int column) => (int)((index * Layout.BatchStride)
        + (Layout.Order == MatrixOrder.RowMajor ? (row * Layout.LeadingDimension) + column : row + (column * Layout.LeadingDimension)));
}
