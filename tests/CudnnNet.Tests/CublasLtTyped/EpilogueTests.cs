namespace CudnnNet.Tests;

/// <summary>What follows a multiplication, forward and backward, against plain loops in double.</summary>
public sealed class EpilogueTests
{
    private const int M = 11, N = 7, K = 5;
    private const double Alpha = 0.75, Beta = -0.5;

    [Test]
    [Combinatorial]
    public void Every_epilogue_computes_what_it_says_in_single_precision(
        [Values] MatrixEpilogue epilogue, [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder order, [Values(1, 3)] int batch) =>
        Check<float>(epilogue, order, batch);

    [Test]
    [Combinatorial]
    public void Every_epilogue_computes_what_it_says_in_half_precision(
        [Values] MatrixEpilogue epilogue, [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder order) => Check<Half>(epilogue, order, 2);

    [Test]
    [Combinatorial]
    public void Every_epilogue_computes_what_it_says_in_bfloat16(
        [Values] MatrixEpilogue epilogue, [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder order) => Check<BFloat16>(epilogue, order, 2);

    [TestCase(MatrixEpilogue.ReluAuxiliaryBias, MatrixEpilogue.ReluGradientBiasGradient)]
    [TestCase(MatrixEpilogue.GeluAuxiliaryBias, MatrixEpilogue.GeluGradientBiasGradient)]
    public void What_a_layer_keeps_is_what_its_gradient_needs(MatrixEpilogue forward, MatrixEpilogue backward)
    {
        bool relu = forward == MatrixEpilogue.ReluAuxiliaryBias;
        using LtRun run = new();
        LtMatrix<float> w = run.Matrix<float>(M, K), x = run.Matrix<float>(K, N), y = run.Matrix<float>(M, N);
        float[] bias = run.Numbers<float>(M);
        using MatrixMultiplication layer = new(run.Lt, w.Layout, x.Layout, y.Layout, new() { Epilogue = forward });
        DeviceMemory<byte> kept = run.Device.Upload(new byte[layer.AuxiliaryBytes]);
        layer.SetBias(run.Device.Upload<float>(bias).Span);
        layer.SetAuxiliary(kept.Span);
        run.Run(layer, 1, w.Pointer, x.Pointer, 0, DevicePointer.Null, y.Pointer);

        // The next layer's weights v (P x M) bring its gradient g (P x N) back: dz = (vᵀ g) ∘ f'(z), and db is the sums of dz's rows.
        const int P = 4;
        LtMatrix<float> v = run.Matrix<float>(P, M), g = run.Matrix<float>(P, N), dz = run.Matrix<float>(M, N).Forget();
        using MatrixMultiplication gradient = new(run.Lt, v.Layout, g.Layout, dz.Layout, new() { Epilogue = backward, OperationA = MatrixOperation.Transpose });
        Assert.That(gradient.AuxiliaryBytes, Is.EqualTo(layer.AuxiliaryBytes));
        DeviceMemory<float> sums = run.Device.Upload(new float[M]);
        gradient.SetBias(sums.Span);
        gradient.SetAuxiliary(kept.Span);
        run.Run(gradient, 1, v.Pointer, g.Pointer, 0, DevicePointer.Null, dz.Pointer);

        double Z(int i, int j) => Number.Sum(K, l => w[0, i, l] * x[0, l, j]).Real + bias[i];
        double Product(int i, int j) => Number.Sum(P, l => v[0, l, i] * g[0, l, j]).Real;
        double Slope(double z) => relu ? (z > 0 ? 1 : 0) : GeluSlope(z);
        y.Expect((_, i, j) => relu ? Math.Max(Z(i, j), 0) : Gelu(Z(i, j)), "forward");
        dz.Expect((_, i, j) => Product(i, j) * Slope(Z(i, j)), "backward", 4e-6, (_, i, j) => Math.Abs(Product(i, j)));
        float[] found = run.Device.Download(sums.Span);
        for (int i = 0; i < M; i++)
        {
            Number.Expect<float>(found[i], Number.Sum(N, j => Product(i, j) * Slope(Z(i, j))), $"sum {i}", 4e-6 * Enumerable.Range(0, N).Sum(j => 1 + Math.Abs(Product(i, j))));
        }
    }

    [Test]
    public void Bias_and_auxiliary_matrix_may_have_types_and_distances_of_their_own()
    {
        using LtRun run = new();
        LtMatrix<BFloat16> a = run.Matrix<BFloat16>(M, K, batch: 2), b = run.Matrix<BFloat16>(K, N, batch: 2), d = run.Matrix<BFloat16>(M, N, batch: 2);
        using MatrixMultiplication operation = new(run.Lt, a.Layout, b.Layout, d.Layout, new()
        {
            Epilogue = MatrixEpilogue.GeluAuxiliaryBias,
            BiasType = MatrixElementType.Float32,
            BiasStride = M + 2,
            AuxiliaryType = MatrixElementType.Float32,
            AuxiliaryLeadingDimension = 24,
            AuxiliaryStride = (24 * N) + 8,
        });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(operation.BiasElements, Is.EqualTo(M + 2 + M));
            Assert.That(operation.AuxiliaryBytes, Is.EqualTo(4 * ((24 * N) + 8 + (24 * N))));
        }

        float[] bias = run.Numbers<float>(operation.BiasElements);
        DeviceMemory<float> kept = run.Device.Upload(new float[operation.AuxiliaryBytes / 4]);
        operation.SetBias(run.Device.Upload<float>(bias).Span);
        operation.SetAuxiliary(kept.Span);
        run.Run(operation, 1, a.Pointer, b.Pointer, 0, DevicePointer.Null, d.Pointer);
        double Z(int index, int i, int j) => Number.Sum(K, l => a[index, i, l] * b[index, l, j]).Real + bias[(index * (M + 2)) + i];
        d.Expect((index, i, j) => Gelu(Z(index, i, j)), "D");
        float[] found = run.Device.Download(kept.Span);
        d.Each((index, i, j) => Number.Expect<float>(found[(index * ((24 * N) + 8)) + (24 * j) + i], Z(index, i, j), $"kept {index}: ({i}, {j})"));
    }

    [Test]
    public void The_epilogue_s_memory_is_checked_before_the_call()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(M, K), b = run.Matrix<float>(K, N), d = run.Matrix<float>(M, N);
        DeviceSpan<float> ten = run.Device.Upload(new float[10]).Span;
        using MatrixMultiplication plain = new(run.Lt, a.Layout, b.Layout, d.Layout);
        using MatrixMultiplication full = new(run.Lt, a.Layout, b.Layout, d.Layout, new() { Epilogue = MatrixEpilogue.ReluAuxiliaryBias });
        MatrixAlgorithm algorithm = plain.Choose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(plain.BiasElements, Is.Zero);
            Assert.That(plain.AuxiliaryBytes, Is.Zero);
            Assert.That(full.BiasElements, Is.EqualTo(M));
            Assert.That(full.AuxiliaryBytes, Is.EqualTo(128 / 8 * N), "128 bits for each column of 11");
            Assert.That(() => plain.SetBias(ten), Throws.InvalidOperationException.With.Message.Contains("epilogue, None, has none"));
            Assert.That(() => plain.SetAuxiliary(ten), Throws.InvalidOperationException.With.Message.Contains("epilogue, None, has none"));
            Assert.That(() => full.SetBias(ten), Throws.ArgumentException.With.Message.Contains("'bias' takes 11 elements; the span has 10"));
            Assert.That(() => full.SetBias(ten.Cast<int>()), Throws.ArgumentException.With.Message.Contains("'bias' was to hold Int32; the operation takes Float32"));
            Assert.That(() => full.SetAuxiliary(ten.Cast<byte>()), Throws.ArgumentException.With.Message.Contains("'auxiliary' takes 112 bytes; the span has 40"));
            Assert.That(() => full.SetAuxiliary(ten), Throws.ArgumentException.With.Message.Contains("'auxiliary' was to hold Float32; the operation takes UInt8"));
            Assert.That(() => full.Run(algorithm, 1, a.Pointer, b.Pointer, 0, default, d.Pointer), Throws.InvalidOperationException.With.Message.Contains("ReluAuxiliaryBias was to run without its bias. Call SetBias"));
            full.SetBias(run.Device.Upload(new float[M]).Span);
            Assert.That(() => full.Run(algorithm, 1, a.Pointer, b.Pointer, 0, default, d.Pointer), Throws.InvalidOperationException.With.Message.Contains("without its auxiliary matrix. Call SetAuxiliary"));
            Assert.That(
                () => new MatrixMultiplication(run.Lt, a.Layout, b.Layout, d.Layout, new() { Epilogue = MatrixEpilogue.Gelu + 128, AuxiliaryLeadingDimension = 12 }),
                Throws.ArgumentException.With.Message.Contains("leading dimension 12; for Float32 11 x 7 ColumnMajor, leading dimension 14 it must be a multiple of 8 and at least 16"));
            Assert.That(
                () => new MatrixMultiplication(run.Lt, a.Layout, b.Layout, d.Layout, new() { Epilogue = MatrixEpilogue.ReluAuxiliary, AuxiliaryStride = 900 }),
                Throws.ArgumentException.With.Message.Contains("900 bits apart"));
        }
    }

