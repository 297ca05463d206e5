using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

// Whether operands fit each other; what is wrong is thrown from places of its own, so that the checks themselves stay short.
public sealed unsafe partial class CublasHandle
{
    /// <exception cref="ArgumentException">op(A) · op(B) is no product, or is no matrix of C's sizes.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckProduct(in MatrixForm a, in MatrixForm b, in MatrixForm c)
    {
        if (a.Columns != b.Rows || a.Rows != c.Rows || b.Columns != c.Columns)
        {
            Throw(a, b, c);
        }

        [DoesNotReturn]
        static void Throw(MatrixForm a, MatrixForm b, MatrixForm c) => throw new ArgumentException(
            $"A product of {a.Rows} x {a.Columns} and {b.Rows} x {b.Columns} was to become {c.Rows} x {c.Columns}. The columns of the first must be the rows of the second, and the result has the rows of the one and the columns of the other.");
    }

    /// <summary>For results that are transposed views: everything is then taken transposed, which no conjugated operand can be.</summary>
    /// <exception cref="ArgumentException">An operand is conjugated.</exception>
    private static void CheckTransposable(string name, MatrixOperation c, MatrixOperation a, MatrixOperation b = MatrixOperation.None)
    {
        if (c == MatrixOperation.ConjugateTranspose || a == MatrixOperation.ConjugateTranspose || b == MatrixOperation.ConjugateTranspose)
        {
            throw new ArgumentException(
                $"'{name}' is written as a transposed view, and an operand is taken conjugated. cuBLAS cannot do both: write the result as it lies, or take the operands unconjugated.", name);
        }
    }

    /// <exception cref="ArgumentException">A matrix has other sizes.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckSizes(string name, in MatrixForm matrix, long rows, long columns)
    {
        if (matrix.Rows != rows || matrix.Columns != columns)
        {
            Throw(name, matrix.Rows, matrix.Columns, rows, columns);
        }

        [DoesNotReturn]
        static void Throw(string name, long rows, long columns, long neededRows, long neededColumns) =>
            throw new ArgumentException($"'{name}' is {rows} x {columns}; beside the other operands it must be {neededRows} x {neededColumns}.", name);
    }

    /// <exception cref="ArgumentException">A vector has another length.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckLength(string name, long length, long needed)
    {
        if (length != needed)
        {
            Throw(name, length, needed);
        }

        [DoesNotReturn]
        static void Throw(string name, long length, long needed) => throw new ArgumentException($"'{name}' has {length} elements; beside the other operands it must have {needed}.", name);
    }

    /// <exception cref="ArgumentException">The matrix is not square.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckSquare(string name, long rows, long columns)
    {
        if (rows != columns)
        {
            Throw(name, rows, columns);
        }

        [DoesNotReturn]
        static void Throw(string name, long rows, long columns) => throw new ArgumentException($"'{name}' is {rows} x {columns}; beside the other operands it must be square.", name);
    }

    /// <exception cref="ArgumentException">Another number of matrices or vectors.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckCounts(long a, long b, long c)
    {
        if (a != c || b != c)
        {
            Throw(a, b, c);
        }

        [DoesNotReturn]
        static void Throw(long a, long b, long c) => throw new ArgumentException($"The operands are batches of {a}, {b} and {c}; they must have the same number.");
    }

    /// <exception cref="ArgumentException">The matrix is taken conjugated.</exception>
    private static void CheckNotConjugated(string name, MatrixOperation operation)
    {
        if (operation == MatrixOperation.ConjugateTranspose)
        {
            throw new ArgumentException($"'{name}' is taken conjugated, which this operation cannot do. Pass it as it lies or transposed.", name);
        }
    }

    /// <exception cref="ArgumentException">The matrix is taken transposed.</exception>
    private static void CheckAsItLies(string name, MatrixOperation operation)
    {
        if (operation != MatrixOperation.None)
        {
            throw new ArgumentException($"'{name}' is a transposed view, which this operation cannot take. Pass it as it lies.", name);
        }
    }

    /// <summary>A Hermitian matrix is its own conjugate transpose, but the transpose is its conjugate.</summary>
    /// <exception cref="ArgumentException">The matrix is taken transposed and not conjugated.</exception>
    private static void CheckHermitian(string name, MatrixOperation operation)
    {
        if (operation == MatrixOperation.Transpose)
        {
            throw new ArgumentException($"'{name}' is Hermitian and a transposed view, that is, conjugated. Pass it as it lies or conjugate-transposed.", name);
        }
    }

    /// <summary>The triangle of what lies in memory, for a triangle of the matrix as it is taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static cublasFillMode_t Stored(MatrixTriangle triangle, MatrixOperation operation) =>
        (cublasFillMode_t)(operation == MatrixOperation.None ? triangle : Other(triangle));

    private static MatrixTriangle Other(MatrixTriangle triangle) => triangle ^ MatrixTriangle.Upper;

    private static MatrixSide Other(MatrixSide side) => side ^ MatrixSide.Right;

    private static cublasDiagType_t Diagonal(bool unit) => unit ? cublasDiagType_t.CUBLAS_DIAG_UNIT : cublasDiagType_t.CUBLAS_DIAG_NON_UNIT;

    /// <summary>The address of a result on the device.</summary>
    /// <exception cref="ArgumentException">The span is too short.</exception>
    private static void* Result<T>(DeviceSpan<T> result, string name, long needed = 1)
        where T : unmanaged
    {
        if (result.Length < needed)
        {
            Throw(name, result.Length, needed);
        }

        return result.Pointer.Raw;

        [DoesNotReturn]
        static void Throw(string name, long length, long needed) => throw new ArgumentException($"'{name}' takes {needed} element{(needed == 1 ? "" : "s")}; the span has {length}.", name);
    }

    /// <exception cref="ArgumentException">The result has another type than the operation's real numbers.</exception>
    private static void CheckReal<T, TResult>(string name)
        where T : unmanaged
        where TResult : unmanaged
    {
        if (MatrixTypes.Of<TResult>() != MatrixTypes.RealOf<T>())
        {
            throw new ArgumentException($"'{name}' was to hold {typeof(TResult).Name}; for elements of {typeof(T).Name} it holds {MatrixTypes.NameOf(MatrixTypes.RealOf<T>())}.", name);
        }
    }

    /// <exception cref="ArgumentException">The number does not fit into the 32 bits that the function has.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Narrow(long value)
    {
        if (value != (int)value)
        {
            Throw(value);
        }

        return (int)value;

        [DoesNotReturn]
        static void Throw(long value) => throw new ArgumentException($"A size is {value}; this function of cuBLAS counts up to {int.MaxValue}.");
    }
}
