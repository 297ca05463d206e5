using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Layouts as values and as cuBLASLt's descriptors.</summary>
public sealed unsafe class MatrixLayoutTests
{
    [Test]
    public void Sizes_that_no_matrix_has_are_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => MatrixLayout.ColumnMajor<float>(-1, 3), Throws.ArgumentException.With.Message.Contains("-1 x 3"));
            Assert.That(() => MatrixLayout.ColumnMajor<float>(4, 3, 3), Throws.ArgumentException.With.Message.Contains("leading dimension 3; it must be at least 4"));
            Assert.That(() => MatrixLayout.RowMajor<float>(4, 3, 2), Throws.ArgumentException.With.Message.Contains("leading dimension 2; it must be at least 3"));
            Assert.That(() => MatrixLayout.RowMajor<float>(4, 3, batchCount: 0), Throws.ArgumentException.With.Message.Contains("0 matrices"));
            Assert.That(() => new MatrixLayout(MatrixElementType.Int8, 33, 3, MatrixOrder.Column32Row32, 2047), Throws.ArgumentException.With.Message.Contains("at least 2048"));
            Assert.That(() => new MatrixLayout((MatrixElementType)77, 3, 3), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("no element type of a matrix"));
            Assert.That(() => new MatrixLayout(MatrixElementType.Int8, 3, 3, (MatrixOrder)77), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => MatrixLayout.RowMajor<decimal>(4, 3), Throws.ArgumentException.With.Message.Contains("no elements of type Decimal"));
        }
    }

    [Test]
    public void A_layout_tells_how_much_memory_it_takes()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(MatrixLayout.ColumnMajor<float>(4, 3).Elements, Is.EqualTo(12));
            Assert.That(MatrixLayout.ColumnMajor<float>(4, 3, 10).Elements, Is.EqualTo(24));
            Assert.That(MatrixLayout.RowMajor<float>(4, 3, 10).Elements, Is.EqualTo(33));
            Assert.That(MatrixLayout.RowMajor<float>(4, 3, 10, batchCount: 3, batchStride: 50).Elements, Is.EqualTo(133));
            Assert.That(MatrixLayout.RowMajor<float>(4, 3, batchCount: 3, batchStride: 0).Elements, Is.EqualTo(12));
            Assert.That(MatrixLayout.RowMajor<float>(0, 3).Elements, Is.Zero);
            Assert.That(new MatrixLayout(MatrixElementType.Int8, 10, 33, MatrixOrder.Column32Row8).Elements, Is.EqualTo(2 * 32 * 16));
            Assert.That(MatrixElementType.ComplexFloat64.SizeInBytes(), Is.EqualTo(16));
        }
    }

    [Test]
    public void Views_of_matrices_are_layouts()
    {
        using TestDevice device = new();
        DeviceMemory<float> memory = device.Upload(new float[100]);
        DeviceMatrix<float> matrix = new(memory, 4, 3, 5);
        DeviceMatrixBatch<float> batch = DeviceMatrix.RowMajorBatch<float>(memory, 4, 3, 2, 6, 30);
        DeviceMemory<ComplexSingle> complex = device.Upload(new ComplexSingle[16]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(MatrixLayout.Of(matrix), Is.EqualTo(MatrixLayout.ColumnMajor<float>(4, 3, 5)));
            Assert.That(MatrixLayout.Of(matrix.Transposed), Is.EqualTo(MatrixLayout.RowMajor<float>(3, 4, 5)));
            Assert.That(MatrixLayout.Of(batch), Is.EqualTo(MatrixLayout.RowMajor<float>(4, 3, 6, 2, 30)));
            Assert.That(() => MatrixLayout.Of(new DeviceMatrix<ComplexSingle>(complex, 4, 4).ConjugateTransposed), Throws.ArgumentException.With.Message.Contains("taken conjugated, which is no layout"));
            Assert.That(() => MatrixLayout.Of(new DeviceMatrixBatch<float>(memory, 4, 3, 0)), Throws.ArgumentException.With.Message.Contains("A batch has 0 matrices"));
        }
    }

    [Test]
    public void The_library_is_told_what_the_layout_says()
    {
        using MatrixLayoutDescriptor descriptor = new(new(MatrixElementType.BFloat16, 4, 3, MatrixOrder.RowMajor, 6, 2, 30));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Get<uint>(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_TYPE), Is.EqualTo((uint)cudaDataType.CUDA_R_16BF));
            Assert.That(Get<ulong>(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_ROWS), Is.EqualTo(4));
            Assert.That(Get<ulong>(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_COLS), Is.EqualTo(3));
            Assert.That(Get<long>(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_LD), Is.EqualTo(6));
            Assert.That(Get<int>(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_ORDER), Is.EqualTo((int)cublasLtOrder_t.CUBLASLT_ORDER_ROW));
            Assert.That(Get<int>(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT), Is.EqualTo(2));
            Assert.That(Get<long>(cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET), Is.EqualTo(30));
        }

        T Get<T>(cublasLtMatrixLayoutAttribute_t attribute)
            where T : unmanaged
        {
            T value;
            nuint written;
            CublasLt.Check(CublasLt.cublasLtMatrixLayoutGetAttribute(descriptor.Handle, attribute, &value, (nuint)sizeof(T), &written));
            return value;
        }
    }
}
