using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>Level 2 of BLAS against plain sums: every way to take a matrix, vectors with gaps and backwards; what must not be read is not-a-number.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
[TestFixture(typeof(ComplexSingle))]
[TestFixture(typeof(Complex))]
public sealed class MatrixVectorTests<T>
    where T : unmanaged
{
    private const int M = 7, N = 5;

    private static MatrixOperation[] Operations => Enum.GetValues<MatrixOperation>();

    private static MatrixOperation[] SymmetricViews => [MatrixOperation.None, MatrixOperation.Transpose];

    private static MatrixOperation[] HermitianViews => [MatrixOperation.None, MatrixOperation.ConjugateTranspose];

    private static bool IsComplex => NumberOf.IsComplex<T>();

    [Test]
    public void Gemv_is_the_sum_of_products([ValueSource(nameof(Operations))] MatrixOperation operation, [Values] bool blended, [Values] bool onDevice)
    {
        using CublasRun run = new();
        HostMatrix<T> a = run.Matrix<T>(M, N, operation);
        HostVector<T> x = run.Vector<T>(N, -2), y = run.Vector<T>(M, 3);
        (Complex alpha, Complex beta) = (run.Number<T>(), blended ? run.Number<T>() : 0);
        if (!blended)
        {
            y.Forget();
        }

        run.Cublas.Gemv(run.Ways<T>(alpha).ElementAt(onDevice ? 1 : 0), a.Device, x.Device, run.Ways<T>(beta).ElementAt(onDevice ? 1 : 0), y.Device);
        y.Expect(i => Number.Blend(alpha, () => Number.Sum(N, j => a[i, j] * x[j]), beta, () => y[i]), "gemv");
    }

    [Test]
    public void Gbmv_takes_the_stored_band_only([ValueSource(nameof(Operations))] MatrixOperation operation, [Values(0, 2)] int below, [Values(0, 1)] int above)
    {
        using CublasRun run = new();
        (int rows, int columns) = operation == MatrixOperation.None ? (M, N) : (N, M);
        (DeviceBandMatrix<T> band, Func<int, int, Complex> element) = Band(run, rows, columns, below, above);
        band = View(band, operation);
        HostVector<T> x = run.Vector<T>(N, 2), y = run.Vector<T>(M, -1);
        run.Cublas.Gbmv(0.5, band, x.Device, -1, y.Device);
        y.Expect(i => (0.5 * Number.Sum(N, j => Taken(element, operation, i, j) * x[j])) - y[i], "gbmv");
    }

    [Test]
    public void Ger_adds_the_outer_product([ValueSource(nameof(SymmetricViews))] MatrixOperation view)
    {
        using CublasRun run = new();
        HostMatrix<T> a = run.Matrix<T>(M, N, view), b = run.Matrix<T>(M, N);
        HostVector<T> x = run.Vector<T>(M, 2), y = run.Vector<T>(N, -1);
        Complex alpha = run.Number<T>();
        run.Cublas.Ger(run.Ways<T>(alpha).First(), x.Device, y.Device, a.Device);
        run.Cublas.GerConjugated(run.Ways<T>(alpha).Last(), x.Device, y.Device, b.Device);
        a.Expect((i, j) => a[i, j] + (alpha * x[i] * y[j]), "ger");
        b.Expect((i, j) => b[i, j] + (alpha * x[i] * Complex.Conjugate(y[j])), "conjugated ger");
    }

    [Test]
    public void Symmetric_matrices_are_given_by_a_triangle([Values] MatrixTriangle triangle, [ValueSource(nameof(SymmetricViews))] MatrixOperation view)
    {
        using CublasRun run = new();
        HostMatrix<T> a = run.Matrix<T>(N, N, view).Only(triangle);
        HostVector<T> x = run.Vector<T>(N, 2), y = run.Vector<T>(N, -3);
        run.Cublas.Symv(triangle, 0.5, a.Device, x.Device, 2, y.Device);
        y.Expect(i => (0.5 * Number.Sum(N, j => a.Symmetric(triangle, false, i, j) * x[j])) + (2 * y[i]), "symv");
        if (IsComplex)
        {
            return;
        }

        HostVector<T> packedY = run.Vector<T>(N, 2), bandY = run.Vector<T>(N, -1);
        (DevicePackedMatrix<T> packed, Func<int, int, Complex> packedElement, _) = Packed(run, triangle, false, false);
        packed = view == MatrixOperation.None ? packed : packed.Transposed;
        run.Cublas.Spmv(0.5, packed, x.Device, 2, packedY.Device);
        packedY.Expect(i => (0.5 * Number.Sum(N, j => packedElement(i, j) * x[j])) + (2 * packedY[i]), "spmv");
        (DeviceBandMatrix<T> band, Func<int, int, Complex> bandElement) = Band(run, N, N, triangle == MatrixTriangle.Lower ? 2 : 0, triangle == MatrixTriangle.Lower ? 0 : 2);
        band = view == MatrixOperation.None ? band : band.Transposed;
        run.Cublas.Sbmv(0.5, band, x.Device, 2, bandY.Device);
        bandY.Expect(i => (0.5 * Number.Sum(N, j => (HostMatrix<T>.Has(triangle, i, j) ? bandElement(i, j) : bandElement(j, i)) * x[j])) + (2 * bandY[i]), "sbmv");
    }

    [Test]
    public void Hermitian_matrices_are_given_by_a_triangle_with_a_real_diagonal([Values] MatrixTriangle triangle, [ValueSource(nameof(HermitianViews))] MatrixOperation view)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, 2), y = run.Vector<T>(N, -3);
        HostMatrix<T> a = run.Matrix<T>(N, N, view).Only(triangle);
        if (!IsComplex)
        {
            Assert.That(() => run.Cublas.Hemv(triangle, 1, a.Device, x.Device, 0, y.Device), Throws.ArgumentException);
            return;
        }

        run.Cublas.Hemv(triangle, 0.5, a.Device, x.Device, 2, y.Device);
        y.Expect(i => (0.5 * Number.Sum(N, j => a.Symmetric(triangle, true, i, j) * x[j])) + (2 * y[i]), "hemv");
        HostVector<T> packedY = run.Vector<T>(N, 2), bandY = run.Vector<T>(N, -1);
        (DevicePackedMatrix<T> packed, Func<int, int, Complex> packedElement, _) = Packed(run, triangle, true, false);
        packed = view == MatrixOperation.None ? packed : packed.ConjugateTransposed;
        run.Cublas.Hpmv(0.5, packed, x.Device, 2, packedY.Device);
        packedY.Expect(i => (0.5 * Number.Sum(N, j => packedElement(i, j) * x[j])) + (2 * packedY[i]), "hpmv");
        (DeviceBandMatrix<T> band, Func<int, int, Complex> bandElement) = Band(run, N, N, triangle == MatrixTriangle.Lower ? 2 : 0, triangle == MatrixTriangle.Lower ? 0 : 2);
        band = view == MatrixOperation.None ? band : band.ConjugateTransposed;
        run.Cublas.Hbmv(0.5, band, x.Device, 2, bandY.Device);
        bandY.Expect(
            i => (0.5 * Number.Sum(N, j => (i == j ? bandElement(i, i).Real : HostMatrix<T>.Has(triangle, i, j) ? bandElement(i, j) : Complex.Conjugate(bandElement(j, i))) * x[j])) + (2 * bandY[i]),
            "hbmv");
    }

    [Test]
    public void Triangular_products_and_solutions_take_their_triangle_only(
        [Values] MatrixTriangle triangle, [ValueSource(nameof(Operations))] MatrixOperation operation, [Values] bool unitDiagonal)
    {
        using CublasRun run = new();
        MatrixTriangle stored = operation == MatrixOperation.None ? triangle : triangle ^ MatrixTriangle.Upper;
        HostMatrix<T> a = run.Matrix<T>(N, N, operation);
        for (int i = 0; i < N; i++)
        {
            a[i, i] = 4 + (a[i, i] / 8);
        }

        a.Only(triangle, unitDiagonal);
        HostVector<T> product = run.Vector<T>(N, 2), solution = run.Vector<T>(N, -2);
        run.Cublas.Trmv(triangle, a.Device, product.Device, unitDiagonal);
        product.Expect(i => Number.Sum(N, j => a.Triangular(triangle, unitDiagonal, i, j) * product[j]), "trmv");
        Solved(solution, (i, j) => a.Triangular(triangle, unitDiagonal, i, j), () => run.Cublas.Trsv(triangle, a.Device, solution.Device, unitDiagonal), run, "trsv");

        (DevicePackedMatrix<T> packed, _, Func<int, int, Complex> packedElement) = Packed(run, stored, false, unitDiagonal);
        packed = operation switch { MatrixOperation.None => packed, MatrixOperation.Transpose => packed.Transposed, _ => packed.ConjugateTransposed };
        Assert.That(packed.Triangle, Is.EqualTo(triangle));
        HostVector<T> packedProduct = run.Vector<T>(N, -1), packedSolution = run.Vector<T>(N, 3);
        run.Cublas.Tpmv(packed, packedProduct.Device, unitDiagonal);
        packedProduct.Expect(i => Number.Sum(N, j => Taken(packedElement, operation, i, j) * packedProduct[j]), "tpmv");
        Solved(packedSolution, (i, j) => Taken(packedElement, operation, i, j), () => run.Cublas.Tpsv(packed, packedSolution.Device, unitDiagonal), run, "tpsv");

        (DeviceBandMatrix<T> band, Func<int, int, Complex> bandElement) = Band(
            run, N, N, stored == MatrixTriangle.Lower ? 2 : 0, stored == MatrixTriangle.Lower ? 0 : 2, heavyDiagonal: true, unitDiagonal);
        band = View(band, operation);
        HostVector<T> bandProduct = run.Vector<T>(N, 1), bandSolution = run.Vector<T>(N, -3);
        run.Cublas.Tbmv(band, bandProduct.Device, unitDiagonal);
        bandProduct.Expect(i => Number.Sum(N, j => Taken(bandElement, operation, i, j) * bandProduct[j]), "tbmv");
        Solved(bandSolution, (i, j) => Taken(bandElement, operation, i, j), () => run.Cublas.Tbsv(band, bandSolution.Device, unitDiagonal), run, "tbsv");
    }

    [Test]
    public void Symmetric_updates_write_one_triangle([Values] MatrixTriangle triangle, [ValueSource(nameof(SymmetricViews))] MatrixOperation view)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, 2), y = run.Vector<T>(N, -1);
        Complex alpha = run.Number<T>();
        HostMatrix<T> a = run.Matrix<T>(N, N, view).Only(triangle), b = run.Matrix<T>(N, N, view).Only(triangle);
        run.Cublas.Syr(triangle, run.Ways<T>(alpha).First(), x.Device, a.Device);
        run.Cublas.Syr2(triangle, run.Ways<T>(alpha).Last(), x.Device, y.Device, b.Device);
        a.Expect((i, j) => a[i, j] + (alpha * x[i] * x[j]), "syr", (i, j) => HostMatrix<T>.Has(triangle, i, j));
        b.Expect((i, j) => b[i, j] + (alpha * x[i] * y[j]) + (alpha * y[i] * x[j]), "syr2", (i, j) => HostMatrix<T>.Has(triangle, i, j));
        if (IsComplex)
        {
            return;
        }

        (DevicePackedMatrix<T> packed, Func<int, int, Complex> element, _) = Packed(run, triangle, false, false);
        run.Cublas.Spr(alpha.Real, x.Device, view == MatrixOperation.None ? packed : packed.Transposed);
        run.Cublas.Spr2(alpha.Real, x.Device, y.Device, packed);
        ExpectPacked(run, packed, (i, j) => element(i, j) + (alpha * ((x[i] * x[j]) + (x[i] * y[j]) + (y[i] * x[j]))), "spr and spr2");
    }

    [Test]
    public void Hermitian_updates_write_one_triangle_and_a_real_diagonal([Values] MatrixTriangle triangle)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, 2), y = run.Vector<T>(N, -1);
        HostMatrix<T> a = run.Matrix<T>(N, N).Only(triangle), b = run.Matrix<T>(N, N).Only(triangle);
        if (!IsComplex)
        {
            Assert.That(() => run.Cublas.Her(triangle, 1, x.Device, a.Device), Throws.ArgumentException);
            return;
        }

        Complex alpha = run.Number<T>();
        run.Cublas.Her(triangle, 0.75, x.Device, a.Device);
        run.Cublas.Her2(triangle, alpha, x.Device, y.Device, b.Device);
        a.Expect((i, j) => Real(i, j, a[i, j] + (0.75 * x[i] * Complex.Conjugate(x[j]))), "her", (i, j) => HostMatrix<T>.Has(triangle, i, j));
        b.Expect((i, j) => Real(i, j, b[i, j] + Product2(i, j)), "her2", (i, j) => HostMatrix<T>.Has(triangle, i, j));
        (DevicePackedMatrix<T> packed, Func<int, int, Complex> element, _) = Packed(run, triangle, true, false);
        run.Cublas.Hpr(0.75, x.Device, packed);
        run.Cublas.Hpr2(alpha, x.Device, y.Device, packed);
        ExpectPacked(run, packed, (i, j) => Real(i, j, element(i, j) + (0.75 * x[i] * Complex.Conjugate(x[j])) + Product2(i, j)), "hpr and hpr2");
        Assert.That(() => run.Cublas.Her(triangle, Complex.ImaginaryOne, x.Device, a.Device), Throws.ArgumentException.With.Message.Contains("takes a real number"));

        Complex Product2(int i, int j) => (alpha * x[i] * Complex.Conjugate(y[j])) + (Complex.Conjugate(alpha) * y[i] * Complex.Conjugate(x[j]));

        static Complex Real(int i, int j, Complex value) => i == j ? value.Real : value;
    }

    [Test]
    public void What_does_not_fit_is_refused_before_the_call()
    {
        using CublasRun run = new();
        DeviceMatrix<T> a = run.Matrix<T>(M, N).Device, square = run.Matrix<T>(N, N).Device;
        DeviceVector<T> five = run.Vector<T>(N).Device, seven = run.Vector<T>(M).Device;
        DeviceBandMatrix<T> band = Band(run, N, N, 1, 1).Matrix;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => run.Cublas.Gemv(1, a, seven, 0, seven), Throws.ArgumentException.With.Message.Contains("'x' has 7 elements; beside the other operands it must have 5"));
            Assert.That(() => run.Cublas.Gemv(1, a.Transposed, five, 0, five), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Ger(1, five, seven, a), Throws.ArgumentException.With.Message.Contains("'a' is 7 x 5; beside the other operands it must be 5 x 7"));
            Assert.That(() => run.Cublas.Symv(MatrixTriangle.Lower, 1, a, five, 0, five), Throws.ArgumentException.With.Message.Contains("must be square"));
            Assert.That(() => run.Cublas.Trsv(MatrixTriangle.Lower, square, seven), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Tbmv(band, five), Throws.ArgumentException.With.Message.Contains("is no triangle"));
            Assert.That(() => run.Cublas.Gemv(1, a, five, Scalar.OnDevice(run.Device.Upload<T>(default(T)).Span), seven), Throws.ArgumentException.With.Message.Contains("One factor is a number and the other lies on the device"));
        }
    }

    [Test]
    public void Level_2_allocates_no_managed_memory()
    {
        using CublasRun run = new();
        DeviceMatrix<T> a = run.Matrix<T>(N, N).Device;
        DeviceVector<T> x = run.Vector<T>(N).Device, y = run.Vector<T>(N).Device;
        DeviceBandMatrix<T> band = Band(run, N, N, 0, 1).Matrix;
        DevicePackedMatrix<T> packed = Packed(run, MatrixTriangle.Lower, false, false).Matrix;
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            run.Cublas.Gemv(1, a, x, 0, y);
            run.Cublas.Gbmv(1, band, x, 0, y);
            run.Cublas.Ger(0, x, y, a);
            run.Cublas.Symv(MatrixTriangle.Lower, 1, a, x, 0, y);
            run.Cublas.Trmv(MatrixTriangle.Lower, a, x);
            run.Cublas.Tbmv(band, x);
            run.Cublas.Tpmv(packed, x);
            run.Cublas.Syr(MatrixTriangle.Lower, 0, x, a);
            run.Device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    // A solution is right where the matrix times it is what was given.
    private static void Solved(HostVector<T> right, Func<int, int, Complex> matrix, Action solve, CublasRun run, string what)
    {
        solve();
        DeviceVector<T> device = right.Device;
        T[] found = run.Device.Download(new DeviceSpan<T>(device.Pointer.Address, ((right.Length - 1) * Math.Abs(right.Increment)) + 1));
        Complex Solution(int i) => NumberOf.Complex(found[right.Increment > 0 ? i * right.Increment : (right.Length - 1 - i) * -right.Increment]);
        for (int i = 0; i < right.Length; i++)
        {
            Number.Expect<T>(Number.Sum(right.Length, j => matrix(i, j) * Solution(j)), right[i], $"{what}: element {i} of the product", 20 * NumberOf.Precision<T>());
        }
    }

    private static Complex Taken(Func<int, int, Complex> element, MatrixOperation operation, int row, int column) => operation switch
    {
        MatrixOperation.None => element(row, column),
        MatrixOperation.Transpose => element(column, row),
        _ => Complex.Conjugate(element(column, row)),
    };

    private static DeviceBandMatrix<T> View(DeviceBandMatrix<T> band, MatrixOperation operation) => operation switch
    {
        MatrixOperation.None => band,
        MatrixOperation.Transpose => band.Transposed,
        _ => band.ConjugateTransposed,
    };

    // A band in memory, what is no part of it being not-a-number, and the elements of the matrix it stands for.
    private static (DeviceBandMatrix<T> Matrix, Func<int, int, Complex> Element) Band(
        CublasRun run, int rows, int columns, int below, int above, bool heavyDiagonal = false, bool unitDiagonal = false)
    {
        int leading = below + above + 2;
        T[] elements = new T[leading * columns];
        Array.Fill(elements, HostMatrix<T>.NotANumber);
        for (int column = 0; column < columns; column++)
        {
            for (int row = Math.Max(0, column - above); row <= Math.Min(rows - 1, column + below); row++)
            {
                Complex number = run.Number<T>();
                elements[(column * leading) + above + row - column] = row == column && unitDiagonal
                    ? HostMatrix<T>.NotANumber : NumberOf.Value<T>(row == column && heavyDiagonal ? 4 + (number / 8) : number);
            }
        }

        return (new(run.Device.Upload<T>(elements), rows, columns, below, above, leading), Element);

        Complex Element(int row, int column) => row == column && unitDiagonal
            ? 1 : row - column > below || column - row > above ? 0 : NumberOf.Complex(elements[(column * leading) + above + row - column]);
    }

    // A packed triangle, the symmetric or Hermitian matrix it stands for, and the triangular one.
    private static (DevicePackedMatrix<T> Matrix, Func<int, int, Complex> Symmetric, Func<int, int, Complex> Triangular) Packed(
        CublasRun run, MatrixTriangle triangle, bool hermitian, bool unitDiagonal)
    {
        T[] elements = new T[N * (N + 1) / 2];
        for (int column = 0; column < N; column++)
        {
            for (int row = 0; row < N; row++)
            {
                if (HostMatrix<T>.Has(triangle, row, column))
                {
                    Complex number = run.Number<T>();
                    elements[Place(triangle, row, column)] = row == column && unitDiagonal ? HostMatrix<T>.NotANumber : NumberOf.Value<T>(row == column ? 4 + (number / 8) : number);
                }
            }
        }

        return (new(run.Device.Upload<T>(elements), N, triangle), Symmetric, Triangular);

        Complex At(int row, int column) => NumberOf.Complex(elements[Place(triangle, row, column)]);

        Complex Symmetric(int row, int column) => row == column && hermitian
            ? At(row, column).Real : HostMatrix<T>.Has(triangle, row, column) ? At(row, column) : hermitian ? Complex.Conjugate(At(column, row)) : At(column, row);

        Complex Triangular(int row, int column) => row == column && unitDiagonal ? 1 : HostMatrix<T>.Has(triangle, row, column) ? At(row, column) : 0;
    }

    private static void ExpectPacked(CublasRun run, DevicePackedMatrix<T> packed, Func<int, int, Complex> expected, string what)
    {
        T[] found = run.Device.Download(new DeviceSpan<T>(packed.Pointer.Address, N * (N + 1) / 2));
        for (int column = 0; column < N; column++)
        {
            for (int row = 0; row < N; row++)
            {
                if (HostMatrix<T>.Has(packed.Triangle, row, column))
                {
                    Number.Expect<T>(NumberOf.Complex(found[Place(packed.Triangle, row, column)]), expected(row, column), $"{what}: ({row}, {column})");
                }
            }
        }
    }

    private static int Place(MatrixTriangle triangle, int row, int column) =>
        triangle == MatrixTriangle.Upper ? row + (column * (column + 1) / 2) : row + (column * ((2 * N) - column - 1) / 2);
}
