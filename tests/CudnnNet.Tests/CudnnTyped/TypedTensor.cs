using System.Buffers.Binary;

namespace CudnnNet.Tests;

/// <summary>A tensor of any type, layout and strides on a device, with its values, as the type holds them, in N, C, [D,] H, W order.</summary>
internal sealed class TypedTensor
{
    private readonly TestDevice _device;

    /// <summary>Brings values to the device; what lies between them is not a number, or -1.</summary>
    public TypedTensor(TestDevice device, TensorShape shape, IReadOnlyList<double> values)
    {
        _device = device;
        Shape = shape;
        int size = shape.Type.SizeInBytes();
        byte[] bytes = new byte[shape.Bytes];
        Array.Fill(bytes, (byte)0xFF);
        Values = new double[shape.Elements];
        for (long i = 0; i < Values.Length; i++)
        {
            Span<byte> place = bytes.AsSpan((int)(Offset(i) * size), size);
            Write(place, values[(int)i]);
            Values[i] = Read(place);
        }

        Memory = device.Upload<byte>(bytes);
    }

    /// <summary>Random values in [-1, 1), or whole numbers for integers.</summary>
    public TypedTensor(TestDevice device, TensorShape shape, int seed)
        : this(device, shape, Random(shape, seed))
    {
    }

    public TensorShape Shape { get; }

    public DeviceMemory<byte> Memory { get; }

    /// <summary>What was brought to the device.</summary>
    public double[] Values { get; }

    /// <summary>A tensor of the same shape that holds what must not be read: not a number, or -1.</summary>
    public static TypedTensor Unread(TestDevice device, TensorShape shape) => new(device, shape, Enumerable.Repeat(double.NaN, (int)shape.Elements).ToArray());

    /// <summary>What is on the device now.</summary>
    public double[] Download()
    {
        byte[] bytes = _device.Download(Memory.Span);
        int size = Shape.Type.SizeInBytes();
        double[] values = new double[Shape.Elements];
        for (long i = 0; i < values.Length; i++)
        {
            values[i] = Read(bytes.AsSpan((int)(Offset(i) * size), size));
        }

        return values;
    }

    /// <summary>Fails where the device holds something else, but for the rounding of the type and of sums in it.</summary>
    public void AssertHolds(IReadOnlyList<double> expected, string what, double looseness = 1)
    {
        double relative = looseness * Shape.Type switch
        {
            DataType.Float64 => 1e-13,
            DataType.Float32 => 4e-6,
            DataType.Float16 => 2e-3,
            DataType.BFloat16 => 1.6e-2,
            _ => 0,
        };
        double[] found = Download();
        double largest = Math.Max(1, expected.Max(Math.Abs));
        for (int i = 0; i < found.Length; i++)
        {
            if (!(Math.Abs(found[i] - expected[i]) <= relative * largest))
            {
                Assert.Fail($"{what} ({Shape}): element {i} is {found[i]}, expected {expected[i]} within {relative} of {largest}");
            }
        }
    }

    private static double[] Random(TensorShape shape, int seed)
    {
        Random random = new(seed);
        bool whole = shape.Type is not (DataType.Float32 or DataType.Float64 or DataType.Float16 or DataType.BFloat16);
        int low = shape.Type is DataType.UInt8 or DataType.UInt8x4 ? 0 : -20;
        return [.. Enumerable.Range(0, (int)shape.Elements).Select(_ => whole ? random.Next(low, 21) : (random.NextDouble() * 2) - 1)];
    }

    private long Offset(long element)
    {
        int depth = Shape.IsVolume ? Shape.D : 1;
        (element, long w) = Math.DivRem(element, Shape.W);
        (element, long h) = Math.DivRem(element, Shape.H);
        (element, long d) = Math.DivRem(element, depth);
        (long n, long c) = Math.DivRem(element, Shape.C);
        if (Shape.Layout == TensorLayout.NchwVector)
        {
            int width = Shape.Type == DataType.Int8x32 ? 32 : 4;
            return (((((((n * (Shape.C / width)) + (c / width)) * Shape.H) + h) * Shape.W) + w) * width) + (c % width);
        }

        TensorStrides strides = Shape.Strides;
        return (n * strides.N) + (c * strides.C) + (d * strides.D) + (h * strides.H) + (w * strides.W);
    }

    private void Write(Span<byte> place, double value)
    {
        switch (Shape.Type)
        {
            case DataType.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(place, (float)value);
                break;
            case DataType.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(place, value);
                break;
            case DataType.Float16:
                BinaryPrimitives.WriteHalfLittleEndian(place, (Half)value);
                break;
            case DataType.BFloat16:
                BinaryPrimitives.WriteUInt16LittleEndian(place, ((BFloat16)(float)value).Bits);
                break;
            case DataType.Int32:
                BinaryPrimitives.WriteInt32LittleEndian(place, double.IsNaN(value) ? -1 : (int)value);
                break;
            case DataType.Int64:
                BinaryPrimitives.WriteInt64LittleEndian(place, double.IsNaN(value) ? -1 : (long)value);
                break;
            default:
                place[0] = double.IsNaN(value) ? (byte)0xFF : unchecked((byte)(int)value);
                break;
        }
    }

    private double Read(ReadOnlySpan<byte> place) => Shape.Type switch
    {
        DataType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(place),
        DataType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(place),
        DataType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(place),
        DataType.BFloat16 => BFloat16.FromBits(BinaryPrimitives.ReadUInt16LittleEndian(place)),
        DataType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(place),
        DataType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(place),
        DataType.UInt8 or DataType.UInt8x4 => place[0],
        _ => unchecked((sbyte)place[0]),
    };
}
