using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Setting and scaling a whole tensor in place, gaps between its elements left alone (cudnnSetTensor, cudnnScaleTensor).</summary>
public sealed unsafe class TensorFill : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _y;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="y">The tensor.</param>
    /// <exception cref="ArgumentException">No tensor has that shape, or its channels lie in vectors.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public TensorFill(CudnnHandle cudnn, TensorShape y)
        : base(cudnn)
    {
        try
        {
            if (y.Type.ChannelsPerVector() > 1)
            {
                throw new ArgumentException($"'{nameof(y)}' is {y}; channels in vectors cannot be filled here. Use CudaStream.Fill.", nameof(y));
            }

            Shape = y;
            _y = Own(new TensorDescriptor(y)).Handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of the tensor.</summary>
    public TensorShape Shape { get; }

    /// <summary>y = value; of integers the nearest whole number, cut off at the ends of the type.</summary>
    /// <exception cref="ArgumentException">The address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Set(DevicePointer y, double value)
    {
        cudnnHandle_t handle = Enter();
        void* destination = y.Required(nameof(y));
        switch (Shape.Type)
        {
            case DataType.Float64:
                Cudnn.Check(Cudnn.cudnnSetTensor(handle, _y, destination, &value));
                break;
            case DataType.Int8:
                sbyte signed = sbyte.CreateSaturating(Math.Round(value));
                Cudnn.Check(Cudnn.cudnnSetTensor(handle, _y, destination, &signed));
                break;
            case DataType.UInt8:
                byte unsigned = byte.CreateSaturating(Math.Round(value));
                Cudnn.Check(Cudnn.cudnnSetTensor(handle, _y, destination, &unsigned));
                break;
            case DataType.Int32:
                int whole = int.CreateSaturating(Math.Round(value));
                Cudnn.Check(Cudnn.cudnnSetTensor(handle, _y, destination, &whole));
                break;
            // For the narrow floating types as well.
            default:
                float single = (float)value;
                Cudnn.Check(Cudnn.cudnnSetTensor(handle, _y, destination, &single));
                break;
        }
    }

    /// <summary>y = alpha · y.</summary>
    /// <exception cref="ArgumentException">The address is null.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the call.</exception>
    /// <exception cref="ObjectDisposedException">The operation is disposed.</exception>
    public void Scale(DevicePointer y, double alpha)
    {
        cudnnHandle_t handle = Enter();
        ScalingFactor factor = new(alpha, Shape.Type);
        Cudnn.Check(Cudnn.cudnnScaleTensor(handle, _y, y.Required(nameof(y)), &factor));
    }
}
