using System.Numerics;

namespace CudnnNet.Tests;

/// <summary>Comparisons with a reference in double precision.</summary>
internal static class Number
{
    /// <summary>Fails where the number differs from the expected one by more than an operation in the precision of <typeparamref name="T"/> may.</summary>
    public static void Expect<T>(Complex found, Complex expected, string what, double? precision = null)
    {
        double allowed = (precision ?? NumberOf.Precision<T>()) * Math.Max(1, Complex.Abs(expected));
        if (!(Complex.Abs(found - expected) <= allowed))
        {
            Assert.Fail($"{what} is {found}, expected {expected} within {allowed}");
        }
    }

    /// <summary>alpha · value + beta · prior; a prior of beta = 0 is not looked at, nor a value of alpha = 0.</summary>
    public static Complex Blend(Complex alpha, Func<Complex> value, Complex beta, Func<Complex> prior) =>
        (alpha == 0 ? 0 : alpha * value()) + (beta == 0 ? 0 : beta * prior());

    /// <summary>The sum of the products at <paramref name="count"/> places.</summary>
    public static Complex Sum(int count, Func<int, Complex> term)
    {
        Complex sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += term(i);
        }

        return sum;
    }
}
