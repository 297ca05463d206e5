using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>Products of matrices of one type against the sum of products: as they lie, transposed, conjugated, row-major, in batches, blended.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
[TestFixture(typeof(ComplexSingle))]
[TestFixture(typeof(Complex))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class GemmTests<T>
    where T : unmanaged
{
    private const int M = 5, N = 4, K = 7, Batch = 3;

    [Test]
    public void Gemm_is_the_sum_of_products([Values] MatrixOperation a, [Values] MatrixOperation b, [Values] bool blended, [Values] bool onDevice)
    {
        using CublasRun run = new();
        HostMatrix<T> A = run.Matrix<T>(M, K, a), B = run.Matrix<T>(K, N, b), C = run.Matrix<T>(M, N);
        Complex alpha = run.Number<T>(), beta = blended ? run.Number<T>() : 0;
        if (!blended)
        {
            C.Forget();
        }

        run.Cublas.Gemm(Factor(run, alpha, onDevice), A.Device, B.Device, Factor(run, beta, onDevice), C.Device);
        C.Expect((i, j) => Number.Blend(alpha, () => Number.Sum(K, l => A[i, l] * B[l, j]), beta, () => C[i, j]), "gemm");
    }

    [Test]
    public void A_transposed_result_is_the_same_product([Values(MatrixOperation.None, MatrixOperation.Transpose)] MatrixOperation a, [Values(MatrixOperation.None, MatrixOperation.Transpose)] MatrixOperation b)
    {
        using CublasRun run = new();
        HostMatrix<T> A = run.Matrix<T>(M, K, a), B = run.Matrix<T>(K, N, b), C = run.Matrix<T>(M, N, MatrixOperation.Transpose);
        run.Cublas.Gemm(0.5, A.Device, B.Device, -1, C.Device);
        C.Expect((i, j) => (0.5 * Number.Sum(K, l => A[i, l] * B[l, j])) - C[i, j], "gemm into a row-major matrix");
    }

    [Test]
    public void Alpha_zero_does_not_read_the_operands()
    {
        using CublasRun run = new();
        HostMatrix<T> A = run.Matrix<T>(M, K).Forget(), B = run.Matrix<T>(K, N).Forget(), C = run.Matrix<T>(M, N);
        run.Cublas.Gemm(0, A.Device, B.Device, 0.5, C.Device);
        C.Expect((i, j) => 0.5 * C[i, j], "gemm of nothing");
    }

    [Test]
    public void Strided_batches_are_products_one_by_one([Values] MatrixOperation a, [Values] MatrixOperation b, [Values] bool rowMajorResult)
    {
        using CublasRun run = new();
        MatrixOperation c = rowMajorResult ? MatrixOperation.Transpose : MatrixOperation.None;
        BatchOf A = new(run, M, K, a, repeated: false), B = new(run, K, N, b, repeated: true), C = new(run, M, N, c, repeated: false), D = new(run, M, N, c, repeated: false);
        if (rowMajorResult && NumberOf.IsComplex<T>() && (a == MatrixOperation.ConjugateTranspose || b == MatrixOperation.ConjugateTranspose))
        {
            Assert.That(() => run.Cublas.GemmStridedBatched(0.5, A.Device, B.Device, 2, C.Device), Throws.ArgumentException.With.Message.Contains("'c' is written as a transposed view"));
            return;
        }

        run.Cublas.GemmStridedBatched(0.5, A.Device, B.Device, 2, C.Device);
        run.Cublas.GemmBatched(0.5, run.Device.PointersTo(A.Device), run.Device.PointersTo(B.Device), 2, run.Device.PointersTo(D.Device));
        C.Expect((index, i, j) => (0.5 * Number.Sum(K, l => A[index, i, l] * B[index, l, j])) + (2 * C[index, i, j]), "strided");
        D.Expect((index, i, j) => (0.5 * Number.Sum(K, l => A[index, i, l] * B[index, l, j])) + (2 * D[index, i, j]), "by pointers");
    }

    [Test]
    public void Empty_products_need_no_memory()
    {
        using CublasRun run = new();
        HostMatrix<T> C = run.Matrix<T>(M, N);
        run.Cublas.Gemm<T>(1, default, default, 0, default);
        run.Cublas.Gemm<T>(1, new(default, M, 0), new(default, 0, N), 2, C.Device);
        run.Cublas.GemmStridedBatched<T>(1, default, default, 0, default);
        run.Cublas.GemmBatched<T>(1, default, default, 0, default);
        C.Expect((i, j) => 2 * C[i, j], "a product without an inner dimension");
    }

    [Test]
    public void Products_allocate_no_managed_memory()
    {
        using CublasRun run = new();
        DeviceMatrix<T> A = run.Matrix<T>(M, K).Device, B = run.Matrix<T>(K, N).Device, C = run.Matrix<T>(M, N).Device, R = run.Matrix<T>(M, N, MatrixOperation.Transpose).Device;
        BatchOf a = new(run, M, K, MatrixOperation.None, false), b = new(run, K, N, MatrixOperation.None, false), c = new(run, M, N, MatrixOperation.None, false);
        DeviceMatrixBatch<T> x = a.Device, y = b.Device, z = c.Device;
        DeviceMatrixArray<T> p = run.Device.PointersTo(x), q = run.Device.PointersTo(y), r = run.Device.PointersTo(z);
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            run.Cublas.Gemm(1, A, B, 0, C);
            run.Cublas.Gemm(1, A, B, 0, R);
            run.Cublas.GemmStridedBatched(1, x, y, 0, z);
            run.Cublas.GemmBatched(1, p, q, 0, r);
            run.Device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    private static Scalar Factor(CublasRun run, Complex value, bool onDevice) =>
        typeof(T) == typeof(Half) || typeof(T) == typeof(BFloat16) ? run.Ways<float>(value).ElementAt(onDevice ? 1 : 0) : run.Ways<T>(value).ElementAt(onDevice ? 1 : 0);

    /// <summary>Matrices the same distance apart, their numbers known on the host.</summary>
    private sealed class BatchOf
    {
        private readonly CublasRun _run;
        private readonly T[] _elements;
        private readonly DeviceMemory<T> _memory;
        private readonly int _stride;

        public BatchOf(CublasRun run, int rows, int columns, MatrixOperation operation, bool repeated)
        {
            _run = run;
            (int lyingRows, int lyingColumns) = operation == MatrixOperation.None ? (rows, columns) : (columns, rows);
            int leading = lyingRows + 1;
            _stride = repeated ? 0 : (leading * lyingColumns) + 2;
            _elements = new T[(_stride * (Batch - 1)) + (leading * lyingColumns)];
            for (int i = 0; i < _elements.Length; i++)
            {
                _elements[i] = NumberOf.Value<T>(run.Number<T>());
            }

            _memory = run.Device.Upload<T>(_elements);
            DeviceMatrixBatch<T> batch = new(_memory, lyingRows, lyingColumns, Batch, leading, _stride);
            Device = operation switch
            {
                MatrixOperation.None => batch,
                MatrixOperation.Transpose => batch.Transposed,
                _ => batch.ConjugateTransposed,
            };
            Operation = operation;
        }

        public DeviceMatrixBatch<T> Device { get; }

        private MatrixOperation Operation { get; }

        public Complex this[int index, int row, int column]
        {
            get
            {
                Complex value = NumberOf.Complex(_elements[Place(index, row, column)]);
                return Operation == MatrixOperation.ConjugateTranspose ? Complex.Conjugate(value) : value;
            }
        }

        public void Expect(Func<int, int, int, Complex> expected, string what)
        {
            T[] found = _run.Device.Download(_memory.Span);
            HashSet<int> places = [];
            for (int index = 0; index < Batch; index++)
            {
                for (int row = 0; row < Device.Rows; row++)
                {
                    for (int column = 0; column < Device.Columns; column++)
                    {
                        places.Add(Place(index, row, column));
                        Number.Expect<T>(NumberOf.Complex(found[Place(index, row, column)]), expected(index, row, column), $"{what}: ({row}, {column}) of {index}");
                    }
                }
            }

            Assert.That(Enumerable.Range(0, found.Length).Where(i => !places.Contains(i)).Select(i => found[i]), Is.EqualTo(Enumerable.Range(0, found.Length).Where(i => !places.Contains(i)).Select(i => _elements[i])), what);
        }

        private int Place(int index, int row, int column) =>
            (int)((index * _stride) + (Operation == MatrixOperation.None ? row + (column * Device.LeadingDimension) : column + (row * Device.LeadingDimension)));
    }
}
