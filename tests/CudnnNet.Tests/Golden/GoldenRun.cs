using System.Runtime.InteropServices;
using Golden;

namespace CudnnNet.Tests;

/// <summary>A golden case on the device: brings its inputs there in the layout and type asked for, and judges what comes back.</summary>
internal sealed class GoldenRun : IDisposable
{
    private readonly TestDevice _device = new();
    private readonly GoldenVariant _variant;
    private readonly List<string> _failures = [];
    private readonly HashSet<string> _checked = [];

    public GoldenRun(GoldenVariant variant)
    {
        _variant = variant;
        Cudnn = Own(new CudnnHandle(_device.Stream));
    }

    public LayerCase Case => _variant.Case;

    public CudaStream Stream => _device.Stream;

    public CudnnHandle Cudnn { get; }

    /// <summary>Who proposes the engines of graphs.</summary>
    public HeuristicMode Heuristic { get; init; } = HeuristicMode.A;

    public double Alpha => Case.Number("alpha", 1);

    public double Beta => Case.Number("beta", 0);

    public T Own<T>(T owner)
        where T : IDisposable => _device.Own(owner);

    /// <summary>The shape of an input: an image, in the case's layout and type.</summary>
    public TensorShape Image(string input) => Image(Case.Shape(input));

    /// <summary>An image of the given dimensions; missing ones behind are 1.</summary>
    public TensorShape Image(IReadOnlyList<int> shape) =>
        new(shape[0], Dimension(shape, 1), Dimension(shape, 2), Dimension(shape, 3), _variant.Storage, _variant.Layout);

    /// <summary>The shape of an input: filters, in the case's layout and type.</summary>
    public FilterShape Filter(string input)
    {
        IReadOnlyList<int> shape = Case.Shape(input);
        return new(shape[0], shape[1], shape[2], shape[3], _variant.Storage, _variant.Layout);
    }

    /// <summary>The same shape in memory, for what has the dimensions of filters.</summary>
    public static TensorShape AsTensor(FilterShape filter) => new(filter.K, filter.C, filter.R, filter.S, filter.Type, filter.Layout);

    /// <summary>A parameter of a channel or an element: single precision, packed N, C, H, W.</summary>
    public static TensorShape Parameters(IReadOnlyList<int> shape) =>
        new(1, shape[0], Dimension(shape, 1), Dimension(shape, 2), DataType.Float32, TensorLayout.Nchw);

    /// <summary>An input on the device.</summary>
    public DeviceMemory<byte> Input(string name, TensorShape shape) => Upload(Case.Input(name), shape);

    /// <summary>What an output holds before: the case's prior, or, where it must not be read, not-a-number everywhere.</summary>
    public DeviceMemory<byte> Prior(string name, TensorShape shape)
    {
        if (Case.Has(name))
        {
            return Input(name, shape);
        }

        var values = new float[shape.Elements];
        Array.Fill(values, float.NaN);
        return Upload(values, shape);
    }

    /// <summary>Memory whose content does not matter before: not-a-number.</summary>
    public DeviceMemory<byte> Scratch(TensorShape shape) => Prior("", shape);

    public DeviceMemory<byte> Workspace(long bytes) => Own(_device.Context.Allocate<byte>(Math.Max(bytes, 1)));

    public DeviceMemory<float> Floats(float[] values) => _device.Upload<float>(values);

    /// <summary>Values on the device, rounded to the type of <typeparamref name="T"/>.</summary>
    public DeviceMemory<T> Values<T>(float[] values)
        where T : unmanaged => _device.Upload<T>([.. values.Select(value => NumberOf.Value<T>(value))]);

    /// <summary>The matrices of a batch, found through pointers on the device.</summary>
    public DeviceMatrixArray<T> PointersTo<T>(DeviceMatrixBatch<T> batch)
        where T : unmanaged => _device.PointersTo(batch);

    /// <summary>Whose error is the measure for an output computed from inputs of the variant's type in single precision or better.</summary>
    public string ArithmeticOfInputs(string output) =>
        _variant.Storage == DataType.BFloat16 && Case.Outputs[output].Deviations.ContainsKey("bf16_in") ? "bf16_in" : "f32";

