using CudnnNet.Interop;

namespace CudnnNet;

// The memory besides the matrices: bias, auxiliary matrix, scales. cuBLASLt keeps the addresses; what lies there is read and written by the runs.
public sealed unsafe partial class MatrixMultiplication
{
    private bool _hasBias;
    private bool _hasAuxiliary;

    /// <summary>The type of the bias.</summary>
    public MatrixElementType BiasType { get; }

    /// <summary>The elements the bias of the epilogue takes; 0 where it has none.</summary>
    /// <remarks>D's rows, of <see cref="MatrixEpilogue.BiasGradientB"/> D's columns; in batches also <see cref="MatrixMultiplicationOptions.BiasStride"/> for every matrix but the last.</remarks>
    public long BiasElements => Options.Epilogue.HasBias()
        ? ((D.BatchCount - 1) * Math.Abs(Options.BiasStride)) + (Options.Epilogue == MatrixEpilogue.BiasGradientB ? D.Columns : D.Rows)
        : 0;

    /// <summary>The type of the auxiliary matrix; for ReLU <see cref="MatrixElementType.UInt8"/>, 8 bits an element of D's.</summary>
    public MatrixElementType AuxiliaryType { get; private set; }

    /// <summary>Elements, of ReLU bits, from one line of the auxiliary matrix to the next; 0 where there is none.</summary>
    public long AuxiliaryLeadingDimension { get; private set; }

    /// <summary>Elements, of ReLU bits, from one auxiliary matrix to the next.</summary>
    public long AuxiliaryStride { get; private set; }

    /// <summary>The memory the auxiliary matrices take, in bytes; 0 where the epilogue has none.</summary>
    /// <remarks>Element (i, j) is number i + j · <see cref="AuxiliaryLeadingDimension"/>, where D is row-major j + i · it. Bit n is bit n mod 8 of byte n / 8.</remarks>
    public long AuxiliaryBytes { get; private set; }

