using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>An operation of cuBLASLt, made once of its layouts and run as often as wanted.</summary>
/// <remarks>
/// <para>Running puts the work into the handle's stream and returns: it allocates nothing, neither managed nor on the device, and waits for nothing.
/// Device memory is the caller's and must outlive the work.</para>
/// <para>With a factor of 0 the matrix it belongs to is not read and may hold anything.</para>
/// <para>Using a disposed operation throws <see cref="ObjectDisposedException"/>. One operation is used by one thread at a time.</para>
/// </remarks>
public abstract class CublasLtOperation : NativeOwner
{
    private readonly List<NativeOwner> _descriptors = [];

    private protected CublasLtOperation(CublasLtHandle lt)
        : base(Existing(lt)) => Handle = lt;

    /// <summary>The handle whose stream the operation runs in.</summary>
    public CublasLtHandle Handle { get; }

    /// <summary>Describes <paramref name="layout"/> to the library for as long as this operation lives.</summary>
    private protected cublasLtMatrixLayout_t Own(MatrixLayout layout)
    {
        MatrixLayoutDescriptor descriptor = new(layout);
        _descriptors.Add(descriptor);
        return descriptor.Handle;
    }

    /// <summary>Checks that the operation can run, makes its context current and returns the library's handle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected cublasLtHandle_t Enter()
    {
        ThrowIfDisposed();
        return Handle.Enter();
    }

    /// <summary>The raw address of a matrix, which may be null where it has no elements.</summary>
    /// <exception cref="ArgumentNullException">It has elements, and the address is null.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static unsafe void* Address(DevicePointer matrix, in MatrixLayout layout, string name) =>
        layout.IsEmpty ? matrix.Raw : matrix.Required(name);

    /// <summary>The sizes of a matrix as it is taken.</summary>
    private protected static (long Rows, long Columns) Sizes(MatrixLayout layout, MatrixOperation operation) =>
        operation == MatrixOperation.None ? (layout.Rows, layout.Columns) : (layout.Columns, layout.Rows);

    /// <exception cref="ArgumentException">The batches have different numbers of matrices.</exception>
    private protected static void CheckBatch(string name, MatrixLayout matrix, string resultName, MatrixLayout result)
    {
        if (matrix.BatchCount != result.BatchCount)
        {
            throw new ArgumentException(
                $"'{name}' is a batch of {matrix.BatchCount} and '{resultName}' one of {result.BatchCount}; all must have the same number. A stride of 0 takes one matrix again and again.", name);
        }
    }

    /// <exception cref="ArgumentException">All results of the batch would lie at one place.</exception>
    private protected static void CheckResult(string name, MatrixLayout result)
    {
        if (result is { BatchCount: > 1, BatchMode: MatrixBatchMode.Strided, BatchStride: 0 })
        {
            throw new ArgumentException($"'{name}' is a batch of {result.BatchCount} results with a stride of 0, so that each would overwrite the one before. Give it a stride.", name);
        }
    }

    /// <exception cref="ArgumentException">A matrix was to be written or added in place, and lies there in two ways.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static void CheckInPlace(DevicePointer source, in MatrixLayout sourceLayout, DevicePointer result, in MatrixLayout resultLayout, string name)
    {
        if (source == result && sourceLayout != resultLayout)
        {
            Throw(sourceLayout, resultLayout, name);
        }

        [DoesNotReturn]
        static void Throw(MatrixLayout source, MatrixLayout result, string name) => throw new ArgumentException(
            $"'{name}' is the memory of the result, but lies as {source} and the result as {result}. Give both the same layout, or other memory.", name);
    }

    private protected override void Release()
    {
        foreach (NativeOwner descriptor in _descriptors)
        {
            descriptor.Dispose();
        }
    }
}
