using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The input of a convolution as the matrix that a product with the filters turns into its output (cudnnIm2Col).</summary>
/// <remarks>Row c, r, s and column n, p, q, stored row by row, in the type of the input; 0 where a tap meets padding.</remarks>
public sealed unsafe class ConvolutionLowering : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnFilterDescriptor_t _w;
    private readonly cudnnConvolutionDescriptor_t _convolution;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The input.</param>
    /// <param name="w">The filters.</param>
    /// <param name="convolution">How they move.</param>
    /// <exception cref="ArgumentException">Input, filters and convolution do not fit.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public ConvolutionLowering(CudnnHandle cudnn, TensorShape x, FilterShape w, Convolution convolution)
        : base(cudnn)
    {
        try
        {
            TensorShape y = convolution.OutputShape(x, w);
            Rows = x.C * (w.Elements / w.K / w.C);
            Columns = y.Elements / y.C;
            InputShape = x;
            _x = Own(new TensorDescriptor(x)).Handle;
            _w = Own(new FilterDescriptor(w)).Handle;
            _convolution = Own(new ConvolutionDescriptor(convolution, x.Type.Computed(), x.IsVolume)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of the input.</summary>
    public TensorShape InputShape { get; }

    /// <summary>Rows of the matrix: channels times taps.</summary>
    public long Rows { get; }

    /// <summary>Columns of the matrix: images times output pixels.</summary>
    public long Columns { get; }

    /// <summary>The memory of the matrix in bytes.</summary>
    public long Bytes => Rows * Columns * InputShape.Type.SizeInBytes();

    /// <summary>Writes the matrix.</summary>
    /// <param name="x">The input.</param>
    /// <param name="matrix">At least <see cref="Bytes"/>.</param>
    /// <exception cref="ArgumentException">The matrix is too short or an address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Run(DevicePointer x, DeviceSpan<byte> matrix)
    {
        cudnnHandle_t handle = Enter();
        CheckSpace(matrix, Bytes, nameof(matrix));
        Cudnn.Check(Cudnn.cudnnIm2Col(handle, _x, x.Required(nameof(x)), _w, _convolution, matrix.Pointer.Raw));
    }
}