    /// <summary>Gives the epilogue its bias, to be read, or written by those that sum; it must outlive the work.</summary>
    /// <typeparam name="T">The type of <see cref="BiasType"/>.</typeparam>
    /// <param name="bias">At least <see cref="BiasElements"/>.</param>
    /// <exception cref="ArgumentException">The span is too short, or the bias has another type.</exception>
    /// <exception cref="InvalidOperationException">The epilogue has no bias.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the address.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void SetBias<T>(DeviceSpan<T> bias)
        where T : unmanaged
    {
        ThrowIfDisposed();
        if (!Options.Epilogue.HasBias())
        {
            throw new InvalidOperationException($"A bias was given to a multiplication whose epilogue, {Options.Epilogue}, has none. Name an epilogue with one in the options.");
        }

        CheckType<T>(BiasType, nameof(bias));
        CheckLength(bias.Length, BiasElements, nameof(bias));
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias.Address);
        _hasBias = true;
    }

    /// <summary>Gives the epilogue its auxiliary matrix, to be written, or read by gradients; it must outlive the work.</summary>
    /// <typeparam name="T">The type of <see cref="AuxiliaryType"/>, or <see cref="byte"/>.</typeparam>
    /// <param name="auxiliary">At least <see cref="AuxiliaryBytes"/>.</param>
    /// <exception cref="ArgumentException">The span is too short, or the auxiliary matrix has another type.</exception>
    /// <exception cref="InvalidOperationException">The epilogue has no auxiliary matrix.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the address.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void SetAuxiliary<T>(DeviceSpan<T> auxiliary)
        where T : unmanaged
    {
        ThrowIfDisposed();
        if (!Options.Epilogue.HasAuxiliary())
        {
            throw new InvalidOperationException(
                $"An auxiliary matrix was given to a multiplication whose epilogue, {Options.Epilogue}, has none. Name an epilogue with one in the options.");
        }

        if (typeof(T) != typeof(byte))
        {
            CheckType<T>(AuxiliaryType, nameof(auxiliary));
        }

        if (auxiliary.Bytes < AuxiliaryBytes)
        {
            throw new ArgumentException($"'{nameof(auxiliary)}' takes {AuxiliaryBytes} bytes; the span has {auxiliary.Bytes}.", nameof(auxiliary));
        }

        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, auxiliary.Address);
        _hasAuxiliary = true;
    }

    /// <summary>Gives a matrix its scale, by which it is multiplied when it is read, or before it is stored; it is read by every run and must outlive the work.</summary>
    /// <remarks>Scales are for floats of 8 bits: a GPU has no algorithm that scales other types.</remarks>
    /// <param name="operand">The matrix.</param>
    /// <param name="scale">One number; with <see cref="MatrixScaleMode.OuterVector"/> one for each row of op(A) or column of op(B); empty: no scale any more.</param>
    /// <exception cref="ArgumentException">The span is too short.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the address.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void SetScale(MatrixOperand operand, DeviceSpan<float> scale)
    {
        ThrowIfDisposed();
        (cublasLtMatmulDescAttributes_t attribute, long needed) = operand switch
        {
            MatrixOperand.A => (cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, Options.ScaleModeA == MatrixScaleMode.OuterVector ? D.Rows : 1),
            MatrixOperand.B => (cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, Options.ScaleModeB == MatrixScaleMode.OuterVector ? D.Columns : 1),
            MatrixOperand.C => (cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_C_SCALE_POINTER, 1L),
            MatrixOperand.D => (cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, 1L),
            MatrixOperand.Auxiliary => (cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_POINTER, 1L),
            _ => throw new ArgumentOutOfRangeException(nameof(operand), operand, $"{operand} is no matrix of a multiplication. Use one of {string.Join(", ", Enum.GetNames<MatrixOperand>())}."),
        };
        if (!scale.IsEmpty)
        {
            CheckLength(scale.Length, needed, nameof(scale));
        }

        Set(attribute, scale.IsEmpty ? 0 : scale.Address);
    }

    /// <summary>Where every run shall write the greatest absolute value of the result or of the auxiliary matrix, before it is scaled; it must outlive the work.</summary>
    /// <param name="operand"><see cref="MatrixOperand.D"/> or <see cref="MatrixOperand.Auxiliary"/>.</param>
    /// <param name="greatest">One number; empty: nowhere any more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The matrix is one that is read.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the address.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void SetGreatest(MatrixOperand operand, DeviceSpan<float> greatest)
    {
        ThrowIfDisposed();
        Set(
            operand switch
            {
                MatrixOperand.D => cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_AMAX_D_POINTER,
                MatrixOperand.Auxiliary => cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_AMAX_POINTER,
                _ => throw new ArgumentOutOfRangeException(nameof(operand), operand, $"The greatest value of {operand} is not found; that of D or Auxiliary is, which are written."),
            },
            greatest.IsEmpty ? 0 : greatest.Address);
    }

    private static void CheckType<T>(MatrixElementType type, string name)
        where T : unmanaged
    {
        MatrixElementType given = MatrixElementTypes.Of<T>();
        if (given != type)
        {
            throw new ArgumentException($"'{name}' was to hold {given}; the operation takes {type}.", name);
        }
    }

    private static void CheckLength(long length, long needed, string name)
    {
        if (length < needed)
        {
            throw new ArgumentException($"'{name}' takes {needed} element{(needed == 1 ? "" : "s")}; the span has {length}.", name);
        }
    }

    private void SizeAuxiliary()
    {
        MatrixEpilogue epilogue = Options.Epilogue;
        if (!epilogue.HasAuxiliary())
        {
            return;
        }

        bool bits = epilogue.HasBits();
        long multiple = bits ? 128 : 8;
        long least = Math.Max(multiple, MatrixLayout.RoundUp(D.LineLength, multiple));
        long leading = Options.AuxiliaryLeadingDimension ?? least;
        long stride = Options.AuxiliaryStride ?? checked(leading * D.Lines);
        if (leading < least || leading % multiple != 0)
        {
            throw new ArgumentException(
                $"The auxiliary matrix of {epilogue} was to have the leading dimension {leading}; for {D} it must be a multiple of {multiple} and at least {least}.");
        }

        if (bits && stride % 8 != 0)
        {
            throw new ArgumentException($"The auxiliary matrices of {epilogue} were to lie {stride} bits apart; each must begin with a byte, at a multiple of 8.");
        }

        AuxiliaryType = bits ? MatrixElementType.UInt8 : Options.AuxiliaryType ?? (D.Type.IsFloat8() ? C.Type : D.Type);
        AuxiliaryLeadingDimension = leading;
        AuxiliaryStride = stride;
        long elements = checked(((D.BatchCount - 1) * Math.Abs(stride)) + (leading * D.Lines));
        AuxiliaryBytes = bits ? elements / 8 : checked(elements * AuxiliaryType.SizeInBytes());
    }
}
