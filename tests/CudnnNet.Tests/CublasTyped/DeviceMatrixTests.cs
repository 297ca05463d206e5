using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>Views of matrices and vectors: what they take for granted later they check when they are made.</summary>
public sealed class DeviceMatrixTests
{
    private static DeviceSpan<float> Memory(long length) => new(4096, length);

    [Test]
    public void A_matrix_knows_its_sizes_and_turns_them()
    {
        DeviceMatrix<float> matrix = new(Memory(23), 3, 4, 6);
        DeviceMatrix<float> turned = matrix.Transposed;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((matrix.Rows, matrix.Columns, matrix.LeadingDimension, matrix.Operation), Is.EqualTo((3L, 4L, 6L, MatrixOperation.None)));
            Assert.That((turned.Rows, turned.Columns, turned.LeadingDimension, turned.Operation), Is.EqualTo((4L, 3L, 6L, MatrixOperation.Transpose)));
            Assert.That(turned.Transposed, Is.EqualTo(matrix));
            Assert.That(new DeviceMatrix<float>(Memory(12), 3, 4).LeadingDimension, Is.EqualTo(3));
            Assert.That(matrix.ConjugateTransposed, Is.EqualTo(turned), "of real matrices");
            Assert.That(default(DeviceMatrix<float>).LeadingDimension, Is.EqualTo(1), "what cuBLAS wants of an empty matrix");
            Assert.That(matrix.ToString(), Is.EqualTo("DeviceMatrix<Single>[3 x 4, leading dimension 6] at 0x1000"));
        }
    }

    [Test]
    public void A_row_major_matrix_is_the_transpose_of_a_column_major_one()
    {
        DeviceMatrix<float> matrix = DeviceMatrix.RowMajor(Memory(23), 4, 3, 6);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(matrix, Is.EqualTo(new DeviceMatrix<float>(Memory(23), 3, 4, 6).Transposed));
            Assert.That(DeviceMatrix.RowMajorBatch(Memory(30), 5, 2, 3).Stride, Is.EqualTo(10));
            Assert.That(DeviceMatrix.RowMajorBatch(Memory(30), 5, 2, 3)[2].Pointer.Address, Is.EqualTo(4096 + (20 * 4)));
            Assert.That(DeviceMatrix.RowMajorArray<float>(new DeviceSpan<DevicePointer>(4096, 3), 5, 2).Rows, Is.EqualTo(5));
        }
    }

    [Test]
    public void A_conjugate_transpose_cannot_be_transposed_again()
    {
        DeviceMatrix<Complex> matrix = new(new DeviceSpan<Complex>(4096, 12), 3, 4);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(matrix.ConjugateTransposed.Operation, Is.EqualTo(MatrixOperation.ConjugateTranspose));
            Assert.That(matrix.ConjugateTransposed.ConjugateTransposed, Is.EqualTo(matrix));
            Assert.That(() => matrix.ConjugateTransposed.Transposed, Throws.InvalidOperationException.With.Message.Contains("conjugated but not transposed"));
            Assert.That(() => matrix.Transposed.ConjugateTransposed, Throws.InvalidOperationException);
            Assert.That(() => matrix.ConjugateTransposed.Row(0), Throws.InvalidOperationException);
        }
    }

    [Test]
    public void Parts_rows_columns_and_the_diagonal_lie_inside()
    {
        DeviceMatrix<float> matrix = new(Memory(23), 3, 4, 6), turned = matrix.Transposed;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(matrix.Slice(1, 2, 2, 2), Is.EqualTo(new DeviceMatrix<float>(new DeviceSpan<float>(4096 + (13 * 4), 8), 2, 2, 6)));
            Assert.That(turned.Slice(2, 1, 2, 2), Is.EqualTo(matrix.Slice(1, 2, 2, 2).Transposed));
            Assert.That(matrix.Row(2), Is.EqualTo(new DeviceVector<float>(new DeviceSpan<float>(4096 + 8, 19), 4, 6)));
            Assert.That(turned.Column(2), Is.EqualTo(matrix.Row(2)));
            Assert.That(matrix.Column(3), Is.EqualTo(new DeviceVector<float>(new DeviceSpan<float>(4096 + (18 * 4), 3), 3)));
            Assert.That(turned.Row(3), Is.EqualTo(matrix.Column(3)));
            Assert.That(matrix.Diagonal, Is.EqualTo(new DeviceVector<float>(Memory(15), 3, 7)));
            Assert.That(() => matrix.Slice(1, 2, 3, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => matrix.Slice(0, 0, 1, long.MaxValue), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => matrix.Row(3), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => turned.Column(3), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void What_is_too_large_for_its_memory_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => new DeviceMatrix<float>(Memory(20), 3, 4, 6),
                Throws.ArgumentException.With.Message.EqualTo("A matrix (3 x 4, leading dimension 6) takes 21 elements; the span has 20."));
            Assert.That(() => new DeviceMatrix<float>(Memory(20), 3, 4, 2), Throws.ArgumentException.With.Message.Contains("with the leading dimension 2; column-major, that must be at least max(1, 3)"));
            Assert.That(() => new DeviceMatrix<float>(Memory(20), -1, 4), Throws.ArgumentException.With.Message.Contains("-1 x 4"));
            Assert.That(() => new DeviceMatrix<float>(Memory(20), long.MaxValue / 2, 8), Throws.TypeOf<OverflowException>());
            Assert.That(
                () => new DeviceMatrixBatch<float>(Memory(35), 3, 4, 3, stride: 12),
                Throws.ArgumentException.With.Message.EqualTo("3 matrices (3 x 4, leading dimension 3) take 36 elements; the span has 35."));
            Assert.That(() => new DeviceMatrixBatch<float>(Memory(12), 3, 4, 100, stride: 0), Throws.Nothing);
            Assert.That(() => new DeviceMatrixBatch<float>(Memory(35), 3, 4, 2, stride: -12), Throws.ArgumentException);
            Assert.That(() => new DeviceMatrixBatch<float>(Memory(35), 3, 4, 2)[2], Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(
                () => new DeviceVector<float>(Memory(12), 5, -3),
                Throws.ArgumentException.With.Message.EqualTo("A vector of 5 elements with the increment -3 takes 13 elements; the span has 12."));
            Assert.That(() => new DeviceVector<float>(Memory(12), -5), Throws.ArgumentException);
            Assert.That(() => new DeviceVectorBatch<float>(Memory(12), 5, 3), Throws.ArgumentException.With.Message.Contains("take 15 elements; the span has 12"));
            Assert.That(() => new DeviceVectorBatch<float>(Memory(12), 5, 2, stride: -1), Throws.ArgumentException.With.Message.Contains("none of these may be negative"));
            Assert.That(new DeviceVectorBatch<float>(Memory(12), 5, 2, stride: 7)[1].Pointer.Address, Is.EqualTo(4096 + 28));
            Assert.That(() => new DeviceBandMatrix<float>(Memory(11), 4, 4, 1, 1), Throws.ArgumentException.With.Message.Contains("takes 12 elements; the span has 11"));
            Assert.That(() => new DeviceBandMatrix<float>(Memory(12), 4, 4, 1, 1, 2), Throws.ArgumentException.With.Message.Contains("must be at least subdiagonals + superdiagonals + 1"));
            Assert.That(() => new DevicePackedMatrix<float>(Memory(9), 4, MatrixTriangle.Lower), Throws.ArgumentException.With.Message.Contains("takes 10 elements; the span has 9"));
            Assert.That(() => new DeviceVectorArray<float>(default, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void A_factor_says_what_it_is()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(((Scalar)1.5f).ToString(), Is.EqualTo("1.5"));
            Assert.That(((Scalar)3).ToString(), Is.EqualTo("3"));
            Assert.That(((Scalar)(Half)0.5).ToString(), Is.EqualTo("0.5"));
            Assert.That(((Scalar)(BFloat16)0.5f).ToString(), Is.EqualTo("0.5"));
            Assert.That(((Scalar)new ComplexSingle(1, -2)).ToString(), Is.EqualTo("<1; -2>"));
            Assert.That(Scalar.OnDevice(Memory(1)).ToString(), Is.EqualTo("float at 0x1000"));
            Assert.That(() => Scalar.OnDevice(Memory(0)), Throws.ArgumentException);
            Assert.That(() => Scalar.OnDevice(new DeviceSpan<decimal>(4096, 1)), Throws.ArgumentException);
        }
    }
}
