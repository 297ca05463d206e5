using CudnnNet.Interop;

namespace CudnnNet;

// Choosing an algorithm.
public sealed unsafe partial class MatrixMultiplication
{
    /// <summary>The alignment that memory from <see cref="CudaContext.Allocate{T}(long)"/> has at least, in bytes.</summary>
    private const int AllocationAlignment = 256;

    /// <summary>What cuBLASLt's heuristics propose, the one expected to be fastest first; empty where it has no algorithm for the multiplication. Nothing is run.</summary>
    /// <remarks>Set what is read besides the matrices before: bias, auxiliary matrix and scales may decide.</remarks>
    /// <param name="workspaceLimit">The most workspace allowed, in bytes.</param>
    /// <param name="count">The most algorithms wanted.</param>
    /// <param name="alignment">The bytes to which the addresses of all matrices will be aligned, a power of 2; whole allocations are aligned to 256.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative, no algorithm is wanted, or the alignment is no power of 2.</exception>
    /// <exception cref="CublasLtException">cuBLASLt finds a contradiction in the multiplication.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public IReadOnlyList<MatrixAlgorithm> GetHeuristics(long workspaceLimit = long.MaxValue, int count = 8, int alignment = AllocationAlignment) =>
        Propose(workspaceLimit, count, alignment, out _);

    /// <summary>The algorithm cuBLASLt's heuristics expect to be fastest.</summary>
    /// <param name="workspaceLimit">The most workspace allowed, in bytes.</param>
    /// <param name="alignment">The bytes to which the addresses of all matrices will be aligned, a power of 2; whole allocations are aligned to 256.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative or the alignment is no power of 2.</exception>
    /// <exception cref="InvalidOperationException">cuBLASLt has no algorithm; the message says for what, with the library's own words.</exception>
    /// <exception cref="CublasLtException">cuBLASLt finds a contradiction in the multiplication.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public MatrixAlgorithm Choose(long workspaceLimit = long.MaxValue, int alignment = AllocationAlignment)
    {
        MatrixAlgorithm[] proposals = Propose(workspaceLimit, 8, alignment, out string words);
        foreach (MatrixAlgorithm proposal in proposals)
        {
            if (proposal.Succeeded && proposal.WorkspaceBytes <= workspaceLimit)
            {
                return proposal;
            }
        }

        string found = proposals.Length == 0 ? "none" : string.Join("; ", proposals.Select(proposal => $"{proposal.WorkspaceBytes} bytes, {proposal.Status}"));
        throw new InvalidOperationException(
            $"An algorithm with at most {workspaceLimit} bytes of workspace for addresses aligned to {alignment} bytes was asked for ({this}). " +
            $"cuBLASLt offers {found}{(words.Length == 0 ? "" : $": {words}")}. Change types, orders or the epilogue, or allow more workspace.");
    }

    private MatrixAlgorithm[] Propose(long workspaceLimit, int count, int alignment, out string words)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workspaceLimit);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (!int.IsPow2(alignment))
        {
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, $"Addresses were said to be aligned to {alignment} bytes; give a power of 2.");
        }

        cublasLtHandle_t handle = Enter();
        cublasLtMatmulPreference_t preference;
        CublasLt.Check(CublasLt.cublasLtMatmulPreferenceCreate(&preference));
        try
        {
            Prefer(preference, cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, (ulong)workspaceLimit);
            Prefer(preference, cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, (uint)alignment);
            Prefer(preference, cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, (uint)alignment);
            Prefer(preference, cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, (uint)alignment);
            Prefer(preference, cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, (uint)alignment);
            cublasLtMatmulHeuristicResult_t[] results = new cublasLtMatmulHeuristicResult_t[count];
            int returned = 0;
            cublasStatus_t status;
            fixed (cublasLtMatmulHeuristicResult_t* first = results)
            {
                status = CublasLt.cublasLtMatmulAlgoGetHeuristic(handle, _descriptor, _a, _b, _c, _d, preference, count, first, &returned);
            }

            words = "";
            if (status == cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED)
            {
                words = LastErrorText.Of(status, NativeLibraryId.CublasLt);
                return [];
            }

            CublasLt.Check(status, nameof(CublasLt.cublasLtMatmulAlgoGetHeuristic));
            MatrixAlgorithm[] algorithms = new MatrixAlgorithm[returned];
            for (int i = 0; i < returned; i++)
            {
                algorithms[i] = new(results[i].algo, (long)results[i].workspaceSize, results[i].wavesCount, results[i].state, alignment);
            }

            return algorithms;
        }
        finally
        {
            _ = CublasLt.cublasLtMatmulPreferenceDestroy(preference);
        }
    }

    private static void Prefer<T>(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute, T value)
        where T : unmanaged => CublasLt.Check(CublasLt.cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, (nuint)sizeof(T)));
}
