using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Samples images at positions that affine maps give (Jaderberg et al. 2015), with all gradients.</summary>
/// <remarks>
/// A grid is N x H x W x 2, packed, in the type of the images: the position (x, y) at which each pixel of the result is sampled, -1 the center of the
/// input's first column or row and 1 that of the last. Sampling is bilinear; beyond the input is 0. The maps are N x 2 x 3, row by row.
/// </remarks>
public sealed unsafe class SpatialTransformer : CudnnOperation
{
    private readonly cudnnSpatialTransformerDescriptor_t _transformer;
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _y;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="x">The images sampled from, N x C x any size.</param>
    /// <param name="y">The result, N x C x H x W of the same type.</param>
    /// <exception cref="ArgumentException">The two differ in more than the size of the images.</exception>
    /// <exception cref="CudnnException">cuDNN refuses a shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public SpatialTransformer(CudnnHandle cudnn, TensorShape x, TensorShape y)
        : base(cudnn)
    {
        try
        {
            x.Expect(y with { H = x.H, W = x.W }, nameof(x), "the result");
            InputShape = x;
            OutputShape = y;
            _transformer = Own(new SpatialTransformerDescriptor(y)).Handle;
            _x = Own(new TensorDescriptor(x)).Handle;
            _y = Own(new TensorDescriptor(y)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of x and dx.</summary>
    public TensorShape InputShape { get; }

    /// <summary>The shape of y and dy.</summary>
    public TensorShape OutputShape { get; }

    /// <summary>The elements of a grid: two a pixel of the result.</summary>
    public long GridElements => 2L * OutputShape.N * OutputShape.H * OutputShape.W;

    /// <summary>The elements of the maps: six an image.</summary>
    public long MapElements => 6L * OutputShape.N;

    /// <summary>grid[n, h, w] = map[n] · (x, y, 1) with (x, y) the pixel's own position in the result.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void MakeGrid(DevicePointer maps, DevicePointer grid) =>
        Cudnn.Check(Cudnn.cudnnSpatialTfGridGeneratorForward(Enter(), _transformer, maps.Required(nameof(maps)), grid.Required(nameof(grid))));

    /// <summary>The gradient by the maps from that by the grid.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void MakeGridBackward(DevicePointer dGrid, DevicePointer dMaps) =>
        Cudnn.Check(Cudnn.cudnnSpatialTfGridGeneratorBackward(Enter(), _transformer, dGrid.Required(nameof(dGrid)), dMaps.Required(nameof(dMaps))));

    /// <summary>y = alpha · sampled(x) + beta · y.</summary>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Forward(double alpha, DevicePointer x, DevicePointer grid, double beta, DevicePointer y)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, InputShape.Type);
        ScalingFactor b = new(beta, InputShape.Type);
        Cudnn.Check(Cudnn.cudnnSpatialTfSamplerForward(
            handle, _transformer, &a, _x, x.Required(nameof(x)), grid.Required(nameof(grid)), &b, _y, y.Required(nameof(y))));
    }

    /// <summary>dx = alpha · (gradient by x) + beta · dx and dGrid = alphaGrid · (gradient by the grid) + betaGrid · dGrid.</summary>
    /// <param name="alpha">The factor of the gradient by the images.</param>
    /// <param name="x">The images.</param>
    /// <param name="beta">The factor of what <paramref name="dx"/> held before; 0: it is not read.</param>
    /// <param name="dx">The gradient by the images.</param>
    /// <param name="alphaGrid">The factor of the gradient by the grid.</param>
    /// <param name="dy">The gradient by the result.</param>
    /// <param name="grid">The positions.</param>
    /// <param name="betaGrid">The factor of what <paramref name="dGrid"/> held before; 0: it is not read.</param>
    /// <param name="dGrid">The gradient by the positions.</param>
    /// <exception cref="ArgumentException">An address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Backward(
        double alpha, DevicePointer x, double beta, DevicePointer dx, double alphaGrid, DevicePointer dy, DevicePointer grid, double betaGrid, DevicePointer dGrid)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor a = new(alpha, InputShape.Type);
        ScalingFactor b = new(beta, InputShape.Type);
        ScalingFactor gridResult = new(alphaGrid, InputShape.Type);
        ScalingFactor gridPrior = new(betaGrid, InputShape.Type);
        Cudnn.Check(Cudnn.cudnnSpatialTfSamplerBackward(
            handle, _transformer, &a, _x, x.Required(nameof(x)), &b, _x, dx.Required(nameof(dx)), &gridResult, _y, dy.Required(nameof(dy)),
            grid.Required(nameof(grid)), &gridPrior, dGrid.Required(nameof(dGrid))));
    }
}
