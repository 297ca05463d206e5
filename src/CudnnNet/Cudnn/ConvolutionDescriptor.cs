using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Padding, stride, dilation, groups and arithmetic of a convolution as cuDNN knows them.</summary>
public sealed class ConvolutionDescriptor : NativeOwner
{
    private cudnnConvolutionDescriptor_t _handle;

    /// <summary>Describes <paramref name="convolution"/>.</summary>
    /// <param name="convolution">How the filter moves.</param>
    /// <param name="computeType">The type sums are kept in: double for double, single for narrower ones, 32-bit integers for integers.</param>
    /// <param name="volumes">Whether it goes over volumes, with three numbers each, or over images, with two.</param>
    /// <exception cref="CudnnException">cuDNN refuses the numbers.</exception>
    public unsafe ConvolutionDescriptor(Convolution convolution, DataType computeType, bool volumes = false)
        : base(null)
    {
        try
        {
            cudnnConvolutionDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateConvolutionDescriptor(&handle));
            _handle = handle;
            Convolution = convolution;
            MathType = convolution.MathType;
            if (volumes)
            {
                int* padding = stackalloc int[] { convolution.PaddingDepth, convolution.PaddingHeight, convolution.PaddingWidth };
                int* stride = stackalloc int[] { convolution.StrideDepth, convolution.StrideHeight, convolution.StrideWidth };
                int* dilation = stackalloc int[] { convolution.DilationDepth, convolution.DilationHeight, convolution.DilationWidth };
                Cudnn.Check(Cudnn.cudnnSetConvolutionNdDescriptor(handle, 3, padding, stride, dilation, (cudnnConvolutionMode_t)convolution.Mode, computeType.Raw()));
            }
            else
            {
                Cudnn.Check(Cudnn.cudnnSetConvolution2dDescriptor(
                    handle,
                    convolution.PaddingHeight,
                    convolution.PaddingWidth,
                    convolution.StrideHeight,
                    convolution.StrideWidth,
                    convolution.DilationHeight,
                    convolution.DilationWidth,
                    (cudnnConvolutionMode_t)convolution.Mode,
                    computeType.Raw()));
            }

            if (!convolution.ReordersFilters)
            {
                Cudnn.Check(Cudnn.cudnnSetConvolutionReorderType(handle, cudnnReorderType_t.CUDNN_NO_REORDER));
            }

            Cudnn.Check(Cudnn.cudnnSetConvolutionGroupCount(handle, convolution.Groups));
            Cudnn.Check(Cudnn.cudnnSetConvolutionMathType(handle, (cudnnMathType_t)convolution.MathType));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is described.</summary>
    public Convolution Convolution { get; }

    /// <summary>The arithmetic allowed at the moment; an operation sets it to that of the algorithm it runs.</summary>
    public MathType MathType { get; private set; }

    /// <summary>Allows other arithmetic.</summary>
    /// <exception cref="CudnnException">cuDNN refuses it.</exception>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public void SetMathType(MathType mathType)
    {
        if (mathType != MathType)
        {
            Cudnn.Check(Cudnn.cudnnSetConvolutionMathType(Handle, (cudnnMathType_t)mathType));
            MathType = mathType;
        }
    }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnConvolutionDescriptor_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    private protected override void Release()
    {
        if (_handle != default)
        {
            _ = Cudnn.cudnnDestroyConvolutionDescriptor(_handle);
            _handle = default;
        }
    }
}
