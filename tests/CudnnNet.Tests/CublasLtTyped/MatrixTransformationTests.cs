using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Changes of layout and sums of matrices, against plain loops in double.</summary>
public sealed class MatrixTransformationTests
{
    private const int Rows = 7, Columns = 5;

    [Test]
    [Combinatorial]
    public void Orders_types_and_transpositions_are_changed(
        [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder from,
        [Values(MatrixOrder.ColumnMajor, MatrixOrder.RowMajor)] MatrixOrder to,
        [Values(MatrixOperation.None, MatrixOperation.Transpose)] MatrixOperation operation)
    {
        using LtRun run = new();
        LtMatrix<float> a = operation == MatrixOperation.None ? run.Matrix<float>(Rows, Columns, from, 2) : run.Matrix<float>(Columns, Rows, from, 2);
        LtMatrix<BFloat16> c = run.Matrix<BFloat16>(Rows, Columns, to, 2).Forget();
        using MatrixTransformation transformation = new(run.Lt, a.Layout, c.Layout, operation);
        transformation.Run(2, a.Pointer, c.Pointer);
        c.Expect((index, i, j) => 2 * a.Taken(operation, index, i, j), "C", 0);
    }

    [Test]
    public void Matrices_of_different_orders_are_added()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(Rows, Columns, MatrixOrder.RowMajor), b = run.Matrix<float>(Columns, Rows), c = run.Matrix<float>(Rows, Columns).Forget();
        using MatrixTransformation transformation = new(run.Lt, a.Layout, b.Layout, c.Layout, operationB: MatrixOperation.Transpose);
        transformation.Run(2, a.Pointer, -0.5, b.Pointer, c.Pointer);
        c.Expect((_, i, j) => (2 * a[0, i, j]) - (0.5 * b[0, j, i]), "factors of the call");
        DeviceMemory<float> factors = run.Device.Upload(0.25f, 3);
        transformation.Run(Scalar.OnDevice(factors.Span), a.Pointer, Scalar.OnDevice(factors.Span.Slice(1)), b.Pointer, c.Pointer);
        c.Expect((_, i, j) => (0.25 * a[0, i, j]) + (3 * b[0, j, i]), "factors on the device");
        transformation.Run(0, DevicePointer.Null, 1, b.Pointer, c.Pointer);
        c.Expect((_, i, j) => b[0, j, i], "a number again, and 0, whose matrix may lack");
    }

    [Test]
    public void Doubles_and_integers_keep_what_they_are()
    {
        using LtRun run = new();
        LtMatrix<double> a = run.Matrix<double>(Rows, Columns).Fill((_, i, j) => (1 / 3.0) + i + (10 * j)), c = run.Matrix<double>(Rows, Columns, MatrixOrder.RowMajor);
        using MatrixTransformation doubles = new(run.Lt, a.Layout, c.Layout);
        Assert.That(doubles.FactorType, Is.EqualTo(MatrixElementType.Float64));
        doubles.Run(1, a.Pointer, c.Pointer);
        c.Expect((_, i, j) => a[0, i, j], "doubles", 0);
        LtMatrix<sbyte> whole = run.Matrix<sbyte>(Rows, Columns), turned = run.Matrix<sbyte>(Columns, Rows);
        using MatrixTransformation integers = new(run.Lt, whole.Layout, turned.Layout, MatrixOperation.Transpose);
        integers.Run(1, whole.Pointer, turned.Pointer);
        turned.Expect((_, i, j) => whole[0, j, i], "integers", 0);
    }

    [Test]
    public void Factors_may_be_computed_in_a_type_of_the_caller_s()
    {
        using LtRun run = new();
        LtMatrix<float> a = run.Matrix<float>(Rows, Columns), c = run.Matrix<float>(Rows, Columns);
        using MatrixTransformation transformation = new(run.Lt, a.Layout, c.Layout, factorType: MatrixElementType.Float64);
        transformation.Run(Scalar.OnDevice(run.Device.Upload(0.75).Span), a.Pointer, c.Pointer);
        c.Expect((_, i, j) => 0.75 * a[0, i, j], "C");
    }

    [Test]
    [CpuDeviceOnly("a GPU may know the order")]
    public void An_order_that_is_not_known_is_refused_by_name()
    {
        using LtRun run = new();
        MatrixLayout rows = MatrixLayout.RowMajor<sbyte>(32, 32), special = new(MatrixElementType.Int8, 32, 32, MatrixOrder.Column32Row8);
        DeviceMemory<sbyte> memory = run.Device.Upload(new sbyte[rows.Elements]), result = run.Device.Upload(new sbyte[special.Elements]);
        using MatrixTransformation transformation = new(run.Lt, rows, special);
        CublasLtException refused = Assert.Throws<CublasLtException>(() => transformation.Run(1, memory, result))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Code, Is.EqualTo(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED));
            Assert.That(refused.Function, Is.EqualTo("cublasLtMatrixTransform"));
        }
    }

    [Test]
    public void What_does_not_fit_is_refused_before_the_call()
    {
        using LtRun run = new();
        MatrixLayout layout = MatrixLayout.ColumnMajor<float>(4, 4), other = MatrixLayout.RowMajor<float>(4, 4), wide = MatrixLayout.ColumnMajor<float>(4, 5);
        DeviceMemory<float> memory = run.Device.Upload(new float[16]), second = run.Device.Upload(new float[16]);
        DevicePointer p = memory.Span, q = second.Span;
        using MatrixTransformation one = new(run.Lt, layout, other), two = new(run.Lt, layout, layout, other), turned = new(run.Lt, layout, layout, MatrixOperation.Transpose);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new MatrixTransformation(run.Lt, wide, layout).Dispose(), Throws.ArgumentException.With.Message.Contains("'a' is taken as 4 x 5 and was to become 4 x 4"));
            Assert.That(() => new MatrixTransformation(run.Lt, layout, wide, layout).Dispose(), Throws.ArgumentException.With.Message.Contains("'b' is taken as 4 x 5"));
            Assert.That(() => new MatrixTransformation(run.Lt, MatrixLayout.ColumnMajor<float>(4, 4, batchCount: 2), layout).Dispose(), Throws.ArgumentException.With.Message.Contains("'a' is a batch of 2"));
            Assert.That(
                () => new MatrixTransformation(run.Lt, MatrixLayout.ColumnMajor<float>(4, 4, batchCount: 2), MatrixLayout.RowMajor<float>(4, 4, batchCount: 2, batchStride: 0)).Dispose(),
                Throws.ArgumentException.With.Message.Contains("'c' is a batch of 2 results with a stride of 0"));
            Assert.That(() => one.Run(1, default, q), Throws.ArgumentNullException.With.Message.Contains("'a' is null"));
            Assert.That(() => one.Run(1, p, default), Throws.ArgumentNullException.With.Message.Contains("'c' is null"));
            Assert.That(() => one.Run(1, p, p), Throws.ArgumentException.With.Message.Contains("'a' is the memory of the result, but lies as"));
            Assert.That(() => turned.Run(1, p, p), Throws.ArgumentException.With.Message.Contains("'a' is taken transposed and was to be overwritten"));
            Assert.That(() => one.Run(1, p, 1, p, q), Throws.InvalidOperationException.With.Message.Contains("prepared for one matrix"));
            Assert.That(() => two.Run(1, p, q), Throws.InvalidOperationException.With.Message.Contains("prepared for two matrices"));
            Assert.That(() => two.Run(1, p, Scalar.OnDevice(memory.Span), p, q), Throws.ArgumentException.With.Message.Contains("One factor is a number"));
        }
    }
}
