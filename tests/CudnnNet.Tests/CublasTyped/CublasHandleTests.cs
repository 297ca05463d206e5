namespace CudnnNet.Tests;

/// <summary>Matrix products, column-major, against the sum of products.</summary>
public sealed class CublasHandleTests
{
    private static readonly MatrixOperation[] s_operations = [MatrixOperation.None, MatrixOperation.Transpose];

    [Test]
    public void A_product_of_singles_is_the_sum_of_products(
        [ValueSource(nameof(s_operations))] MatrixOperation a, [ValueSource(nameof(s_operations))] MatrixOperation b, [Values] bool blended)
    {
        (int m, int n, int k) = (5, 4, 7);
        (int lda, int ldb, int ldc) = (9, 8, 6);
        float[] A = Reference.Numbers(9 * 7, 1);
        float[] B = Reference.Numbers(8 * 7, 2);
        float[] C = Reference.Numbers((3 * ldc) + m, 3);
        (float alpha, float beta) = blended ? (1.5f, -0.5f) : (1, 0);
        double[] expected = Multiply(a, b, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc);
        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        DeviceMemory<float> result = device.Upload<float>(C);
        cublas.Gemm(a, b, m, n, k, alpha, device.Upload<float>(A), lda, device.Upload<float>(B), ldb, beta, result, ldc);
        Reference.AssertClose(device.Download(result.Span), expected);
    }

    [Test]
    public void A_product_of_doubles_has_the_precision_of_doubles(
        [ValueSource(nameof(s_operations))] MatrixOperation a, [ValueSource(nameof(s_operations))] MatrixOperation b)
    {
        (int m, int n, int k) = (5, 4, 7);
        float[] A = Reference.Numbers(9 * 7, 1);
        float[] B = Reference.Numbers(8 * 7, 2);
        float[] C = Reference.Numbers(m * n, 3);
        double[] expected = Multiply(a, b, m, n, k, 0.1, A, 9, B, 8, 0.3, C, m);
        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        DeviceMemory<double> result = device.Upload<double>([.. C.Select(v => (double)v)]);
        cublas.Gemm(
            a, b, m, n, k, 0.1, device.Upload<double>([.. A.Select(v => (double)v)]), 9, device.Upload<double>([.. B.Select(v => (double)v)]), 8, 0.3, result, m);
        Assert.That(device.Download(result.Span), Is.EqualTo(expected).Within(1e-14));
    }

    [Test]
    public void With_beta_zero_the_result_is_not_read()
    {
        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        DeviceMemory<float> c = device.Upload<float>(float.NaN);
        cublas.Gemm(MatrixOperation.None, MatrixOperation.None, 1, 1, 2, 1f, device.Upload<float>(2, 3), 1, device.Upload<float>(5, 7), 2, 0f, c, 1);
        Assert.That(device.Download(c.Span), Is.EqualTo(new[] { 31f }));
    }

    [Test]
    public void Many_products_lie_their_strides_apart_and_a_stride_of_zero_takes_the_same_again()
    {
        (int m, int n, int k, int batch) = (3, 2, 4, 3);
        float[] A = Reference.Numbers(12, 1);
        float[] B = Reference.Numbers(batch * 10, 2);
        float[] C = Reference.Numbers(batch * 7, 3);
        double[] expected = [.. C.Select(v => (double)v)];
        for (int i = 0; i < batch; i++)
        {
            double[] one = Multiply(MatrixOperation.None, MatrixOperation.None, m, n, k, 2, A, m, B[(i * 10)..], k, 0.5, C[(i * 7)..((i * 7) + 6)], m);
            one.CopyTo(expected, i * 7);
        }

        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        DeviceMemory<float> single = device.Upload<float>(C);
        DeviceMemory<double> wide = device.Upload<double>([.. C.Select(v => (double)v)]);
        cublas.GemmStridedBatched(
            MatrixOperation.None, MatrixOperation.None, m, n, k, 2f, device.Upload<float>(A), m, 0, device.Upload<float>(B), k, 10, 0.5f, single, m, 7, batch);
        cublas.GemmStridedBatched(
            MatrixOperation.None,
            MatrixOperation.None,
            m,
            n,
            k,
            2.0,
            device.Upload<double>([.. A.Select(v => (double)v)]),
            m,
            0,
            device.Upload<double>([.. B.Select(v => (double)v)]),
            k,
            10,
            0.5,
            wide,
            m,
            7,
            batch);
        Reference.AssertClose(device.Download(single.Span), expected);
        Assert.That(device.Download(wide.Span), Is.EqualTo(expected).Within(1e-14));
    }

