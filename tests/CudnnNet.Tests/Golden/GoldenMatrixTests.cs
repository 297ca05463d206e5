using Golden;

namespace CudnnNet.Tests;

/// <summary>Matrix products and linear layers against the golden values.</summary>
public class GoldenMatrixTests : GoldenReport
{
    private static IEnumerable<TestCaseData> Products() => GoldenVariant.OfMatrices("gemm");

    private static IEnumerable<TestCaseData> LinearLayers() => GoldenVariant.OfMatrices("linear");

    [TestCaseSource(nameof(Products))]
    public void A_matrix_product_equals_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        LayerCase layer = run.Case;
        (int m, int n, int k, int batch) = (layer.Integer("m"), layer.Integer("n"), layer.Integer("k"), layer.Integer("batch"));
        (int lda, int ldb, int ldc) = (layer.Integer("lda"), layer.Integer("ldb"), layer.Integer("ldc"));
        int strideC = layer.Integer("stride_c");
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
        DeviceMemory<float> a = run.Floats(layer.Input("a")), b = run.Floats(layer.Input("b")), result = run.Floats(c);
        if (batch > 1)
        {
            cublas.GemmStridedBatched(
                OperationOf("op_a"), OperationOf("op_b"), m, n, k, (float)run.Alpha, a, lda, layer.Integer("stride_a"), b, ldb, layer.Integer("stride_b"),
                (float)run.Beta, result, ldc, strideC, batch);
        }
        else
        {
            cublas.Gemm(OperationOf("op_a"), OperationOf("op_b"), m, n, k, (float)run.Alpha, a, lda, b, ldb, (float)run.Beta, result, ldc);
        }

        run.Check("c", Download(run, result), DataType.Float32);
        run.AssertAllPassed();

        MatrixOperation OperationOf(string name) => layer.Text(name) == "T" ? MatrixOperation.Transpose : MatrixOperation.None;
    }

    [TestCaseSource(nameof(LinearLayers))]
    public void A_linear_layer_and_its_gradients_equal_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        (int samples, int inputs, int outputs) = (run.Case.Shape("x")[0], run.Case.Shape("x")[1], run.Case.Shape("w")[0]);
        using CublasHandle cublas = new(run.Stream);
        DeviceMemory<float> x = run.Floats(run.Case.Input("x")), w = run.Floats(run.Case.Input("w")), dy = run.Floats(run.Case.Input("dy"));
        DeviceMemory<float> y = NotANumber(samples * outputs), dx = NotANumber(samples * inputs), dw = NotANumber(outputs * inputs);

        // Row-major matrices are the transposes of column-major ones: y = x w^T becomes y^T = w x^T.
        const MatrixOperation N = MatrixOperation.None, T = MatrixOperation.Transpose;
        cublas.Gemm(T, N, outputs, samples, inputs, 1f, w, inputs, x, inputs, 0f, y, outputs);
        cublas.Gemm(N, N, inputs, samples, outputs, 1f, w, inputs, dy, outputs, 0f, dx, inputs);
        cublas.Gemm(N, T, inputs, outputs, samples, 1f, x, inputs, dy, outputs, 0f, dw, inputs);
        TensorShape output = new(samples, outputs, 1, 1), bias = new(1, outputs, 1, 1);
        if (run.Case.Has("b"))
        {
            DeviceMemory<float> db = NotANumber(outputs);
            run.Own(new TensorAdd(run.Cudnn, bias, output)).Run(1, run.Floats(run.Case.Input("b")), 1, y);
            run.Own(new BiasGradient(run.Cudnn, output, bias)).Run(1, dy, 0, db);
            run.Check("db", Download(run, db), DataType.Float32);
        }

        run.Check("y", Download(run, y), DataType.Float32);
        run.Check("dx", Download(run, dx), DataType.Float32);
        run.Check("dw", Download(run, dw), DataType.Float32);
        run.AssertAllPassed();

        DeviceMemory<float> NotANumber(int count)
        {
            var values = new float[count];
            Array.Fill(values, float.NaN);
            return run.Floats(values);
        }
    }

    private static float[] Download(GoldenRun run, DeviceMemory<float> memory)
    {
        var values = new float[memory.Length];
        run.Stream.CopyToHost(memory.Span, values.AsSpan());
        run.Stream.Synchronize();
        return values;
    }
}
