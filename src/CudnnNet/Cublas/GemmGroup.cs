namespace CudnnNet;

/// <summary>Products of one size among others, for <see cref="CublasHandle.GemmGroupedBatched"/>: C = alpha · op(A) · op(B) + beta · C for each.</summary>
/// <param name="Count">The number of products.</param>
/// <param name="M">Rows of a C and of an op(A).</param>
/// <param name="N">Columns of a C and of an op(B).</param>
/// <param name="K">Columns of an op(A), rows of an op(B).</param>
public readonly record struct GemmGroup(long Count, long M, long N, long K)
{
    /// <summary>How the A are taken; column-major.</summary>
    public MatrixOperation OperationA { get; init; }

    /// <summary>How the B are taken; column-major.</summary>
    public MatrixOperation OperationB { get; init; }

    /// <summary>Elements from one column of an A to the next; null: without gaps.</summary>
    public long? LeadingDimensionA { get; init; }

    /// <summary>Elements from one column of a B to the next; null: without gaps.</summary>
    public long? LeadingDimensionB { get; init; }

    /// <summary>Elements from one column of a C to the next; null: without gaps.</summary>
    public long? LeadingDimensionC { get; init; }

    /// <summary>The factor of the products, a number; 1 unless said otherwise.</summary>
    public Scalar Alpha { get; init; } = 1;

    /// <summary>The factor of what the C held before, a number; 0, unless said otherwise: they are not read.</summary>
    public Scalar Beta { get; init; }

    /// <summary>How the A lie.</summary>
    internal MatrixForm A => MatrixForm.Of(OperationA == MatrixOperation.None ? M : K, OperationA == MatrixOperation.None ? K : M, LeadingDimensionA);

    /// <summary>How the B lie.</summary>
    internal MatrixForm B => MatrixForm.Of(OperationB == MatrixOperation.None ? K : N, OperationB == MatrixOperation.None ? N : K, LeadingDimensionB);

    /// <summary>How the C lie.</summary>
    internal MatrixForm C => MatrixForm.Of(M, N, LeadingDimensionC);
}
