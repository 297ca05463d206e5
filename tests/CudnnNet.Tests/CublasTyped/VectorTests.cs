using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>Level 1 of BLAS: vectors, forwards, backwards and with gaps.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
[TestFixture(typeof(ComplexSingle))]
[TestFixture(typeof(Complex))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class VectorTests<T>
    where T : unmanaged
{
    private const int N = 19;
    private static readonly (int X, int Y)[] s_increments = [(1, 1), (2, 3), (-1, 2), (3, -2)];

    [Test]
    public void Axpy_adds_a_multiple([ValueSource(nameof(s_increments))] (int X, int Y) increment, [Values] bool onDevice)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, increment.X), y = run.Vector<T>(N, increment.Y);
        Complex alpha = run.Number<T>();
        run.Cublas.Axpy(Factor(run, alpha, onDevice), x.Device, y.Device);
        y.Expect(i => (alpha * x[i]) + y[i], "axpy");
    }

    [Test]
    public void Scal_multiplies([Values(1, 3)] int increment, [Values] bool onDevice)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, increment);
        Complex alpha = run.Number<T>();
        run.Cublas.Scal(Factor(run, alpha, onDevice), x.Device);
        x.Expect(i => alpha * x[i], "scal");
    }

    [Test]
    public void Copy_and_swap_keep_every_bit([ValueSource(nameof(s_increments))] (int X, int Y) increment)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, increment.X), y = run.Vector<T>(N, increment.Y), copy = run.Vector<T>(N, increment.Y).Forget();
        run.Cublas.Copy(x.Device, copy.Device);
        run.Cublas.Swap(x.Device, y.Device);
        copy.Expect(i => x[i], "copy", precision: 0);
        x.Expect(i => y[i], "swap", precision: 0);
        y.Expect(i => x[i], "swap", precision: 0);
    }

    [Test]
    public void Dot_is_the_sum_of_products_on_the_host_and_on_the_device([ValueSource(nameof(s_increments))] (int X, int Y) increment)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, increment.X), y = run.Vector<T>(N, increment.Y);
        DeviceMemory<T> result = run.Device.Upload(HostMatrix<T>.NotANumber, HostMatrix<T>.NotANumber);
        Complex plain = Number.Sum(N, i => x[i] * y[i]), conjugated = Number.Sum(N, i => Complex.Conjugate(x[i]) * y[i]);
        run.Cublas.Dot(x.Device, y.Device, result.Slice(0, 1));
        run.Cublas.DotConjugated(x.Device, y.Device, result.Slice(1, 1));
        T[] found = run.Device.Download(result.Span);
        Number.Expect<T>(NumberOf.Complex(found[0]), plain, "dot on the device");
        Number.Expect<T>(NumberOf.Complex(found[1]), conjugated, "conjugated dot on the device");
        Number.Expect<T>(NumberOf.Complex(run.Cublas.Dot(x.Device, y.Device)), plain, "dot");
        Number.Expect<T>(NumberOf.Complex(run.Cublas.DotConjugated(x.Device, y.Device)), conjugated, "conjugated dot");
    }

    [Test]
    public void Norm_and_sum_of_sizes_are_real([Values(1, 2)] int increment)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, increment);
        double norm = Math.Sqrt(Number.Sum(N, i => x[i].Magnitude * x[i].Magnitude).Real);
        double sum = Number.Sum(N, i => Math.Abs(x[i].Real) + Math.Abs(x[i].Imaginary)).Real;
        Number.Expect<T>(run.Cublas.Nrm2(x.Device), norm, "nrm2");
        Number.Expect<T>(run.Cublas.Asum(x.Device), sum, "asum");
        if (typeof(T) == typeof(ComplexSingle))
        {
            OnDevice<float>();
        }
        else if (typeof(T) == typeof(Complex))
        {
            OnDevice<double>();
        }
        else
        {
            OnDevice<T>();
        }

        void OnDevice<TReal>()
            where TReal : unmanaged
        {
            DeviceMemory<TReal> results = run.Device.Upload<TReal>(default, default);
            run.Cublas.Nrm2(x.Device, results.Slice(0, 1));
            run.Cublas.Asum(x.Device, results.Slice(1, 1));
            TReal[] found = run.Device.Download(results.Span);
            Number.Expect<T>(NumberOf.Complex(found[0]), norm, "nrm2 on the device");
            Number.Expect<T>(NumberOf.Complex(found[1]), sum, "asum on the device");
        }
    }

    [Test]
    public void The_places_of_the_extremes_are_counted_from_one_and_the_first_wins([Values(1, 2)] int increment)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, increment);
        for (int i = 0; i < N; i++)
        {
            x[i] = (i % 2 == 0 ? 1 : -1) * (1 + (i % 3 / 8.0));
        }

        (x[6], x[11]) = (-3, 3);
        (x[4], x[12]) = (-0.25, 0.25);
        DeviceMemory<long> places = run.Device.Upload<long>(-1, -1);
        run.Cublas.Iamax(x.Device, places.Slice(0, 1));
        run.Cublas.Iamin(x.Device, places.Slice(1, 1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.Cublas.Iamax(x.Device), Is.EqualTo(7));
            Assert.That(run.Cublas.Iamin(x.Device), Is.EqualTo(5));
            Assert.That(run.Device.Download(places.Span), Is.EqualTo(new long[] { 7, 5 }));
        }
    }

    [Test]
    public void Rot_turns_every_pair([ValueSource(nameof(s_increments))] (int X, int Y) increment, [Values] bool onDevice)
    {
        using CublasRun run = new();
        HostVector<T> x = run.Vector<T>(N, increment.X), y = run.Vector<T>(N, increment.Y);
        (double c, Complex s) = (0.75, run.Number<T>());
        Scalar sine = onDevice ? Scalar.OnDevice(run.Device.Upload(NumberOf.Value<T>(s)).Span) : s.Imaginary == 0 ? s.Real : s;
        Scalar cosine = !onDevice ? c : typeof(T) == typeof(ComplexSingle) ? Scalar.OnDevice(run.Device.Upload((float)c).Span)
            : typeof(T) == typeof(Complex) ? Scalar.OnDevice(run.Device.Upload(c).Span) : Scalar.OnDevice(run.Device.Upload(NumberOf.Value<T>(c)).Span);
        run.Cublas.Rot(x.Device, y.Device, cosine, sine);
        x.Expect(i => (c * x[i]) + (s * y[i]), "rot, x");
        y.Expect(i => (c * y[i]) - (Complex.Conjugate(s) * x[i]), "rot, y");
    }

    [Test]
    public void Vectors_without_elements_give_zero_and_need_no_memory()
    {
        using CublasRun run = new();
        DeviceVector<T> none = default;
        run.Cublas.Axpy(1, none, none);
        run.Cublas.Scal(1, none);
        run.Cublas.Copy(none, none);
        run.Cublas.Swap(none, none);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(NumberOf.Complex(run.Cublas.Dot(none, none)), Is.EqualTo(Complex.Zero));
            Assert.That(run.Cublas.Nrm2(none), Is.Zero);
            Assert.That(run.Cublas.Asum(none), Is.Zero);
            Assert.That(run.Cublas.Iamax(none), Is.Zero);
            Assert.That(run.Cublas.Iamin(none), Is.Zero);
        }

        run.Device.Stream.Synchronize();
    }

    [Test]
    public void What_does_not_fit_is_refused_before_the_call()
    {
        using CublasRun run = new();
        DeviceVector<T> three = run.Vector<T>(3).Device, four = run.Vector<T>(4).Device, backwards = run.Vector<T>(3, -1).Device;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => run.Cublas.Axpy(1, three, four), Throws.ArgumentException.With.Message.Contains("'y' has 4 elements; beside the other operands it must have 3"));
            Assert.That(() => run.Cublas.Copy(three, four), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Swap(three, four), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Dot(three, four), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Dot(three, three, default), Throws.ArgumentException.With.Message.Contains("'result' takes 1 element; the span has 0"));
            Assert.That(() => run.Cublas.Scal(1, backwards), Throws.ArgumentException.With.Message.Contains("'x' has the increment -1"));
            Assert.That(() => run.Cublas.Nrm2(backwards), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Nrm2(three, run.Device.Upload<int>(0).Span), Throws.ArgumentException.With.Message.Contains("'result' was to hold Int32"));
            Assert.That(() => run.Cublas.Iamax(backwards), Throws.ArgumentException);
            Assert.That(() => run.Cublas.Axpy(Scalar.OnDevice(run.Device.Upload<int>(1).Span), three, three), Throws.ArgumentException.With.Message.Contains("'alpha' lies on the device as int"));
            if (!NumberOf.IsComplex<T>())
            {
                Assert.That(() => run.Cublas.Scal(Complex.ImaginaryOne, three), Throws.ArgumentException.With.Message.Contains("the operation takes a real number"));
            }
        }
    }

    [Test]
    public void Level_1_allocates_no_managed_memory()
    {
        using CublasRun run = new();
        DeviceVector<T> x = run.Vector<T>(N).Device, y = run.Vector<T>(N).Device;
        DeviceMemory<T> result = run.Device.Upload<T>(default(T));
        DeviceMemory<long> place = run.Device.Upload<long>(0);
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            run.Cublas.Axpy(0.5, x, y);
            run.Cublas.Scal(0.5, y);
            run.Cublas.Copy(x, y);
            run.Cublas.Swap(x, y);
            run.Cublas.Dot(x, y);
            run.Cublas.Dot(x, y, result);
            run.Cublas.DotConjugated(x, y);
            run.Cublas.Nrm2(x);
            run.Cublas.Asum(x);
            run.Cublas.Iamax(x);
            run.Cublas.Iamin(x, place);
            run.Cublas.Rot(x, y, 1, 0);
            run.Device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    private static Scalar Factor(CublasRun run, Complex value, bool onDevice) =>
        typeof(T) == typeof(Half) || typeof(T) == typeof(BFloat16) ? run.Ways<float>(value).ElementAt(onDevice ? 1 : 0) : run.Ways<T>(value).ElementAt(onDevice ? 1 : 0);
}
