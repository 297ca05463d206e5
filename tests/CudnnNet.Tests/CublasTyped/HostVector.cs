using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>A vector with its numbers on the host. What lies between its elements is not-a-number and must stay as it is.</summary>
internal sealed class HostVector<T>
    where T : unmanaged
{
    // Its elements are a row of a matrix of |increment| rows in memory.
    private readonly T[] _elements;
    private readonly CublasRun _run;
    private DeviceMemory<T>? _memory;

    public HostVector(CublasRun run, int length, int increment)
    {
        _run = run;
        (Length, Increment) = (length, increment);
        _elements = new T[(length * Math.Max(1, Math.Abs(increment))) + 2];
        Array.Fill(_elements, HostMatrix<T>.NotANumber);
        for (int i = 0; i < length; i++)
        {
            this[i] = run.Number<T>();
        }
    }

    public int Length { get; }

    public int Increment { get; }

    public Complex this[int i]
    {
        get => NumberOf.Complex(_elements[Place(i)]);
        set => _elements[Place(i)] = NumberOf.Value<T>(value);
    }

    public DeviceVector<T> Device
    {
        get
        {
            _memory ??= _run.Device.Upload<T>(_elements);
            return new(_memory, Length, Increment);
        }
    }

    /// <summary>Every element becomes not-a-number: a result that must not be read.</summary>
    public HostVector<T> Forget()
    {
        for (int i = 0; i < Length; i++)
        {
            this[i] = new(double.NaN, double.NaN);
        }

        return this;
    }

    /// <summary>Fails where the device holds anything but the expected elements, with what lies between them as before.</summary>
    public void Expect(Func<int, Complex> expected, string what, double? precision = null)
    {
        T[] found = _run.Device.Download(_memory!.Span);
        HashSet<int> places = [];
        for (int i = 0; i < Length; i++)
        {
            places.Add(Place(i));
            Number.Expect<T>(NumberOf.Complex(found[Place(i)]), expected(i), $"{what}: element {i}", precision);
        }

        for (int i = 0; i < _elements.Length; i++)
        {
            if (!places.Contains(i) && !Complex.IsNaN(NumberOf.Complex(found[i])))
            {
                Assert.Fail($"{what}: element {i} of the memory is no part of the result, but was written");
            }
        }
    }

    private int Place(int i) => Increment >= 0 ? i * Increment : (Length - 1 - i) * -Increment;
}
