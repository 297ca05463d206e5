using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Matrices of one size anywhere in device memory, found through an array of pointers that lies there too.</summary>
/// <typeparam name="T">The element, as of <see cref="DeviceMatrix{T}"/>.</typeparam>
/// <remarks>
/// The pointers are read when the operation runs, so that work queued earlier may write them; whether the matrices are large enough is
/// therefore for the device to find out. It owns nothing and keeps nothing alive, neither the pointers nor what they point to.
/// </remarks>
public readonly record struct DeviceMatrixArray<T>
    where T : unmanaged
{
    /// <summary>Column-major matrices of <paramref name="rows"/> x <paramref name="columns"/> elements, one a pointer.</summary>
    /// <param name="pointers">The addresses of the first elements.</param>
    /// <param name="rows">Rows of each; may be 0.</param>
    /// <param name="columns">Columns of each; may be 0.</param>
    /// <param name="leadingDimension">Elements from one column to the next, at least max(1, rows); null: without gaps.</param>
    /// <exception cref="ArgumentException">A size is negative or the leading dimension too small.</exception>
    public DeviceMatrixArray(DeviceSpan<DevicePointer> pointers, long rows, long columns, long? leadingDimension = null)
        : this(pointers, MatrixForm.Of(rows, columns, leadingDimension))
    {
    }

    private DeviceMatrixArray(DeviceSpan<DevicePointer> pointers, MatrixForm form)
    {
        Pointers = pointers;
        Form = form;
    }

    /// <summary>The addresses of the matrices.</summary>
    public DeviceSpan<DevicePointer> Pointers { get; }

    /// <summary>The number of matrices.</summary>
    public long Count => Pointers.Length;

    /// <summary>Rows of each matrix as it is taken.</summary>
    public long Rows => Form.Rows;

    /// <summary>Columns of each matrix as it is taken.</summary>
    public long Columns => Form.Columns;

    /// <summary>Elements from one column to the next of a matrix as it lies.</summary>
    public long LeadingDimension => Math.Max(1, Form.Leading);

    /// <summary>How the matrices are taken.</summary>
    public MatrixOperation Operation => Form.Operation;

    /// <summary>The transposes: the same memory, taken the other way.</summary>
    /// <exception cref="InvalidOperationException">The matrices are taken conjugated.</exception>
    public DeviceMatrixArray<T> Transposed => new(Pointers, Form.Transposed);

    /// <summary>The conjugate transposes: the same memory, taken the other way.</summary>
    /// <exception cref="InvalidOperationException">The matrices are taken transposed but not conjugated, and are complex.</exception>
    public DeviceMatrixArray<T> ConjugateTransposed => new(Pointers, MatrixTypes.IsComplex<T>() ? Form.ConjugateTransposed : Form.Transposed);

    /// <summary>How each lies and is taken.</summary>
    internal readonly MatrixForm Form;

    internal unsafe void** Raw => (void**)Pointers.Address;

    // By the letters of BLAS.
    internal unsafe float** S => (float**)Pointers.Address;

    internal unsafe double** D => (double**)Pointers.Address;

    internal unsafe float2** C => (float2**)Pointers.Address;

    internal unsafe double2** Z => (double2**)Pointers.Address;

    /// <summary>Type, number and sizes.</summary>
    public override string ToString() => $"{Count} of {typeof(T).Name}[{Form}, {Operation}] by pointers at {Pointers.Pointer}";
}
