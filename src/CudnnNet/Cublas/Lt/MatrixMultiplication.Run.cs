using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

// Putting the multiplication into the stream.
public sealed unsafe partial class MatrixMultiplication
{
    /// <summary>Puts the multiplication into the stream, with one alpha and one beta.</summary>
    /// <param name="algorithm">From <see cref="Choose"/> or <see cref="GetHeuristics"/> of this operation.</param>
    /// <param name="alpha">The factor of the product: a number or, as <see cref="MatrixMultiplicationOptions.Factors"/> says, a place on the device.</param>
    /// <param name="a">The first factor, or the array of pointers to it.</param>
    /// <param name="b">The second factor, or the array of pointers to it.</param>
    /// <param name="beta">The factor of <paramref name="c"/>, given as <paramref name="alpha"/> is; 0: it is not read.</param>
    /// <param name="c">What is added; may be <paramref name="d"/> where both have one layout, and null where <paramref name="beta"/> is 0.</param>
    /// <param name="d">The result.</param>
    /// <param name="workspace">At least <see cref="MatrixAlgorithm.WorkspaceBytes"/>, aligned to 256 bytes; its content is lost.</param>
    /// <exception cref="ArgumentException">An address is null or not aligned as the algorithm wants, the workspace too short, or a factor is not where the options say or of another type.</exception>
    /// <exception cref="InvalidOperationException">The epilogue's bias or auxiliary matrix was not given.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(
        in MatrixAlgorithm algorithm, Scalar alpha, DevicePointer a, DevicePointer b, Scalar beta, DevicePointer c, DevicePointer d, DeviceSpan<byte> workspace = default)
    {
        FactorPlace place = alpha.IsOnDevice ? FactorPlace.Device : FactorPlace.Host;
        if (place != _factors || alpha.IsOnDevice != beta.IsOnDevice)
        {
            ThrowFactors($"alpha is {alpha} and beta {beta}");
        }

        alpha.As(_factor, nameof(alpha), out ScalarMemory factor);
        beta.As(_factor, nameof(beta), out ScalarMemory keep);
        Launch(algorithm, factor.Raw, a, b, keep.Raw, beta.IsZero, c, d, workspace);
    }

    /// <summary>Puts the multiplication into the stream, with an alpha for each row of the result and one beta.</summary>
    /// <typeparam name="T">The type of <see cref="FactorType"/>.</typeparam>
    /// <param name="algorithm">From <see cref="Choose"/> or <see cref="GetHeuristics"/> of this operation.</param>
    /// <param name="alpha">The factors of the product's rows, in batches <see cref="MatrixMultiplicationOptions.FactorStride"/> apart.</param>
    /// <param name="a">The first factor, or the array of pointers to it.</param>
    /// <param name="b">The second factor, or the array of pointers to it.</param>
    /// <param name="beta">The factor of <paramref name="c"/>, a number; with <see cref="FactorPlace.AlphaDeviceVectorBetaZero"/> 0.</param>
    /// <param name="c">What is added; may be <paramref name="d"/> where both have one layout, and null where <paramref name="beta"/> is 0.</param>
    /// <param name="d">The result.</param>
    /// <param name="workspace">At least <see cref="MatrixAlgorithm.WorkspaceBytes"/>, aligned to 256 bytes; its content is lost.</param>
    /// <exception cref="ArgumentException">An address is null or not aligned as the algorithm wants, a span too short, or a factor is not where the options say or of another type.</exception>
    /// <exception cref="InvalidOperationException">The epilogue's bias or auxiliary matrix was not given.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run<T>(
        in MatrixAlgorithm algorithm, DeviceSpan<T> alpha, DevicePointer a, DevicePointer b, Scalar beta, DevicePointer c, DevicePointer d, DeviceSpan<byte> workspace = default)
        where T : unmanaged
    {
        bool fits = _factors == FactorPlace.AlphaDeviceVectorBetaHost ? !beta.IsOnDevice : _factors == FactorPlace.AlphaDeviceVectorBetaZero && beta.IsZero;
        if (!fits)
        {
            ThrowFactors($"alpha is a vector and beta is {beta}");
        }

        CheckVector(alpha, nameof(alpha));
        beta.As(_factor, nameof(beta), out ScalarMemory keep);
        Launch(algorithm, alpha.Pointer.Raw, a, b, keep.Raw, beta.IsZero, c, d, workspace);
    }

    /// <summary>Puts the multiplication into the stream, with an alpha and a beta for each row of the result.</summary>
    /// <typeparam name="T">The type of <see cref="FactorType"/>.</typeparam>
    /// <param name="algorithm">From <see cref="Choose"/> or <see cref="GetHeuristics"/> of this operation.</param>
    /// <param name="alpha">The factors of the product's rows, in batches <see cref="MatrixMultiplicationOptions.FactorStride"/> apart.</param>
    /// <param name="a">The first factor, or the array of pointers to it.</param>
    /// <param name="b">The second factor, or the array of pointers to it.</param>
    /// <param name="beta">The factors of the rows of <paramref name="c"/>, as far apart.</param>
    /// <param name="c">What is added; may be <paramref name="d"/> where both have one layout.</param>
    /// <param name="d">The result.</param>
    /// <param name="workspace">At least <see cref="MatrixAlgorithm.WorkspaceBytes"/>, aligned to 256 bytes; its content is lost.</param>
    /// <exception cref="ArgumentException">An address is null or not aligned as the algorithm wants, a span too short, or the factors are not where the options say or of another type.</exception>
    /// <exception cref="InvalidOperationException">The epilogue's bias or auxiliary matrix was not given.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run<T>(
        in MatrixAlgorithm algorithm, DeviceSpan<T> alpha, DevicePointer a, DevicePointer b, DeviceSpan<T> beta, DevicePointer c, DevicePointer d, DeviceSpan<byte> workspace = default)
        where T : unmanaged
    {
        if (_factors != FactorPlace.DeviceVectors)
        {
            ThrowFactors("alpha and beta are vectors");
        }

        CheckVector(alpha, nameof(alpha));
        CheckVector(beta, nameof(beta));
        Launch(algorithm, alpha.Pointer.Raw, a, b, beta.Pointer.Raw, false, c, d, workspace);
    }

    private void Launch(
        in MatrixAlgorithm algorithm, void* alpha, DevicePointer a, DevicePointer b, void* beta, bool unread, DevicePointer c, DevicePointer d, DeviceSpan<byte> workspace)
    {
        cublasLtHandle_t handle = Enter();
        void* first = Address(a, _layoutA, nameof(a));
        void* second = Address(b, _layoutB, nameof(b));
        void* prior = unread ? c.Raw : Address(c, _layoutC, nameof(c));
        void* result = Address(d, _layoutD, nameof(d));
        if (!unread)
        {
            CheckInPlace(c, _layoutC, d, _layoutD, nameof(c));
        }

        if (((a.Address | b.Address | c.Address | d.Address) & (ulong)(algorithm.Alignment - 1)) != 0)
        {
            CheckAlignment(algorithm, a, b, c, d);
        }

        if (workspace.Length < algorithm.WorkspaceBytes || workspace.Address % AllocationAlignment != 0)
        {
            ThrowWorkspace(workspace, algorithm.WorkspaceBytes);
        }

        if (_hasBias != Options.Epilogue.HasBias() || _hasAuxiliary != Options.Epilogue.HasAuxiliary())
        {
            ThrowMissing();
        }

        cublasLtMatmulAlgo_t kept = algorithm.Algorithm;
        CublasLt.Check(CublasLt.cublasLtMatmul(
            handle, _descriptor, alpha, first, _a, second, _b, beta, prior, _c, result, _d, &kept, workspace.Pointer.Raw, (nuint)workspace.Length, Handle.Stream.KeptHandle));
    }

    /// <exception cref="ArgumentException">The vector is of another type or too short.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckVector<T>(DeviceSpan<T> vector, string name)
        where T : unmanaged
    {
        if (MatrixTypes.Of<T>() != _factor)
        {
            CheckType<T>(FactorType, name);
        }

        CheckLength(vector.Length, ((_layoutD.BatchCount - 1) * Math.Abs(Options.FactorStride)) + _layoutD.Rows, name);
    }

    /// <summary>Finds the address that is not aligned, if it is one of a matrix: an array of pointers need not be.</summary>
    /// <exception cref="ArgumentException">A matrix is not aligned as the algorithm wants, or there is no algorithm.</exception>
    private void CheckAlignment(MatrixAlgorithm algorithm, DevicePointer a, DevicePointer b, DevicePointer c, DevicePointer d)
    {
        if (algorithm.Alignment == 0)
        {
            throw new ArgumentException("The algorithm is the default value. Use one that Choose or GetHeuristics returned.", nameof(algorithm));
        }

        Check(a, _layoutA, nameof(a), algorithm.Alignment);
        Check(b, _layoutB, nameof(b), algorithm.Alignment);
        Check(c, _layoutC, nameof(c), algorithm.Alignment);
        Check(d, _layoutD, nameof(d), algorithm.Alignment);

        static void Check(DevicePointer matrix, MatrixLayout layout, string name, int alignment)
        {
            if (layout.BatchMode == MatrixBatchMode.Strided && (matrix.Address & (ulong)(alignment - 1)) != 0)
            {
                throw new ArgumentException($"'{name}' is {matrix}; the algorithm was chosen for addresses aligned to {alignment} bytes. Choose one for less, or pass an allocation's start.", name);
            }
        }
    }

    [DoesNotReturn]
    private void ThrowFactors(string found) => throw new ArgumentException(
        $"The options say that factors are given as {_factors}; {found}. Name another FactorPlace in the options, or call the Run that takes them as they are named.");

    [DoesNotReturn]
    private static void ThrowWorkspace(DeviceSpan<byte> workspace, long needed) => throw new ArgumentException(
        $"'{nameof(workspace)}' must have at least {needed} bytes, aligned to {AllocationAlignment}; {workspace} was given. Allocate what the algorithm says and pass its start.", nameof(workspace));

    [DoesNotReturn]
    private void ThrowMissing() => throw new InvalidOperationException(
        $"The epilogue {Options.Epilogue} was to run without {(_hasBias != Options.Epilogue.HasBias() ? "its bias. Call SetBias" : "its auxiliary matrix. Call SetAuxiliary")} first.");
}
