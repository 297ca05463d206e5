using Golden;

namespace CudnnNet.Tests;

/// <summary>Matrix products and linear layers against the golden values, in every precision they have a measure for.</summary>
public class GoldenMatrixTests : GoldenReport
{
    private static IEnumerable<TestCaseData> Products() => GoldenVariant.OfMatrices("gemm");

    private static IEnumerable<TestCaseData> LinearLayers() => GoldenVariant.OfMatrices("linear");

    private static IEnumerable<TestCaseData> LinearLayersOfSixteenBits() => GoldenVariant.OfMatrices(
        "linear", (layer, type) => (type, layer.Rounding) is (DataType.BFloat16, InputRounding.BFloat16) or (DataType.Float16, InputRounding.Float16));

    private static IEnumerable<TestCaseData> LinearLayersWithBias() => GoldenVariant.OfMatrices("linear", (layer, type) => type == DataType.Float32 && layer.Has("b"));

    [TestCaseSource(nameof(Products))]
    public void A_matrix_product_equals_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        switch (variant.Storage)
        {
            case DataType.Float64:
                Multiply<double, double>(run, MatrixComputeType.Float64);
                break;
            case DataType.BFloat16:
                Multiply<BFloat16, float>(run, MatrixComputeType.Float32);
                break;
            case DataType.Float16:
                Multiply<Half, float>(run, MatrixComputeType.Float32);
                break;
            default:
                Multiply<float, float>(run, MatrixComputeType.Float32);
                break;
        }

        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(LinearLayers))]
    public void A_linear_layer_and_its_gradients_equal_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        switch (variant.Storage)
        {
            case DataType.Float64:
                Linear<double, double>(run, MatrixComputeType.Float64);
                break;
            case DataType.BFloat16:
                Linear<BFloat16, float>(run, MatrixComputeType.Float32);
                break;
            case DataType.Float16:
                Linear<Half, float>(run, MatrixComputeType.Float32);
                break;
            default:
                Linear<float, float>(run, MatrixComputeType.Float32);
                break;
        }

        run.AssertAllPassed("y", "dx", "dw");
    }

    [TestCaseSource(nameof(LinearLayersOfSixteenBits))]
    public void The_gradients_of_a_linear_layer_of_sixteen_bits_equal_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        if (variant.Storage == DataType.BFloat16)
        {
            Gradients<BFloat16>(run, "bf16");
        }
        else
        {
            Gradients<Half>(run, "f16");
        }

        run.AssertAllPassed("dx", "dw");
    }

    [TestCaseSource(nameof(LinearLayersWithBias))]
    public void The_bias_gradient_of_a_linear_layer_equals_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        (int samples, int outputs) = (run.Case.Shape("dy")[0], run.Case.Shape("dy")[1]);
        TensorShape output = new(samples, outputs, 1, 1), bias = new(1, outputs, 1, 1);
        DeviceMemory<float> db = run.Values<float>(NotANumber(outputs));
        run.Own(new BiasGradient(run.Cudnn, output, bias)).Run(1, run.Values<float>(run.Case.Input("dy")), 0, db);
        run.CheckValues("db", db, "f32");
        run.AssertAllPassed("db");
    }

    // Column-major, as the cases are; every way to say the same product.
    private static void Multiply<TInput, TOutput>(GoldenRun run, MatrixComputeType compute)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        LayerCase layer = run.Case;
        (int m, int n, int k, int batch) = (layer.Integer("m"), layer.Integer("n"), layer.Integer("k"), layer.Integer("batch"));
        (int lda, int ldb, int ldc) = (layer.Integer("lda"), layer.Integer("ldb"), layer.Integer("ldc"));
        (int strideA, int strideB, int strideC) = (layer.Integer("stride_a"), layer.Integer("stride_b"), layer.Integer("stride_c"));
        (bool turnedA, bool turnedB) = (layer.Text("op_a") == "T", layer.Text("op_b") == "T");
        float[] c = layer.Input("c");
        if (run.Beta == 0)
        {
            // The result must not be read; what lies between its columns must stay.
            for (int i = 0; i < batch * n * m; i++)
            {
                c[(i / (n * m) * strideC) + (i / m % n * ldc) + (i % m)] = float.NaN;
            }
        }

        using CublasHandle cublas = new(run.Stream);
        DeviceMatrixBatch<TInput> a = new(run.Values<TInput>(layer.Input("a")), turnedA ? k : m, turnedA ? m : k, batch, lda, strideA);
        DeviceMatrixBatch<TInput> b = new(run.Values<TInput>(layer.Input("b")), turnedB ? n : k, turnedB ? k : n, batch, ldb, strideB);
        a = turnedA ? a.Transposed : a;
        b = turnedB ? b.Transposed : b;
        Check("strided", result => cublas.GemmStridedBatchedEx(compute, run.Alpha, a, b, run.Beta, result));
        Check("by pointers", result => cublas.GemmBatchedEx(compute, run.Alpha, run.PointersTo(a), run.PointersTo(b), run.Beta, run.PointersTo(result)));
        Check("one by one", result =>
        {
            for (int i = 0; i < batch; i++)
            {
                cublas.GemmEx(compute, run.Alpha, a[i], b[i], run.Beta, result[i]);
            }
        });
        if (typeof(TInput) == typeof(TOutput))
        {
            Check("of one type, strided", result => cublas.GemmStridedBatched(run.Alpha, a, b, run.Beta, Same(result)));
            Check("of one type, by pointers", result => cublas.GemmBatched(run.Alpha, run.PointersTo(a), run.PointersTo(b), run.Beta, run.PointersTo(Same(result))));
            Check("of one type, one by one", result =>
            {
                for (int i = 0; i < batch; i++)
                {
                    cublas.Gemm(run.Alpha, a[i], b[i], run.Beta, Same(result)[i]);
                }
            });
        }

        void Check(string how, Action<DeviceMatrixBatch<TOutput>> multiply)
        {
            DeviceMemory<TOutput> memory = run.Values<TOutput>(c);
            multiply(new(memory, m, n, batch, ldc, strideC));
            run.CheckValues("c", memory, run.ArithmeticOfInputs("c"), how);
        }

        static DeviceMatrixBatch<TInput> Same(DeviceMatrixBatch<TOutput> batch) => (DeviceMatrixBatch<TInput>)(object)batch;
    }

    // Row-major, as the cases are: y = x w^T + b, dx = dy w, dw = dy^T x.
    private static void Linear<TInput, TOutput>(GoldenRun run, MatrixComputeType compute)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        (int samples, int inputs, int outputs) = (run.Case.Shape("x")[0], run.Case.Shape("x")[1], run.Case.Shape("w")[0]);
        using CublasHandle cublas = new(run.Stream);
        DeviceMatrix<TInput> x = DeviceMatrix.RowMajor<TInput>(run.Values<TInput>(run.Case.Input("x")), samples, inputs);
        DeviceMatrix<TInput> w = DeviceMatrix.RowMajor<TInput>(run.Values<TInput>(run.Case.Input("w")), outputs, inputs);
        DeviceMatrix<TInput> dy = DeviceMatrix.RowMajor<TInput>(run.Values<TInput>(run.Case.Input("dy")), samples, outputs);
        float[] prior = NotANumber(samples * outputs);
        double beta = 0;
        if (run.Case.Has("b"))
        {
            // The bias is what the product is added to.
            float[] bias = run.Case.Input("b");
            prior = [.. Enumerable.Range(0, samples * outputs).Select(i => bias[i % outputs])];
            beta = 1;
        }

        DeviceMemory<TOutput> y = run.Values<TOutput>(prior);
        DeviceMemory<TOutput> dx = run.Values<TOutput>(NotANumber(samples * inputs)), dw = run.Values<TOutput>(NotANumber(outputs * inputs));
        cublas.GemmEx(compute, 1, x, w.Transposed, beta, DeviceMatrix.RowMajor<TOutput>(y, samples, outputs));
        cublas.GemmEx(compute, 1, dy, w, 0, DeviceMatrix.RowMajor<TOutput>(dx, samples, inputs));
        cublas.GemmEx(compute, 1, dy.Transposed, x, 0, DeviceMatrix.RowMajor<TOutput>(dw, outputs, inputs));
        run.CheckValues("y", y, run.ArithmeticOfInputs("y"));
        run.CheckValues("dx", dx, run.ArithmeticOfInputs("dx"));
        run.CheckValues("dw", dw, run.ArithmeticOfInputs("dw"));
    }

    private static void Gradients<T>(GoldenRun run, string arithmetic)
        where T : unmanaged
    {
        (int samples, int inputs, int outputs) = (run.Case.Shape("x")[0], run.Case.Shape("x")[1], run.Case.Shape("w")[0]);
        using CublasHandle cublas = new(run.Stream);
        DeviceMatrix<T> x = DeviceMatrix.RowMajor<T>(run.Values<T>(run.Case.Input("x")), samples, inputs);
        DeviceMatrix<T> w = DeviceMatrix.RowMajor<T>(run.Values<T>(run.Case.Input("w")), outputs, inputs);
        DeviceMatrix<T> dy = DeviceMatrix.RowMajor<T>(run.Values<T>(run.Case.Input("dy")), samples, outputs);
        DeviceMemory<T> dx = run.Values<T>(NotANumber(samples * inputs)), dw = run.Values<T>(NotANumber(outputs * inputs));
        cublas.Gemm(1, dy, w, 0, DeviceMatrix.RowMajor<T>(dx, samples, inputs));
        cublas.Gemm(1, dy.Transposed, x, 0, DeviceMatrix.RowMajor<T>(dw, outputs, inputs));
        run.CheckValues("dx", dx, arithmetic);
        run.CheckValues("dw", dw, arithmetic);
    }

    private static float[] NotANumber(int count)
    {
        float[] values = new float[count];
        Array.Fill(values, float.NaN);
        return values;
    }
}
