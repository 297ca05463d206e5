namespace CudnnNet;

/// <summary>How matrices are multiplied: arithmetic, transpositions, what follows, and where factors are.</summary>
public sealed record MatrixMultiplicationOptions
{
    /// <summary>In which arithmetic products are formed and summed.</summary>
    public MatrixComputeType Compute { get; init; } = MatrixComputeType.Float32;

    /// <summary>The type of alpha and beta; null: what <see cref="Compute"/> says, complex where the result is, single where integers become 8-bit ones.</summary>
    public MatrixElementType? FactorType { get; init; }

    /// <summary>Where alpha and beta are.</summary>
    public FactorPlace Factors { get; init; }

    /// <summary>Elements from one matrix's vector of factors to the next one's, where factors are vectors; 0: all use the same.</summary>
    public long FactorStride { get; init; }

    /// <summary>How A is taken.</summary>
    public MatrixOperation OperationA { get; init; }

    /// <summary>How B is taken.</summary>
    public MatrixOperation OperationB { get; init; }

    /// <summary>What follows the multiplication.</summary>
    public MatrixEpilogue Epilogue { get; init; } = MatrixEpilogue.None;

    /// <summary>The type of the bias; null: D's, for 8-bit integers the factors', for 8-bit floats C's.</summary>
    public MatrixElementType? BiasType { get; init; }

    /// <summary>Elements from one matrix's bias to the next one's; 0: all use the same.</summary>
    public long BiasStride { get; init; }

    /// <summary>The type of the auxiliary matrix of GELU; null: D's, for 8-bit floats C's. That of ReLU is made of bits.</summary>
    public MatrixElementType? AuxiliaryType { get; init; }

    /// <summary>Elements, of ReLU bits, from one line of the auxiliary matrix to the next; it lies in D's order. A multiple of 8, of ReLU of 128,
    /// and at least D's rows (row-major: columns); null: the least.</summary>
    public long? AuxiliaryLeadingDimension { get; init; }

    /// <summary>Elements, of ReLU bits, from one auxiliary matrix to the next; null: without gaps.</summary>
    public long? AuxiliaryStride { get; init; }

    /// <summary>How many scales A has.</summary>
    public MatrixScaleMode ScaleModeA { get; init; }

    /// <summary>How many scales B has.</summary>
    public MatrixScaleMode ScaleModeB { get; init; }

    /// <summary>Whether 8-bit floats may be summed less exactly.</summary>
    public bool FastAccumulation { get; init; }

    /// <summary>How many multiprocessors to count on, where others work beside it; 0: all of them.</summary>
    public int SmCountTarget { get; init; }
}
