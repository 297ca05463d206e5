using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>How rotations are made, and the modified ones.</summary>
public sealed class RotationTests
{
    [Test]
    public void Rotg_makes_the_second_number_zero()
    {
        using CublasRun run = new();
        using (Assert.EnterMultipleScope())
        {
            Check(3f, 4f, 1e-6);
            Check(-1.5, 0.25, 1e-14);
            Check(new ComplexSingle(1, -2), new ComplexSingle(0.5f, 3), 1e-6);
            Check(new Complex(-0.5, 1), new Complex(2, 0.125), 1e-14);
        }

        void Check<T>(T a, T b, double precision)
            where T : unmanaged
        {
            (Complex first, Complex second) = (NumberOf.Complex(a), NumberOf.Complex(b));
            (double c, T s) = run.Cublas.Rotg(ref a, ref b);
            Complex sine = NumberOf.Complex(s);
            Number.Expect<T>((c * first) + (sine * second), NumberOf.Complex(a), "r", precision);
            Number.Expect<T>((c * second) - (Complex.Conjugate(sine) * first), 0, "what must be 0", precision);
            Number.Expect<T>((c * c) + (sine.Magnitude * sine.Magnitude), 1, "c² + |s|²", precision);
        }
    }

    [Test]
    public void Rotg_on_the_device_waits_for_nothing_and_rot_takes_it_from_there()
    {
        using CublasRun run = new();
        DeviceMemory<ComplexSingle> a = run.Device.Upload(new ComplexSingle(1, 2)), b = run.Device.Upload(new ComplexSingle(-3, 1)), s = run.Device.Upload(default(ComplexSingle));
        DeviceMemory<float> c = run.Device.Upload(0f);
        DeviceMemory<ComplexSingle> x = run.Device.Upload(new ComplexSingle(1, 2)), y = run.Device.Upload(new ComplexSingle(-3, 1));
        run.Cublas.Rotg<ComplexSingle, float>(a, b, c, s);
        run.Cublas.Rot<ComplexSingle>(x, y, Scalar.OnDevice(c.Span), Scalar.OnDevice(s.Span));
        Number.Expect<ComplexSingle>(run.Device.Download(x.Span)[0], run.Device.Download(a.Span)[0], "r");
        Number.Expect<ComplexSingle>(run.Device.Download(y.Span)[0], 0, "the second number");
        Assert.That(() => run.Cublas.Rotg<ComplexSingle, ComplexSingle>(a, b, s, s), Throws.ArgumentException.With.Message.Contains("'c' was to hold ComplexSingle; for elements of ComplexSingle it holds float"));
    }

    [TestCase(-1)]
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(-2)]
    public void Rotm_applies_what_the_flag_says(int flag)
    {
        using CublasRun run = new();
        Check<float>();
        Check<double>();
        Check<Half>();
        Check<BFloat16>();

        void Check<T>()
            where T : unmanaged
        {
            (double h11, double h21, double h12, double h22) = (0.5, -1.5, 0.75, 2);
            T[] parameters = [.. new[] { flag, h11, h21, h12, h22 }.Select(number => NumberOf.Value<T>(number))];
            (h11, h12, h21, h22) = flag switch
            {
                -1 => (h11, h12, h21, h22),
                0 => (1, h12, h21, 1),
                1 => (h11, 1, -1, h22),
                _ => (1, 0, 0, 1),
            };
            HostVector<T> x = run.Vector<T>(7, 2), y = run.Vector<T>(7, -1), secondX = run.Vector<T>(7), secondY = run.Vector<T>(7);
            run.Cublas.Rotm(x.Device, y.Device, parameters);
            run.Cublas.Rotm(secondX.Device, secondY.Device, run.Device.Upload<T>(parameters).Span);
            x.Expect(i => (h11 * x[i]) + (h12 * y[i]), "x");
            y.Expect(i => (h21 * x[i]) + (h22 * y[i]), "y");
            secondX.Expect(i => (h11 * secondX[i]) + (h12 * secondY[i]), "x, the parameters on the device");
            secondY.Expect(i => (h21 * secondX[i]) + (h22 * secondY[i]), "y, the parameters on the device");
        }
    }

    [Test]
    public void Rotmg_makes_parameters_that_turn_the_second_number_to_zero()
    {
        using CublasRun run = new();
        (double d1, double d2, double x1, double y1) = (2, 0.5, 1.5, -0.75);
        double[] parameters = new double[5];
        (double newD1, double newD2, double newX1) = (d1, d2, x1);
        run.Cublas.Rotmg(ref newD1, ref newD2, ref newX1, y1, parameters);
        HostVector<double> x = run.Vector<double>(1), y = run.Vector<double>(1);
        (x[0], y[0]) = (x1, y1);
        run.Cublas.Rotm(x.Device, y.Device, parameters);
        y.Expect(_ => 0, "the second number");
        x.Expect(_ => newX1, "the first number");

        // d1 x1² + d2 y1² is what a rotation keeps.
        Assert.That(newD1 * newX1 * newX1, Is.EqualTo((d1 * x1 * x1) + (d2 * y1 * y1)).Within(1e-14));
        DeviceMemory<double> device = run.Device.Upload(d1, d2, x1, y1, 0, 0, 0, 0, 0);
        run.Cublas.Rotmg(device.Slice(0, 1), device.Slice(1, 1), device.Slice(2, 1), device.Slice(3, 1), device.Slice(4, 5));
        Assert.That(run.Device.Download(device.Span), Is.EqualTo(new[] { newD1, newD2, newX1, y1 }.Concat(parameters)).Within(1e-15));
        Assert.That(() => run.Cublas.Rotmg(ref d1, ref d2, ref x1, y1, new double[4]), Throws.ArgumentException.With.Message.Contains("5 parameters"));
    }
}