    /// <summary>Judges an output of the case that has no layout.</summary>
    public void CheckValues<T>(string output, DeviceMemory<T> memory, string arithmetic, string how = "")
        where T : unmanaged
    {
        float[] got = [.. _device.Download(memory.Span).Select(value => (float)NumberOf.Complex(value).Real)];
        ExpectedOutput expected = Case.Outputs[output];
        _checked.Add(output);
        Judge(expected, GoldenRule.Judge(expected, got, GoldenFactors.Of(how), arithmetic), $"{_variant.Storage} {how}".TrimEnd());
    }

    /// <summary>Values in N, C, H, W order, brought to the device in the shape's layout and type.</summary>
    public DeviceMemory<byte> Upload(float[] values, TensorShape shape)
    {
        float[] ordered = shape.Layout == TensorLayout.Nhwc ? TensorOrder.ToNhwc<float>(values, shape.N, shape.C, shape.H, shape.W) : values;
        return _device.Upload<byte>(shape.Type switch
        {
            DataType.BFloat16 => MemoryMarshal.AsBytes(Array.ConvertAll(ordered, NarrowType.ToBFloat16Bits).AsSpan()),
            DataType.Float16 => MemoryMarshal.AsBytes(Array.ConvertAll(ordered, value => (Half)value).AsSpan()),
            _ => MemoryMarshal.AsBytes(ordered.AsSpan()),
        });
    }

    /// <summary>Values of the device in N, C, H, W order.</summary>
    public float[] Download(DeviceMemory<byte> memory, TensorShape shape)
    {
        byte[] bytes = _device.Download(memory.Span);
        float[] values = shape.Type switch
        {
            DataType.BFloat16 => Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), NarrowType.FromBFloat16Bits),
            DataType.Float16 => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), value => (float)value),
            _ => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        };
        return shape.Layout == TensorLayout.Nhwc ? TensorOrder.ToNchw<float>(values, shape.N, shape.C, shape.H, shape.W) : values;
    }

    /// <summary>Judges an output of the case.</summary>
    /// <param name="output">The output's name.</param>
    /// <param name="memory">Where it is.</param>
    /// <param name="shape">Its shape there.</param>
    /// <param name="how">What was peculiar about this run, for the message.</param>
    public void Check(string output, DeviceMemory<byte> memory, TensorShape shape, string how = "") =>
        Check(output, Download(memory, shape), shape.Type, how);

    /// <summary>Judges an output of the case, in N, C, H, W order.</summary>
    public void Check(string output, float[] got, DataType type, string how = "")
    {
        ExpectedOutput expected = Case.Outputs[output];
        _checked.Add(output);
        string narrow = _variant.Storage == DataType.BFloat16 ? "bf16" : "f16";
        bool asNarrow = type != DataType.Float32 || (_variant.Storage != DataType.Float32 && expected.Deviations.ContainsKey(narrow));
        Verdict verdict = GoldenRule.Judge(expected, got, GoldenFactors.Of(how), asNarrow ? narrow : "f32");
        Judge(expected, verdict, $"{_variant.Layout} {_variant.Storage} {how}".TrimEnd());
    }

    /// <summary>Fails the test where an output was judged wrong, or one was not judged at all.</summary>
    /// <param name="outputs">What the test judges where others judge the rest; all outputs of the case where none is named.</param>
    public void AssertAllPassed(params IReadOnlyCollection<string> outputs)
    {
        Assert.That(_failures, Is.Empty, string.Join('\n', _failures));
        Assert.That(_checked, Is.EquivalentTo(outputs.Count == 0 ? [.. Case.Outputs.Keys] : outputs), "the outputs that were judged");
    }

    public void Dispose() => _device.Dispose();

    private void Judge(ExpectedOutput expected, Verdict verdict, string variant)
    {
        GoldenReport.Add(expected.Key, variant, verdict);
        if (!verdict.Passed)
        {
            _failures.Add($"{verdict.Message} ({variant})");
        }
    }

    private static int Dimension(IReadOnlyList<int> shape, int index) => index < shape.Count ? shape[index] : 1;
}
