using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A change of layout, of type, or a sum of matrices: C = alpha · op(A) + beta · op(B).</summary>
/// <remarks>A, B and C may have orders, leading dimensions and types of their own; without B it is C = alpha · op(A).</remarks>
[SkipLocalsInit] // Factors have their room on the stack, which need not be cleared for every call.
public sealed unsafe class MatrixTransformation : CublasLtOperation
{
    private readonly cublasLtMatrixLayout_t _a;
    private readonly cublasLtMatrixLayout_t _b;
    private readonly cublasLtMatrixLayout_t _c;
    private readonly MatrixLayout _layoutA;
    private readonly MatrixLayout _layoutB;
    private readonly MatrixLayout _layoutC;
    private readonly bool _turnedA;
    private readonly bool _turnedB;
    private readonly cudaDataType _factor;
    private cublasLtMatrixTransformDesc_t _descriptor;
    private cublasLtPointerMode_t _pointerMode = cublasLtPointerMode_t.CUBLASLT_POINTER_MODE_HOST;

    /// <summary>Prepares C = alpha · op(A).</summary>
    /// <param name="lt">The handle in whose stream it will run.</param>
    /// <param name="a">The source, of C's sizes, or their exchange where it is taken transposed.</param>
    /// <param name="c">The result.</param>
    /// <param name="operationA">How A is taken.</param>
    /// <param name="factorType">The type of alpha and of the computation; null: double for doubles, else single.</param>
    /// <exception cref="ArgumentException">The layouts do not fit each other.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses a layout.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public MatrixTransformation(CublasLtHandle lt, MatrixLayout a, MatrixLayout c, MatrixOperation operationA = MatrixOperation.None, MatrixElementType? factorType = null)
        : this(lt, a, null, c, operationA, MatrixOperation.None, factorType)
    {
    }

