using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudnnNet.Interop;

namespace CudnnNet;

// Products of several sizes in one call.
public sealed unsafe partial class CublasHandle
{
    // Up to here the descriptions of the groups are put on the stack.
    private const int GroupsOnStack = 64;

    /// <summary>Products of several sizes in one call: C = alpha · op(A) · op(B) + beta · C for each, in groups of one size; the matrices are found through pointers on the device.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>, since cuBLAS 12.4; <see cref="Half"/> or <see cref="BFloat16"/>, whose products are summed
    /// in single precision, since cuBLAS 12.8.</typeparam>
    /// <param name="groups">The groups, in the order of the pointers.</param>
    /// <param name="a">A pointer to the A of each product, all groups one after the other.</param>
    /// <param name="b">A pointer to the B of each product.</param>
    /// <param name="c">A pointer to the C of each product; the C must not overlap.</param>
    /// <exception cref="ArgumentException">A size is negative, a leading dimension too small, a factor lies on the device, there are fewer pointers than products, or cuBLAS has no such function of the type.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the call.</exception>
    /// <exception cref="MissingFunctionException">cuBLAS is older.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void GemmGroupedBatched<T>(ReadOnlySpan<GemmGroup> groups, DeviceSpan<DevicePointer> a, DeviceSpan<DevicePointer> b, DeviceSpan<DevicePointer> c)
        where T : unmanaged
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double) && !MatrixTypes.IsNarrow<T>())
        {
            MatrixTypes.ThrowUnsupported<T>(MatrixTypes.RealVectors);
        }

        GemmGrouped<T, T>(typeof(T) == typeof(double) ? MatrixComputeType.Float64 : MatrixComputeType.Float32, groups, a, b, c, lettered: !MatrixTypes.IsNarrow<T>());
    }

    /// <summary>As <see cref="GemmGroupedBatched"/>, with types and arithmetic of the caller's choice; since cuBLAS 12.8.</summary>
    /// <typeparam name="TInput">The type of the A and B.</typeparam>
    /// <typeparam name="TOutput">The type of the C.</typeparam>
    /// <inheritdoc cref="GemmGroupedBatched" path="/exception"/>
    /// <param name="compute">In which arithmetic products are formed and summed.</param>
    /// <param name="groups">The groups, in the order of the pointers.</param>
    /// <param name="a">A pointer to the A of each product, all groups one after the other.</param>
    /// <param name="b">A pointer to the B of each product.</param>
    /// <param name="c">A pointer to the C of each product; the C must not overlap.</param>
    public void GemmGroupedBatchedEx<TInput, TOutput>(
        MatrixComputeType compute, ReadOnlySpan<GemmGroup> groups, DeviceSpan<DevicePointer> a, DeviceSpan<DevicePointer> b, DeviceSpan<DevicePointer> c)
        where TInput : unmanaged
        where TOutput : unmanaged => GemmGrouped<TInput, TOutput>(compute, groups, a, b, c, lettered: false);

    private void GemmGrouped<TInput, TOutput>(
        MatrixComputeType compute, ReadOnlySpan<GemmGroup> groups, DeviceSpan<DevicePointer> a, DeviceSpan<DevicePointer> b, DeviceSpan<DevicePointer> c, bool lettered)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        cublasHandle_t handle = Enter(onDevice: false);
        cudaDataType scale = MatrixTypes.FactorOf(compute, MatrixTypes.IsComplex<TOutput>());
        int count = groups.Length;
        int bytes = Math.Max(count, 1) * GroupArrays.BytesPerGroup;
        byte* heap = count > GroupsOnStack ? (byte*)NativeMemory.Alloc((nuint)bytes) : null;
        try
        {
            byte* stack = stackalloc byte[heap == null ? bytes : 0];
            GroupArrays arrays = new(heap == null ? stack : heap, count);
            long products = 0;
            for (int i = 0; i < count; i++)
            {
                arrays.Write(i, groups[i], scale);
                products = checked(products + groups[i].Count);
            }

            void** pointersA = (void**)Result(a, nameof(a), products);
            void** pointersB = (void**)Result(b, nameof(b), products);
            void** pointersC = (void**)Result(c, nameof(c), products);
            if (lettered && typeof(TInput) == typeof(float))
            {
                Cublas.Check(Cublas.cublasSgemmGroupedBatched_64(
                    handle, arrays.TakeA, arrays.TakeB, arrays.M, arrays.N, arrays.K, (float*)arrays.Alpha, (float**)pointersA, arrays.Lda,
                    (float**)pointersB, arrays.Ldb, (float*)arrays.Beta, (float**)pointersC, arrays.Ldc, count, arrays.Sizes));
            }
            else if (lettered)
            {
                Cublas.Check(Cublas.cublasDgemmGroupedBatched_64(
                    handle, arrays.TakeA, arrays.TakeB, arrays.M, arrays.N, arrays.K, (double*)arrays.Alpha, (double**)pointersA, arrays.Lda,
                    (double**)pointersB, arrays.Ldb, (double*)arrays.Beta, (double**)pointersC, arrays.Ldc, count, arrays.Sizes));
            }
            else
            {
                Cublas.Check(Cublas.cublasGemmGroupedBatchedEx_64(
                    handle, arrays.TakeA, arrays.TakeB, arrays.M, arrays.N, arrays.K, arrays.Alpha, pointersA, MatrixTypes.Of<TInput>(), arrays.Lda,
                    pointersB, MatrixTypes.Of<TInput>(), arrays.Ldb, arrays.Beta, pointersC, MatrixTypes.Of<TOutput>(), arrays.Ldc, count, arrays.Sizes,
                    (cublasComputeType_t)compute));
            }
        }
        finally
        {
            NativeMemory.Free(heap);
        }
    }

    /// <summary>The groups as cuBLAS takes them: an array of each property.</summary>
    private readonly ref struct GroupArrays(byte* memory, int count)
    {
        private const int Longs = 7;
        private const int FactorBytes = 16;

        internal const int BytesPerGroup = (Longs * sizeof(long)) + (2 * FactorBytes) + (2 * sizeof(cublasOperation_t));

        internal long* M => (long*)memory;

        internal long* N => M + count;

        internal long* K => N + count;

        internal long* Lda => K + count;

        internal long* Ldb => Lda + count;

        internal long* Ldc => Ldb + count;

        internal long* Sizes => Ldc + count;

        internal byte* Alpha => (byte*)(Sizes + count);

        internal byte* Beta => Alpha + (count * FactorBytes);

        internal cublasOperation_t* TakeA => (cublasOperation_t*)(Beta + (count * FactorBytes));

        internal cublasOperation_t* TakeB => TakeA + count;

        internal void Write(int i, in GemmGroup group, cudaDataType scale)
        {
            if (group.Count < 0 || group.Alpha.IsOnDevice || group.Beta.IsOnDevice)
            {
                throw new ArgumentException(
                    $"Group {i} has {group.Count} products, alpha {group.Alpha} and beta {group.Beta}. The number may not be negative, and the factors must be numbers.", nameof(group));
            }

            (M[i], N[i], K[i], Sizes[i]) = (group.M, group.N, group.K, group.Count);
            (Lda[i], Ldb[i], Ldc[i]) = (group.A.Leading, group.B.Leading, group.C.Leading);
            (TakeA[i], TakeB[i]) = ((cublasOperation_t)group.OperationA, (cublasOperation_t)group.OperationB);
            int size = MatrixTypes.SizeOf(scale);
            group.Alpha.As(scale, "alpha", out ScalarMemory factor);
            group.Beta.As(scale, "beta", out ScalarMemory keep);
            Unsafe.CopyBlockUnaligned(Alpha + (i * size), factor.Host, (uint)size);
            Unsafe.CopyBlockUnaligned(Beta + (i * size), keep.Host, (uint)size);
        }
    }
}
