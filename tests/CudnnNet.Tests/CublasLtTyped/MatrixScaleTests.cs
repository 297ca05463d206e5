namespace CudnnNet.Tests;

/// <summary>Floats of 8 bits with their scales and greatest values, against plain loops in double.</summary>
public sealed class MatrixScaleTests
{
    private const int M = 5, N = 4, K = 6;

    [Test]
    [Combinatorial]
    public void Scales_multiply_what_is_read_and_what_is_stored(
        [Values(MatrixScaleMode.Scalar, MatrixScaleMode.OuterVector)] MatrixScaleMode mode,
        [Values(MatrixElementType.Float8E4M3, MatrixElementType.Float8E5M2)] MatrixElementType type)
    {
        using LtRun run = new();
        (double[] a, DevicePointer deviceA) = Operand(run, MatrixElementType.Float8E4M3, M * K);
        (double[] b, DevicePointer deviceB) = Operand(run, type, K * N);
        BFloat16[] c = run.Numbers<BFloat16>(M * N);
        DeviceMemory<byte> d = run.Device.Upload(new byte[M * N]);
        float[] scaleA = run.Numbers<float>(M), scaleB = run.Numbers<float>(N);
        const float ScaleC = 0.5f, ScaleD = 0.25f;
        MatrixElementType result = MatrixElementType.Float8E4M3;
        using MatrixMultiplication operation = new(
            run.Lt,
            new(MatrixElementType.Float8E4M3, K, M),
            new(type, K, N),
            MatrixLayout.ColumnMajor<BFloat16>(M, N),
            new(result, M, N),
            new() { OperationA = MatrixOperation.Transpose, ScaleModeA = mode, ScaleModeB = mode, FastAccumulation = true });
        DeviceMemory<float> greatest = run.Device.Upload(-1f);
        operation.SetScale(MatrixOperand.A, run.Device.Upload<float>(scaleA).Span);
        operation.SetScale(MatrixOperand.B, run.Device.Upload<float>(scaleB).Span);
        operation.SetScale(MatrixOperand.C, run.Device.Upload(ScaleC).Span);
        operation.SetScale(MatrixOperand.D, run.Device.Upload(ScaleD).Span);
        operation.SetGreatest(MatrixOperand.D, greatest.Span);
        run.Run(operation, 0.5, deviceA, deviceB, 2, run.Device.Upload<BFloat16>(c).Span, d.Span);

        bool vectors = mode == MatrixScaleMode.OuterVector;
        double Value(int i, int j) => (0.5 * scaleA[vectors ? i : 0] * scaleB[vectors ? j : 0] * Number.Sum(K, l => a[l + (i * K)] * b[l + (j * K)]).Real)
            + (2 * ScaleC * (float)c[i + (j * M)]);
        Expect(run.Device.Download(d.Span), result, (i, j) => ScaleD * Value(i, j));
        double most = Enumerable.Range(0, M * N).Max(place => Math.Abs(Value(place % M, place / M)));
        Number.Expect<float>(run.Device.Download(greatest.Span)[0], most, "the greatest value", 1e-5);

        // Taken away again, nothing is scaled and nothing found.
        foreach (MatrixOperand operand in (MatrixOperand[])[MatrixOperand.A, MatrixOperand.B, MatrixOperand.C, MatrixOperand.D])
        {
            operation.SetScale(operand, default);
        }

        operation.SetGreatest(MatrixOperand.D, default);
        run.Device.Stream.Fill(greatest.Span, -1f);
        run.Run(operation, 0.5, deviceA, deviceB, 0, default, d.Span);
        Expect(run.Device.Download(d.Span), result, (i, j) => 0.5 * Number.Sum(K, l => a[l + (i * K)] * b[l + (j * K)]).Real);
        Assert.That(run.Device.Download(greatest.Span)[0], Is.EqualTo(-1f));
    }