    private static void Check<T>(MatrixEpilogue epilogue, MatrixOrder order, int batch)
        where T : unmanaged
    {
        bool relu = epilogue.ToString().StartsWith("Relu", StringComparison.Ordinal), gelu = epilogue.ToString().StartsWith("Gelu", StringComparison.Ordinal);
        bool gradient = epilogue.ToString().Contains("uGradient", StringComparison.Ordinal), sums = epilogue.ToString().Contains("BiasGradient", StringComparison.Ordinal);
        bool bias = !sums && epilogue.ToString().EndsWith("Bias", StringComparison.Ordinal), keeps = epilogue.ToString().Contains("Auxiliary", StringComparison.Ordinal);
        using LtRun run = new();
        LtMatrix<T> a = run.Matrix<T>(M, K, order, batch), b = run.Matrix<T>(K, N, order, batch), c = run.Matrix<T>(M, N, order, batch), d = run.Matrix<T>(M, N, order, batch).Forget();
        int biasLength = epilogue == MatrixEpilogue.BiasGradientB ? N : M;
        using MatrixMultiplication operation = new(run.Lt, a.Layout, b.Layout, c.Layout, d.Layout, new() { Epilogue = epilogue, BiasStride = biasLength + 1 });

        T[] vector = run.Numbers<T>((biasLength + 1) * batch);
        DeviceMemory<T> vectorMemory = run.Device.Upload<T>(vector);
        if (bias || sums)
        {
            operation.SetBias(vectorMemory.Span);
        }

        // A line of the auxiliary matrix holds 128 bits, or 8 or 16 numbers.
        bool rowMajor = order == MatrixOrder.RowMajor;
        int leading = relu ? 128 : rowMajor ? 8 : 16, lines = rowMajor ? M : N;
        int Place(int index, int i, int j) => (index * leading * lines) + (rowMajor ? (i * leading) + j : i + (j * leading));
        byte[] bits = run.Bytes(leading * lines * batch / 8);
        T[] numbers = run.Numbers<T>(leading * lines * batch);
        DeviceMemory<byte> bitsMemory = run.Device.Upload<byte>(bits);
        DeviceMemory<T> numbersMemory = run.Device.Upload<T>(numbers);
        if (keeps || gradient)
        {
            Assert.That(operation.AuxiliaryBytes, Is.EqualTo(relu ? bitsMemory.Bytes : numbersMemory.Bytes));
            if (relu)
            {
                operation.SetAuxiliary(bitsMemory.Span);
            }
            else
            {
                operation.SetAuxiliary(numbersMemory.Span);
            }
        }

        run.Run(operation, Alpha, a.Pointer, b.Pointer, Beta, c.Pointer, d.Pointer);

        double Before(int index, int i, int j) => (Alpha * Number.Sum(K, l => a[index, i, l] * b[index, l, j]).Real) + (Beta * c[index, i, j].Real)
            + (bias ? NumberOf.Complex(vector[(index * (biasLength + 1)) + i]).Real : 0);
        bool Bit(byte[] from, int index, int i, int j) => ((from[Place(index, i, j) / 8] >> (Place(index, i, j) % 8)) & 1) != 0;
        double After(int index, int i, int j)
        {
            double z = Before(index, i, j);
            return (relu, gelu, gradient) switch
            {
                (true, _, true) => Bit(bits, index, i, j) ? z : 0,
                (true, _, false) => Math.Max(z, 0),
                (_, true, true) => z * GeluSlope(NumberOf.Complex(numbers[Place(index, i, j)]).Real),
                (_, true, false) => Gelu(z),
                _ => z,
            };
        }

        double precision = Math.Max(NumberOf.Precision<T>(), 4e-6);
        d.Expect((index, i, j) => After(index, i, j), "D", precision, (index, i, j) => gradient ? Math.Abs(Before(index, i, j)) : 1);
        if (keeps)
        {
            byte[] keptBits = run.Device.Download(bitsMemory.Span);
            T[] keptNumbers = run.Device.Download(numbersMemory.Span);
            d.Each((index, i, j) =>
            {
                if (relu)
                {
                    Assert.That(Bit(keptBits, index, i, j), Is.EqualTo(Before(index, i, j) > 0), $"bit {index}: ({i}, {j})");
                }
                else
                {
                    Number.Expect<T>(NumberOf.Complex(keptNumbers[Place(index, i, j)]), Before(index, i, j), $"kept {index}: ({i}, {j})", precision);
                }
            });
        }

        if (!sums)
        {
            return;
        }

        T[] found = run.Device.Download(vectorMemory.Span);
        for (int index = 0; index < batch; index++)
        {
            for (int i = 0; i < biasLength; i++)
            {
                double[] terms = epilogue switch
                {
                    MatrixEpilogue.BiasGradientA => [.. Enumerable.Range(0, K).Select(l => a[index, i, l].Real)],
                    MatrixEpilogue.BiasGradientB => [.. Enumerable.Range(0, K).Select(l => b[index, l, i].Real)],
                    _ => [.. Enumerable.Range(0, N).Select(j => After(index, i, j))],
                };
                Number.Expect<T>(NumberOf.Complex(found[(index * (biasLength + 1)) + i]), terms.Sum(), $"sum {index}: {i}", precision * (1 + terms.Sum(Math.Abs)));
            }

            Assert.That(found[(index * (biasLength + 1)) + biasLength], Is.EqualTo(vector[(index * (biasLength + 1)) + biasLength]), "between the vectors nothing is written");
        }
    }

    // The approximation by tanh of Hendrycks and Gimpel, and its slope by differences.
    private static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private static double GeluSlope(double x) => (Gelu(x + 1e-5) - Gelu(x - 1e-5)) / 2e-5;
}
