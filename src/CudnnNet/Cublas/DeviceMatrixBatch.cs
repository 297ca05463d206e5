using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Matrices of one size in device memory, the same distance apart.</summary>
/// <typeparam name="T">The element, as of <see cref="DeviceMatrix{T}"/>.</typeparam>
/// <remarks>Column-major as <see cref="DeviceMatrix{T}"/>. It owns nothing and keeps nothing alive.</remarks>
public readonly record struct DeviceMatrixBatch<T>
    where T : unmanaged
{
    /// <summary>Column-major matrices of <paramref name="rows"/> x <paramref name="columns"/> elements, the first at the start of <paramref name="elements"/>.</summary>
    /// <param name="elements">The memory.</param>
    /// <param name="rows">Rows of each; may be 0.</param>
    /// <param name="columns">Columns of each; may be 0.</param>
    /// <param name="count">The number of matrices; may be 0.</param>
    /// <param name="leadingDimension">Elements from one column to the next, at least max(1, rows); null: without gaps.</param>
    /// <param name="stride">Elements from one matrix to the next; 0 takes the same again; null: leading dimension · columns.</param>
    /// <exception cref="ArgumentException">A size or the stride is negative, the leading dimension too small or the span too short.</exception>
    public DeviceMatrixBatch(DeviceSpan<T> elements, long rows, long columns, long count, long? leadingDimension = null, long? stride = null)
    {
        Form = MatrixForm.Of(rows, columns, leadingDimension);
        Stride = stride ?? checked(Form.Leading * columns);
        if (count < 0 || Stride < 0)
        {
            ThrowNegative(count, Stride);
        }

        long needed = count == 0 || Form.Extent == 0 ? 0 : checked(((count - 1) * Stride) + Form.Extent);
        Form.Require(elements.Length, needed, count);
        Pointer = elements.Pointer;
        Count = count;
    }

    private DeviceMatrixBatch(DevicePointer pointer, MatrixForm form, long stride, long count)
    {
        Pointer = pointer;
        Form = form;
        Stride = stride;
        Count = count;
    }

    /// <summary>The address of the first matrix.</summary>
    public DevicePointer Pointer { get; }

    /// <summary>The number of matrices.</summary>
    public long Count { get; }

    /// <summary>Rows of each matrix as it is taken.</summary>
    public long Rows => Form.Rows;

    /// <summary>Columns of each matrix as it is taken.</summary>
    public long Columns => Form.Columns;

    /// <summary>Elements from one column to the next of a matrix as it lies.</summary>
    public long LeadingDimension => Math.Max(1, Form.Leading);

    /// <summary>Elements from one matrix to the next.</summary>
    public long Stride { get; }

    /// <summary>How the matrices are taken.</summary>
    public MatrixOperation Operation => Form.Operation;

    /// <summary>The transposes: the same memory, taken the other way.</summary>
    /// <exception cref="InvalidOperationException">The matrices are taken conjugated.</exception>
    public DeviceMatrixBatch<T> Transposed => new(Pointer, Form.Transposed, Stride, Count);

    /// <summary>The conjugate transposes: the same memory, taken the other way.</summary>
    /// <exception cref="InvalidOperationException">The matrices are taken transposed but not conjugated, and are complex.</exception>
    public DeviceMatrixBatch<T> ConjugateTransposed => new(Pointer, MatrixTypes.IsComplex<T>() ? Form.ConjugateTransposed : Form.Transposed, Stride, Count);

    /// <summary>Matrix number <paramref name="index"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such matrix.</exception>
    public DeviceMatrix<T> this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return new(Pointer.Offset(index * Stride * Unsafe.SizeOf<T>()), Form);
        }
    }

    /// <summary>How each lies and is taken.</summary>
    internal readonly MatrixForm Form;

    internal unsafe void* Raw => Pointer.Raw;

    // By the letters of BLAS.
    internal unsafe float* S => (float*)Pointer.Raw;

    internal unsafe double* D => (double*)Pointer.Raw;

    internal unsafe float2* C => (float2*)Pointer.Raw;

    internal unsafe double2* Z => (double2*)Pointer.Raw;

    /// <summary>Type, number and sizes.</summary>
    public override string ToString() => $"{Count} of {new DeviceMatrix<T>(Pointer, Form)}, {Stride} elements apart";

    [DoesNotReturn]
    private static void ThrowNegative(long count, long stride) => throw new ArgumentException(
        $"A batch has {count} matrices that lie {stride} elements apart; neither may be negative.");
}
