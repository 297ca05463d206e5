using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>Level 3 of BLAS beyond the product, and cuBLAS's own additions, against plain sums; what must not be read is not-a-number.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
[TestFixture(typeof(ComplexSingle))]
[TestFixture(typeof(Complex))]
public sealed class MatrixTests<T>
    where T : unmanaged
{
    private const int M = 6, N = 4, K = 5;

    private static MatrixOperation[] Operations => Enum.GetValues<MatrixOperation>();

    private static MatrixOperation[] SymmetricViews => [MatrixOperation.None, MatrixOperation.Transpose];

    private static MatrixOperation[] HermitianViews => [MatrixOperation.None, MatrixOperation.ConjugateTranspose];

    private static bool IsComplex => NumberOf.IsComplex<T>();

    [Test]
    public void Symm_multiplies_from_either_side(
        [Values] MatrixSide side, [Values] MatrixTriangle triangle, [ValueSource(nameof(SymmetricViews))] MatrixOperation view, [Values] bool rowMajor)
    {
        using CublasRun run = new();
        int order = side == MatrixSide.Left ? M : N;
        MatrixOperation lies = rowMajor ? MatrixOperation.Transpose : MatrixOperation.None;
        HostMatrix<T> a = run.Matrix<T>(order, order, view).Only(triangle), b = run.Matrix<T>(M, N, lies), c = run.Matrix<T>(M, N, lies), d = run.Matrix<T>(M, N, lies).Forget();
        (Complex alpha, Complex beta) = (run.Number<T>(), run.Number<T>());
        run.Cublas.Symm(side, triangle, run.Ways<T>(alpha).First(), a.Device, b.Device, run.Ways<T>(beta).First(), c.Device);
        run.Cublas.Symm(side, triangle, run.Ways<T>(alpha).Last(), a.Device, b.Device, run.Ways<T>(0).Last(), d.Device);
        c.Expect((i, j) => (alpha * Product(i, j)) + (beta * c[i, j]), "symm");
        d.Expect((i, j) => alpha * Product(i, j), "symm, not blended");

        Complex Product(int i, int j) => Number.Sum(order, l => side == MatrixSide.Left ? a.Symmetric(triangle, false, i, l) * b[l, j] : b[i, l] * a.Symmetric(triangle, false, l, j));
    }

    [Test]
    public void Hemm_multiplies_from_either_side([Values] MatrixSide side, [Values] MatrixTriangle triangle, [ValueSource(nameof(HermitianViews))] MatrixOperation view)
    {
        using CublasRun run = new();
        int order = side == MatrixSide.Left ? M : N;
        HostMatrix<T> a = run.Matrix<T>(order, order, view).Only(triangle), b = run.Matrix<T>(M, N), c = run.Matrix<T>(M, N);
        if (!IsComplex)
        {
            Assert.That(() => run.Cublas.Hemm(side, triangle, 1, a.Device, b.Device, 0, c.Device), Throws.ArgumentException);
            return;
        }

        (Complex alpha, Complex beta) = (run.Number<T>(), run.Number<T>());
        run.Cublas.Hemm(side, triangle, alpha, a.Device, b.Device, beta, c.Device);
        c.Expect(
            (i, j) => (alpha * Number.Sum(order, l => side == MatrixSide.Left ? a.Symmetric(triangle, true, i, l) * b[l, j] : b[i, l] * a.Symmetric(triangle, true, l, j))) + (beta * c[i, j]), "hemm");
    }

    [Test]
    public void Symmetric_updates_write_one_triangle(
        [Values] MatrixTriangle triangle, [ValueSource(nameof(SymmetricViews))] MatrixOperation operation, [ValueSource(nameof(SymmetricViews))] MatrixOperation result)
    {
        using CublasRun run = new();
        HostMatrix<T> a = run.Matrix<T>(N, K, operation), b = run.Matrix<T>(N, K, operation);
        HostMatrix<T> c = run.Matrix<T>(N, N, result).Only(triangle), d = run.Matrix<T>(N, N, result).Only(triangle), e = run.Matrix<T>(N, N, result).Forget();
        (Complex alpha, Complex beta) = (run.Number<T>(), run.Number<T>());
        run.Cublas.Syrk(triangle, run.Ways<T>(alpha).First(), a.Device, run.Ways<T>(beta).First(), c.Device);
        run.Cublas.Syr2k(triangle, run.Ways<T>(alpha).Last(), a.Device, b.Device, run.Ways<T>(beta).Last(), d.Device);
        // A product with itself is the symmetric one that syrkx is told of.
        run.Cublas.Syrkx(triangle, run.Ways<T>(alpha).First(), a.Device, a.Device, 0, e.Device);
        c.Expect((i, j) => (alpha * Number.Sum(K, l => a[i, l] * a[j, l])) + (beta * c[i, j]), "syrk", (i, j) => HostMatrix<T>.Has(triangle, i, j));
        d.Expect((i, j) => (alpha * Number.Sum(K, l => (a[i, l] * b[j, l]) + (b[i, l] * a[j, l]))) + (beta * d[i, j]), "syr2k", (i, j) => HostMatrix<T>.Has(triangle, i, j));
        e.Expect((i, j) => alpha * Number.Sum(K, l => a[i, l] * a[j, l]), "syrkx", (i, j) => HostMatrix<T>.Has(triangle, i, j));
    }

    [Test]
    public void Hermitian_updates_write_one_triangle_and_a_real_diagonal([Values] MatrixTriangle triangle, [ValueSource(nameof(HermitianViews))] MatrixOperation operation)
    {
        using CublasRun run = new();
        HostMatrix<T> a = run.Matrix<T>(N, K, operation), b = run.Matrix<T>(N, K, operation);
        HostMatrix<T> c = run.Matrix<T>(N, N).Only(triangle), d = run.Matrix<T>(N, N).Only(triangle), e = run.Matrix<T>(N, N).Forget();
        if (!IsComplex)
        {
            Assert.That(() => run.Cublas.Herk(triangle, 1, a.Device, 0, c.Device), Throws.ArgumentException);
            return;
        }

        Complex alpha = run.Number<T>();
        run.Cublas.Herk(triangle, 0.75, a.Device, -0.5, c.Device);
        run.Cublas.Her2k(triangle, alpha, a.Device, b.Device, -0.5, d.Device);
        run.Cublas.Herkx(triangle, 0.75, a.Device, a.Device, 0, e.Device);
        c.Expect((i, j) => Real(i, j, (0.75 * Number.Sum(K, l => a[i, l] * Complex.Conjugate(a[j, l]))) - (0.5 * c[i, j])), "herk", (i, j) => HostMatrix<T>.Has(triangle, i, j));
        d.Expect(
            (i, j) => Real(i, j, Number.Sum(K, l => (alpha * a[i, l] * Complex.Conjugate(b[j, l])) + (Complex.Conjugate(alpha) * b[i, l] * Complex.Conjugate(a[j, l]))) - (0.5 * d[i, j])),
            "her2k", (i, j) => HostMatrix<T>.Has(triangle, i, j));
        e.Expect((i, j) => Real(i, j, 0.75 * Number.Sum(K, l => a[i, l] * Complex.Conjugate(a[j, l]))), "herkx", (i, j) => HostMatrix<T>.Has(triangle, i, j));

        static Complex Real(int i, int j, Complex value) => i == j ? value.Real : value;
    }

    [Test]
    public void Triangles_multiply_and_divide_from_either_side(
        [Values] MatrixSide side, [Values] MatrixTriangle triangle, [ValueSource(nameof(Operations))] MatrixOperation operation, [Values] bool unitDiagonal, [Values] bool rowMajor)
    {
        using CublasRun run = new();
        int order = side == MatrixSide.Left ? M : N;
        MatrixOperation lies = rowMajor ? MatrixOperation.Transpose : MatrixOperation.None;
        HostMatrix<T> a = run.Matrix<T>(order, order, operation);
        a.Fill((i, j) => i == j ? 4 + (a[i, i] / 8) : a[i, j]).Only(triangle, unitDiagonal);
        HostMatrix<T> b = run.Matrix<T>(M, N, lies), c = run.Matrix<T>(M, N, lies).Forget(), x = run.Matrix<T>(M, N, lies), y = run.Matrix<T>(M, N, lies);
        if (rowMajor && IsComplex && operation == MatrixOperation.ConjugateTranspose)
        {
            Assert.That(() => run.Cublas.Trsm(side, triangle, 1, a.Device, x.Device, unitDiagonal), Throws.ArgumentException);
            return;
        }

        Complex alpha = run.Number<T>();
        run.Cublas.Trmm(side, triangle, run.Ways<T>(alpha).First(), a.Device, b.Device, c.Device, unitDiagonal);
        c.Expect((i, j) => alpha * Number.Sum(order, l => side == MatrixSide.Left ? A(i, l) * b[l, j] : b[i, l] * A(l, j)), "trmm");

        // What the solution is, multiplied again, becomes alpha times the right hand side.
        run.Cublas.Trsm(side, triangle, run.Ways<T>(alpha).Last(), a.Device, x.Device, unitDiagonal);
        run.Cublas.Trmm(side, triangle, 1, a.Device, x.Device, x.Device, unitDiagonal);
        x.Expect((i, j) => alpha * x[i, j], "trsm", precision: 30 * NumberOf.Precision<T>());
        DeviceMatrixArray<T> systems = Array(run, a.Device), sides = Array(run, y.Device);
        run.Cublas.TrsmBatched(side, triangle, run.Ways<T>(alpha).First(), systems, sides, unitDiagonal);
        run.Cublas.Trmm(side, triangle, 1, a.Device, y.Device, y.Device, unitDiagonal);
        y.Expect((i, j) => alpha * y[i, j], "batched trsm", precision: 30 * NumberOf.Precision<T>());

        Complex A(int i, int j) => a.Triangular(triangle, unitDiagonal, i, j);
    }

    [Test]
    public void Geam_adds_and_transposes([ValueSource(nameof(Operations))] MatrixOperation first, [ValueSource(nameof(SymmetricViews))] MatrixOperation second, [Values] bool rowMajor)
    {
        using CublasRun run = new();
        HostMatrix<T> a = run.Matrix<T>(M, N, first), b = run.Matrix<T>(M, N, second);
        HostMatrix<T> c = run.Matrix<T>(M, N, rowMajor ? MatrixOperation.Transpose : MatrixOperation.None).Forget(), d = run.Matrix<T>(M, N).Forget();
        (Complex alpha, Complex beta) = (run.Number<T>(), run.Number<T>());
        if (!rowMajor || !IsComplex || first != MatrixOperation.ConjugateTranspose)
        {
            run.Cublas.Geam(run.Ways<T>(alpha).First(), a.Device, run.Ways<T>(beta).First(), b.Device, c.Device);
            c.Expect((i, j) => (alpha * a[i, j]) + (beta * b[i, j]), "geam");
        }

        run.Cublas.Geam(1, a.Device, 0, default, d.Device);
        d.Expect((i, j) => a[i, j], "geam of one matrix", precision: 0);
    }

    [Test]
    public void Geam_works_in_place()
    {
        using CublasRun run = new();
        HostMatrix<T> a = run.Matrix<T>(M, N), b = run.Matrix<T>(M, N, MatrixOperation.Transpose);
        run.Cublas.Geam(0.5, a.Device, 2, b.Device, a.Device);
        a.Expect((i, j) => (0.5 * a[i, j]) + (2 * b[i, j]), "geam in place");
    }

    [Test]
    public void Dgmm_scales_rows_or_columns([Values] MatrixSide side, [Values] bool rowMajor, [Values(1, -2)] int increment)
    {
        using CublasRun run = new();
        MatrixOperation lies = rowMajor ? MatrixOperation.Transpose : MatrixOperation.None;
        HostMatrix<T> a = run.Matrix<T>(M, N, lies), c = run.Matrix<T>(M, N, lies).Forget();
        HostVector<T> x = run.Vector<T>(side == MatrixSide.Left ? M : N, increment);
        run.Cublas.Dgmm(side, a.Device, x.Device, c.Device);
        c.Expect((i, j) => a[i, j] * x[side == MatrixSide.Left ? i : j], "dgmm");
    }

    [Test]
    public void A_triangle_is_packed_and_unpacked([Values] MatrixTriangle triangle)
    {
        using CublasRun run = new();
        HostMatrix<T> a = run.Matrix<T>(N, N).Only(triangle), b = run.Matrix<T>(N, N);
        DevicePackedMatrix<T> packed = new(run.Device.Upload(new T[N * (N + 1) / 2]), N, triangle);
        run.Cublas.Trttp(a.Device, packed);
        run.Cublas.Tpttr(packed, b.Device);
        b.Expect((i, j) => a[i, j], "packed and unpacked", (i, j) => HostMatrix<T>.Has(triangle, i, j), precision: 0);
    }

    [Test]
    public void What_does_not_fit_is_refused_before_the_call()
    {
        using CublasRun run = new();
        DeviceMatrix<T> a = run.Matrix<T>(M, N).Device, square = run.Matrix<T>(M, M).Device, other = run.Matrix<T>(N, M).Device;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => run.Cublas.Gemm(1, a, a, 0, a), Throws.ArgumentException.With.Message.Contains("A product of 6 x 4 and 6 x 4 was to become 6 x 4"));
            Assert.That(() => run.Cublas.Symm(MatrixSide.Right, MatrixTriangle.Lower, 1, square, a, 0, a), Throws.ArgumentException.With.Message.Contains("'a' is 6 x 6; beside the other operands it must be 4 x 4"));
            Assert.That(() => run.Cublas.Symm(MatrixSide.Left, MatrixTriangle.Lower, 1, square, other.Transposed, 0, a), Throws.ArgumentException.With.Message.Contains("'b' is a transposed view"));
            Assert.That(() => run.Cublas.Syrk(MatrixTriangle.Lower, 1, a.Transposed, 0, square), Throws.ArgumentException.With.Message.Contains("'c' is 6 x 6"));
            Assert.That(() => run.Cublas.Syr2k(MatrixTriangle.Lower, 1, a, other.Transposed, 0, square), Throws.ArgumentException.With.Message.Contains("must be taken alike"));
            Assert.That(() => run.Cublas.Trsm(MatrixSide.Right, MatrixTriangle.Lower, 1, square, a), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Geam(1, a, 1, other, a), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Dgmm(MatrixSide.Left, a, a.Row(0), a), Throws.ArgumentException.With.Message.Contains("'x' has 4 elements"));
            Assert.That(() => run.Cublas.Geam(1, a, 0, other.Transposed, a), Throws.Nothing);
        }
    }

    [Test]
    public void Level_3_allocates_no_managed_memory()
    {
        using CublasRun run = new();
        DeviceMatrix<T> a = run.Matrix<T>(N, N).Device, b = run.Matrix<T>(N, N).Device, c = run.Matrix<T>(N, N, MatrixOperation.Transpose).Device;
        DeviceVector<T> x = run.Vector<T>(N).Device;
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            run.Cublas.Symm(MatrixSide.Left, MatrixTriangle.Lower, 1, a, c, 0, c);
            run.Cublas.Syrk(MatrixTriangle.Lower, 1, a, 0, b);
            run.Cublas.Syr2k(MatrixTriangle.Lower, 1, a, a, 0, b);
            run.Cublas.Trmm(MatrixSide.Left, MatrixTriangle.Lower, 0, a, c, c);
            run.Cublas.Trsm(MatrixSide.Left, MatrixTriangle.Lower, 0, a, c);
            run.Cublas.Geam(1, a, 0, default, c);
            run.Cublas.Dgmm(MatrixSide.Left, a, x, b);
            run.Device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    // A batch of one.
    private static DeviceMatrixArray<T> Array(CublasRun run, DeviceMatrix<T> matrix)
    {
        (long rows, long columns) = matrix.Operation == MatrixOperation.None ? (matrix.Rows, matrix.Columns) : (matrix.Columns, matrix.Rows);
        DeviceMatrixArray<T> array = new(run.Device.Upload(matrix.Pointer), rows, columns, matrix.LeadingDimension);
        return matrix.Operation switch
        {
            MatrixOperation.None => array,
            MatrixOperation.Transpose => array.Transposed,
            _ => array.ConjugateTransposed,
        };
    }
}