    /// <summary>Prepares C = alpha · op(A) + beta · op(B).</summary>
    /// <param name="lt">The handle in whose stream it will run.</param>
    /// <param name="a">The first source, of C's sizes, or their exchange where it is taken transposed.</param>
    /// <param name="b">The second source, likewise.</param>
    /// <param name="c">The result.</param>
    /// <param name="operationA">How A is taken.</param>
    /// <param name="operationB">How B is taken.</param>
    /// <param name="factorType">The type of alpha and beta and of the computation; null: double for doubles, else single.</param>
    /// <exception cref="ArgumentException">The layouts do not fit each other.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses a layout.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public MatrixTransformation(
        CublasLtHandle lt,
        MatrixLayout a,
        MatrixLayout b,
        MatrixLayout c,
        MatrixOperation operationA = MatrixOperation.None,
        MatrixOperation operationB = MatrixOperation.None,
        MatrixElementType? factorType = null)
        : this(lt, a, (MatrixLayout?)b, c, operationA, operationB, factorType)
    {
    }

    private MatrixTransformation(
        CublasLtHandle lt, MatrixLayout a, MatrixLayout? b, MatrixLayout c, MatrixOperation operationA, MatrixOperation operationB, MatrixElementType? factorType)
        : base(lt)
    {
        try
        {
            CheckSource("a", a, operationA, c);
            CheckResult("c", c);
            (_layoutA, _layoutB, _layoutC, HasB) = (a, b ?? default, c, b is not null);
            (_turnedA, _turnedB) = (operationA != MatrixOperation.None, operationB != MatrixOperation.None);
            FactorType = factorType ?? (c.Type switch
            {
                MatrixElementType.Float64 or MatrixElementType.ComplexFloat32 or MatrixElementType.ComplexFloat64 => c.Type,
                _ => MatrixElementType.Float32,
            });
            _factor = (cudaDataType)FactorType;
            _a = Own(a);
            _c = Own(c);
            if (b is MatrixLayout second)
            {
                CheckSource("b", second, operationB, c);
                _b = Own(second);
            }

            cublasLtMatrixTransformDesc_t descriptor;
            CublasLt.Check(CublasLt.cublasLtMatrixTransformDescCreate(&descriptor, _factor));
            _descriptor = descriptor;
            Set(cublasLtMatrixTransformDescAttributes_t.CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA, (int)operationA);
            Set(cublasLtMatrixTransformDescAttributes_t.CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSB, (int)operationB);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How the first source lies.</summary>
    public MatrixLayout A => _layoutA;

    /// <summary>How the second source lies; null where there is none.</summary>
    public MatrixLayout? B => HasB ? _layoutB : null;

    /// <summary>How the result lies.</summary>
    public MatrixLayout C => _layoutC;

    /// <summary>The type of alpha and beta.</summary>
    public MatrixElementType FactorType { get; }

    /// <summary>The library's descriptor of the transformation, for calls on the raw floor.</summary>
    /// <remarks>Its pointer mode is that of the last run.</remarks>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public cublasLtMatrixTransformDesc_t Descriptor
    {
        get
        {
            ThrowIfDisposed();
            return _descriptor;
        }
    }

    private bool HasB { get; }

    /// <summary>Puts C = alpha · op(A) into the stream.</summary>
    /// <param name="alpha">The factor: a number, or a place on the device.</param>
    /// <param name="a">The source; null where <paramref name="alpha"/> is 0.</param>
    /// <param name="c">The result; may be <paramref name="a"/> where both have one layout and A is not taken transposed.</param>
    /// <exception cref="ArgumentException">An address is null, or the factor is of another type.</exception>
    /// <exception cref="InvalidOperationException">The operation adds two matrices.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(Scalar alpha, DevicePointer a, DevicePointer c)
    {
        if (HasB)
        {
            ThrowOther("two matrices; Run was given one");
        }

        cublasLtHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(_factor, nameof(alpha), out ScalarMemory factor);
        Check(alpha, a, _layoutA, _turnedA, c, nameof(a));
        CublasLt.Check(CublasLt.cublasLtMatrixTransform(
            handle, _descriptor, factor.Raw, a.Raw, _a, null, null, default, Address(c, _layoutC, nameof(c)), _c, Handle.Stream.KeptHandle));
    }

    /// <summary>Puts C = alpha · op(A) + beta · op(B) into the stream.</summary>
    /// <param name="alpha">The factor of A: a number, or a place on the device.</param>
    /// <param name="a">The first source; null where <paramref name="alpha"/> is 0.</param>
    /// <param name="beta">The factor of B, given as <paramref name="alpha"/> is.</param>
    /// <param name="b">The second source; null where <paramref name="beta"/> is 0.</param>
    /// <param name="c">The result; may be a source that has its layout and is not taken transposed.</param>
    /// <exception cref="ArgumentException">An address is null, or a factor is of another type or at another place than the other.</exception>
    /// <exception cref="InvalidOperationException">The operation has no B.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(Scalar alpha, DevicePointer a, Scalar beta, DevicePointer b, DevicePointer c)
    {
        if (!HasB)
        {
            ThrowOther("one matrix; Run was given two");
        }

        Scalar.CheckPlaces(alpha, beta);
        cublasLtHandle_t handle = Enter(alpha.IsOnDevice);
        alpha.As(_factor, nameof(alpha), out ScalarMemory first);
        beta.As(_factor, nameof(beta), out ScalarMemory second);
        Check(alpha, a, _layoutA, _turnedA, c, nameof(a));
        Check(beta, b, _layoutB, _turnedB, c, nameof(b));
        CublasLt.Check(CublasLt.cublasLtMatrixTransform(
            handle, _descriptor, first.Raw, a.Raw, _a, second.Raw, b.Raw, _b, Address(c, _layoutC, nameof(c)), _c, Handle.Stream.KeptHandle));
    }

    private protected override void Release()
    {
        if (_descriptor != default)
        {
            _ = CublasLt.cublasLtMatrixTransformDescDestroy(_descriptor);
            _descriptor = default;
        }

        base.Release();
    }

    private static void CheckSource(string name, MatrixLayout source, MatrixOperation operation, MatrixLayout result)
    {
        (long rows, long columns) = Sizes(source, operation);
        if (rows != result.Rows || columns != result.Columns)
        {
            throw new ArgumentException($"'{name}' is taken as {rows} x {columns} and was to become {result.Rows} x {result.Columns}; both must have the same sizes.", name);
        }

        CheckBatch(name, source, "c", result);
    }

    private void Check(in Scalar factor, DevicePointer source, in MatrixLayout layout, bool turned, DevicePointer result, string name)
    {
        if (!factor.IsZero)
        {
            _ = Address(source, layout, name);
            CheckInPlace(source, layout, result, _layoutC, name);
            if (turned && source == result && !layout.IsEmpty)
            {
                ThrowTurned(name);
            }
        }

        [DoesNotReturn]
        static void ThrowTurned(string name) => throw new ArgumentException(
            $"'{name}' is taken transposed and was to be overwritten by the result while it is read. Give the result other memory.", name);
    }

    private cublasLtHandle_t Enter(bool onDevice)
    {
        cublasLtHandle_t handle = Enter();
        cublasLtPointerMode_t mode = onDevice ? cublasLtPointerMode_t.CUBLASLT_POINTER_MODE_DEVICE : cublasLtPointerMode_t.CUBLASLT_POINTER_MODE_HOST;
        if (mode != _pointerMode)
        {
            Set(cublasLtMatrixTransformDescAttributes_t.CUBLASLT_MATRIX_TRANSFORM_DESC_POINTER_MODE, (int)mode);
            _pointerMode = mode;
        }

        return handle;
    }

    private void Set<T>(cublasLtMatrixTransformDescAttributes_t attribute, T value)
        where T : unmanaged => CublasLt.Check(CublasLt.cublasLtMatrixTransformDescSetAttribute(_descriptor, attribute, &value, (nuint)sizeof(T)));

    [DoesNotReturn]
    private static void ThrowOther(string found) => throw new InvalidOperationException($"The transformation was prepared for {found}. Call the other Run, or prepare it with the layouts that are run.");
}