    [Test]
    public void The_auxiliary_matrix_has_a_scale_and_a_greatest_value_too()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(M, K), b = run.Matrix<float>(K, N), d = run.Matrix<float>(M, N);
        using MatrixMultiplication operation = new(run.Lt, a.Layout, b.Layout, d.Layout, new() { Epilogue = MatrixEpilogue.GeluAuxiliary });
        DeviceMemory<float> kept = run.Device.Upload(new float[8 * N]), greatest = run.Device.Upload(-1f);
        operation.SetAuxiliary(kept.Span);
        operation.SetScale(MatrixOperand.Auxiliary, run.Device.Upload(0.125f).Span);
        operation.SetGreatest(MatrixOperand.Auxiliary, greatest.Span);
        run.Run(operation, 1, a.Pointer, b.Pointer, 0, default, d.Pointer);
        double Z(int i, int j) => Number.Sum(K, l => a[0, i, l] * b[0, l, j]).Real;
        float[] found = run.Device.Download(kept.Span);
        d.Each((_, i, j) => Number.Expect<float>(found[i + (8 * j)], 0.125 * Z(i, j), $"kept ({i}, {j})"));
        Number.Expect<float>(run.Device.Download(greatest.Span)[0], Enumerable.Range(0, M * N).Max(place => Math.Abs(Z(place % M, place / M))), "the greatest value");
    }

    [Test]
    public void Scales_are_checked_before_the_call()
    {
        using LtRun run = new();
        MatrixLayout layout = MatrixLayout.ColumnMajor<float>(4, 4);
        using MatrixMultiplication operation = new(run.Lt, layout, layout, layout, new() { ScaleModeB = MatrixScaleMode.OuterVector });
        DeviceSpan<float> three = run.Device.Upload(1f, 2, 3).Span;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => operation.SetScale(MatrixOperand.A, three), Throws.Nothing);
            Assert.That(() => operation.SetScale(MatrixOperand.B, three), Throws.ArgumentException.With.Message.Contains("'scale' takes 4 elements; the span has 3"));
            Assert.That(() => operation.SetScale((MatrixOperand)9, three), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => operation.SetGreatest(MatrixOperand.A, three), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("greatest value of A is not found"));
        }
    }

    // Multiples of 1/4, which both formats have.
    private static (double[] Values, DevicePointer Device) Operand(LtRun run, MatrixElementType type, int count)
    {
        double[] values = [.. run.Numbers<sbyte>(count).Select(number => number / 2 / 4.0)];
        byte[] bits = [.. values.Select(value => (byte)Enumerable.Range(0, 256).First(candidate => Decode(type, (byte)candidate) == value))];
        return (values, run.Device.Upload<byte>(bits).Span);
    }

    private static void Expect(byte[] found, MatrixElementType type, Func<int, int, double> expected)
    {
        for (int place = 0; place < found.Length; place++)
        {
            double wanted = expected(place % M, place / M);
            // Half a step of three bits of fraction.
            Assert.That(Decode(type, found[place]), Is.EqualTo(wanted).Within(Math.Max(0.001, Math.Abs(wanted) / 16 * 1.01)), $"({place % M}, {place / M})");
        }
    }

    // "FP8 Formats for Deep Learning", Micikevicius and others, 2022; the numbers that are finite in both.
    private static double Decode(MatrixElementType type, byte bits)
    {
        int fractionBits = type == MatrixElementType.Float8E4M3 ? 3 : 2, bias = type == MatrixElementType.Float8E4M3 ? 7 : 15;
        int fraction = bits & ((1 << fractionBits) - 1), exponent = (bits & 0x7F) >> fractionBits;
        double size = exponent == 0
            ? fraction * Math.Pow(2, 1 - bias - fractionBits)
            : (fraction + (1 << fractionBits)) * Math.Pow(2, exponent - bias - fractionBits);
        return (bits & 0x80) != 0 ? -size : size;
    }
}
