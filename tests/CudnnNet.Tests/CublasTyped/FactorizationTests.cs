using System.Numerics;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Batches of small systems: what is factorised, inverted and solved, multiplied again, is what was given.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
[TestFixture(typeof(ComplexSingle))]
[TestFixture(typeof(Complex))]
public sealed class FactorizationTests<T>
    where T : unmanaged
{
    private const int N = 5, Sides = 3, Batch = 3;
    private static readonly double s_precision = 100 * NumberOf.Precision<T>();

    [Test]
    public void Factors_solve_the_system_as_it_lies_and_transposed([Values] MatrixOperation operation)
    {
        using CublasRun run = new();
        HostMatrix<T>[] a = Systems(run), factors = Systems(run), b = Matrices(run, N, Sides);
        CopyAll(a, factors);
        DeviceMemory<int> pivots = run.Device.Upload(new int[N * Batch]), outcomes = run.Device.Upload<int>(-1, -1, -1);
        DeviceMatrixArray<T> array = Array(run, factors);
        run.Cublas.GetrfBatched(array, pivots, outcomes);
        DeviceMatrixArray<T> taken = operation switch { MatrixOperation.None => array, MatrixOperation.Transpose => array.Transposed, _ => array.ConjugateTransposed };
        run.Cublas.GetrsBatched(taken, pivots, Array(run, b));
        Assert.That(run.Device.Download(outcomes.Span), Is.All.Zero);
        for (int index = 0; index < Batch; index++)
        {
            HostMatrix<T> solution = Read(run, b[index]), matrix = a[index];
            for (int i = 0; i < N; i++)
            {
                for (int j = 0; j < Sides; j++)
                {
                    Complex found = Number.Sum(N, l => solution[l, j] * operation switch { MatrixOperation.None => matrix[i, l], MatrixOperation.Transpose => matrix[l, i], _ => Complex.Conjugate(matrix[l, i]) });
                    Number.Expect<T>(found, b[index][i, j], $"({i}, {j}) of {index}", s_precision);
                }
            }
        }
    }

    [Test]
    public void Inverses_come_from_factors_and_directly()
    {
        using CublasRun run = new();
        HostMatrix<T>[] a = Systems(run), factors = Systems(run), fromFactors = Matrices(run, N, N), direct = Matrices(run, N, N);
        CopyAll(a, factors);
        DeviceMemory<int> pivots = run.Device.Upload(new int[N * Batch]), outcomes = run.Device.Upload(new int[3 * Batch]);
        DeviceMatrixArray<T> array = Array(run, factors);
        run.Cublas.GetrfBatched(array, pivots, outcomes);
        run.Cublas.GetriBatched(array, pivots, Array(run, fromFactors), outcomes.Slice(Batch, Batch));
        run.Cublas.MatinvBatched(Array(run, a), Array(run, direct), outcomes.Slice(2 * Batch, Batch));
        Assert.That(run.Device.Download(outcomes.Span), Is.All.Zero);
        for (int index = 0; index < Batch; index++)
        {
            foreach (HostMatrix<T> inverse in (HostMatrix<T>[])[Read(run, fromFactors[index]), Read(run, direct[index])])
            {
                for (int i = 0; i < N; i++)
                {
                    for (int j = 0; j < N; j++)
                    {
                        Number.Expect<T>(Number.Sum(N, l => a[index][i, l] * inverse[l, j]), i == j ? 1 : 0, $"({i}, {j}) of {index}", s_precision);
                    }
                }
            }
        }
    }

    [Test]
    public void A_singular_matrix_is_told_by_the_place_of_its_pivot()
    {
        using CublasRun run = new();
        HostMatrix<T>[] a = Systems(run), inverses = Matrices(run, N, N);
        a[1].Fill((i, j) => j == 2 ? 0 : i == j ? 4 : 0);
        DeviceMemory<int> outcomes = run.Device.Upload<int>(-1, -1, -1), direct = run.Device.Upload<int>(-1, -1, -1);
        run.Cublas.MatinvBatched(Array(run, a), Array(run, inverses), direct);
        run.Cublas.GetrfBatched(Array(run, a), default, outcomes);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.Device.Download(outcomes.Span), Is.EqualTo(new[] { 0, 3, 0 }));
            Assert.That(run.Device.Download(direct.Span), Is.EqualTo(new[] { 0, 3, 0 }));
        }
    }

    [Test]
    public void Qr_factors_have_the_same_gram_matrix_and_solve_least_squares()
    {
        using CublasRun run = new();
        const int M = N + 3;
        HostMatrix<T>[] a = Matrices(run, M, N), qr = Matrices(run, M, N), tall = Matrices(run, M, N), b = Matrices(run, M, Sides);
        foreach (HostMatrix<T> matrix in a)
        {
            matrix.Fill((i, j) => i == j ? 8 : matrix[i, j]);
        }

        CopyAll(a, qr);
        CopyAll(a, tall);
        HostVector<T>[] tau = [.. Enumerable.Range(0, Batch).Select(_ => run.Vector<T>(N))];
        DeviceMemory<int> outcomes = run.Device.Upload<int>(-1, -1, -1);
        run.Cublas.GeqrfBatched(Array(run, qr), new(run.Device.Upload<DevicePointer>([.. tau.Select(vector => vector.Device.Pointer)]), N));
        run.Cublas.GelsBatched(Array(run, tall), Array(run, b), outcomes);
        Assert.That(run.Device.Download(outcomes.Span), Is.All.Zero);
        for (int index = 0; index < Batch; index++)
        {
            HostMatrix<T> r = Read(run, qr[index]), x = Read(run, b[index]);
            for (int i = 0; i < N; i++)
            {
                for (int j = 0; j < N; j++)
                {
                    Complex gram = Number.Sum(M, l => Complex.Conjugate(a[index][l, i]) * a[index][l, j]);
                    Number.Expect<T>(Number.Sum(Math.Min(i, j) + 1, l => Complex.Conjugate(r[l, i]) * r[l, j]), gram, "RᴴR", s_precision);
                }

                for (int j = 0; j < Sides; j++)
                {
                    // What is left is orthogonal to the columns.
                    Complex rest = Number.Sum(M, l => Complex.Conjugate(a[index][l, i]) * (b[index][l, j] - Number.Sum(N, c => a[index][l, c] * x[c, j])));
                    Number.Expect<T>(rest, 0, "Aᴴ · (B - A · X)", s_precision * 10);
                }
            }
        }
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        using CublasRun run = new();
        DeviceMatrixArray<T> square = Array(run, Systems(run)), flat = Array(run, Matrices(run, 3, N));
        DeviceSpan<int> three = run.Device.Upload<int>(0, 0, 0).Span, two = run.Device.Upload<int>(0, 0).Span;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => run.Cublas.GetrfBatched(flat, default, three), Throws.ArgumentException.With.Message.Contains("'a' is 3 x 5; beside the other operands it must be square"));
            Assert.That(() => run.Cublas.GetrfBatched(square, three, three), Throws.ArgumentException.With.Message.Contains("'pivots' takes 15 elements; the span has 3"));
            Assert.That(() => run.Cublas.GetrfBatched(square, default, two), Throws.ArgumentException.With.Message.Contains("'outcomes' takes 3 elements; the span has 2"));
            Assert.That(() => run.Cublas.GetrsBatched(square, default, flat), Throws.ArgumentException.With.Message.Contains("'b' is 3 x 5; beside the other operands it must be 5 x 5"));
            Assert.That(() => run.Cublas.GetrfBatched(square.Transposed, default, three), Throws.ArgumentException.With.Message.Contains("'a' is a transposed view"));
            Assert.That(() => run.Cublas.GetrfBatched<Half>(default, default, default), Throws.ArgumentException.With.Message.Contains("cuBLAS has no GetrfBatched of Half"));
            Assert.That(() => run.Cublas.GelsBatched(flat, flat, default), Throws.TypeOf<CublasException>().With.Property("Code").EqualTo(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED));
            DeviceMatrixArray<T> large = new(run.Device.Upload(DevicePointer.Null), 33, 33);
            Assert.That(() => run.Cublas.MatinvBatched(large, large, three), Throws.TypeOf<CublasException>().With.Property("Code").EqualTo(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE));
        }
    }

    private static HostMatrix<T>[] Matrices(CublasRun run, int rows, int columns) => [.. Enumerable.Range(0, Batch).Select(_ => run.Matrix<T>(rows, columns))];

    // Well conditioned, with the heavy elements off the diagonal, so that rows must be exchanged.
    private static HostMatrix<T>[] Systems(CublasRun run)
    {
        HostMatrix<T>[] matrices = Matrices(run, N, N);
        foreach (HostMatrix<T> matrix in matrices)
        {
            matrix.Fill((i, j) => (i + 1) % N == j ? 8 + matrix[i, j] : matrix[i, j]);
        }

        return matrices;
    }

    private static void CopyAll(HostMatrix<T>[] from, HostMatrix<T>[] to)
    {
        foreach ((HostMatrix<T> source, HostMatrix<T> target) in from.Zip(to))
        {
            target.Fill((i, j) => source[i, j]);
        }
    }

    private static DeviceMatrixArray<T> Array(CublasRun run, HostMatrix<T>[] matrices) => new(
        run.Device.Upload<DevicePointer>([.. matrices.Select(matrix => matrix.Device.Pointer)]), matrices[0].RowsInMemory, matrices[0].ColumnsInMemory, matrices[0].Leading);

    // What now lies on the device in a matrix's place.
    private static HostMatrix<T> Read(CublasRun run, HostMatrix<T> matrix)
    {
        T[] found = run.Device.Download(new DeviceSpan<T>(matrix.Device.Pointer.Address, ((matrix.ColumnsInMemory - 1) * matrix.Leading) + matrix.RowsInMemory));
        return run.Matrix<T>(matrix.Rows, matrix.Columns).Fill((i, j) => NumberOf.Complex(found[i + (j * matrix.Leading)]));
    }
}