    [Test]
    public void Matrices_that_do_not_fit_are_refused_before_the_call()
    {
        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        DeviceMemory<float> x = device.Upload<float>(new float[12]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => cublas.Gemm(MatrixOperation.None, MatrixOperation.None, 3, 4, 4, 1f, x, 2, x, 4, 0f, x, 3),
                Throws.ArgumentException.With.Message.EqualTo("Matrix A lies as 3 x 4 in memory with the leading dimension 2; column-major, that must be at least max(1, 3)."));
            Assert.That(
                () => cublas.Gemm(MatrixOperation.None, MatrixOperation.Transpose, 3, 4, 4, 1f, x, 3, x, 4, 0f, x, 3),
                Throws.ArgumentException.With.Message.EqualTo("Matrix B (4 x 4, leading dimension 4, 1 of them) takes 16 elements; the span has 12."));
            Assert.That(() => cublas.Gemm(MatrixOperation.None, MatrixOperation.None, 3, 4, -1, 1f, x, 3, x, 4, 0f, x, 3), Throws.ArgumentException);
            Assert.That(
                () => cublas.GemmStridedBatched(MatrixOperation.None, MatrixOperation.None, 2, 2, 2, 1f, x, 2, 4, x, 2, 4, 0f, x, 2, 4, 4),
                Throws.ArgumentException.With.Message.Contains("4 of them) takes 16 elements; the span has 12."));
            Assert.That(
                () => cublas.GemmStridedBatched(MatrixOperation.None, MatrixOperation.None, 2, 2, 2, 1f, x, 2, -4, x, 2, 4, 0f, x, 2, 4, 1), Throws.ArgumentException);
            Assert.That(() => cublas.SetWorkspace(new(x.Address + 4, 8)), Throws.ArgumentException.With.Message.Contains("aligned to 256 bytes"));
        }
    }

    [Test]
    public void An_empty_product_is_no_error()
    {
        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        cublas.Gemm(MatrixOperation.None, MatrixOperation.None, 0, 0, 0, 1f, default, 1, default, 1, 0f, default, 1);
        Assert.DoesNotThrow(device.Stream.Synchronize);
    }

    [Test]
    public void Mode_workspace_and_version_are_the_handles()
    {
        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        Assert.That(cublas.MathMode, Is.EqualTo(MatrixMathMode.Default));
        cublas.MathMode = MatrixMathMode.TensorFloat32;
        cublas.SetWorkspace(device.Own(device.Context.Allocate<byte>(4.MiB())));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cublas.MathMode, Is.EqualTo(MatrixMathMode.TensorFloat32));
            Assert.That(cublas.Version, Is.GreaterThanOrEqualTo(120000));
            Assert.That(cublas.Stream, Is.SameAs(device.Stream));
            Assert.That(cublas.Handle.Value, Is.Not.Zero);
        }
    }

    [Test]
    public void A_disposed_handle_multiplies_nothing_any_more()
    {
        using TestDevice device = new();
        CublasHandle cublas = new(device.Stream);
        DeviceMemory<float> x = device.Upload<float>(1);
        cublas.Dispose();
        cublas.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => cublas.Gemm(MatrixOperation.None, MatrixOperation.None, 1, 1, 1, 1f, x, 1, x, 1, 0f, x, 1));
            Assert.Throws<ObjectDisposedException>(() => _ = cublas.Handle);
            Assert.Throws<ObjectDisposedException>(() => _ = cublas.Version);
            Assert.Throws<ObjectDisposedException>(() => cublas.MathMode = MatrixMathMode.Default);
            Assert.Throws<ObjectDisposedException>(() => cublas.SetWorkspace(default));
            Assert.Throws<ArgumentNullException>(() => _ = new CublasHandle(null!));
        }
    }

    [Test]
    public void Multiplying_allocates_no_managed_memory()
    {
        using TestDevice device = new();
        using CublasHandle cublas = new(device.Stream);
        DeviceMemory<float> x = device.Upload<float>(new float[16]);
        DeviceMemory<double> y = device.Upload<double>(new double[16]);
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            cublas.Gemm(MatrixOperation.None, MatrixOperation.Transpose, 4, 4, 4, 1f, x, 4, x, 4, 0f, x, 4);
            cublas.Gemm(MatrixOperation.None, MatrixOperation.Transpose, 4, 4, 4, 1.0, y, 4, y, 4, 0.0, y, 4);
            cublas.GemmStridedBatched(MatrixOperation.None, MatrixOperation.None, 2, 2, 2, 1f, x, 2, 4, x, 2, 4, 0f, x, 2, 4, 4);
            device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    private static double[] Multiply(
        MatrixOperation a, MatrixOperation b, int m, int n, int k, double alpha, float[] A, int lda, float[] B, int ldb, double beta, float[] C, int ldc)
    {
        double[] result = [.. C.Select(v => (double)v)];
        for (int column = 0; column < n; column++)
        {
            for (int row = 0; row < m; row++)
            {
                double sum = 0;
                for (int i = 0; i < k; i++)
                {
                    double left = a == MatrixOperation.None ? A[(i * lda) + row] : A[(row * lda) + i];
                    double right = b == MatrixOperation.None ? B[(column * ldb) + i] : B[(i * ldb) + column];
                    sum += left * right;
                }

                int at = (column * ldc) + row;
                result[at] = (alpha * sum) + (beta == 0 ? 0 : beta * C[at]);
            }
        }

        return result;
    }
}
