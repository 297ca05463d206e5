using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Setting and scaling a whole tensor in place, gaps between its elements left alone (cudnnSetTensor, cudnnScaleTensor).</summary>
public sealed unsafe class TensorFill : CudnnOperation
{
    private readonly cudnnTensorDescriptor_t _y;

    /// <summary>Prepares the operation.</summary>
    /// <param name="cudnn">The handle in whose stream it will run.</param>
    /// <param name="y">The tensor; of a floating type.</param>
    /// <exception cref="ArgumentException">No tensor has that shape, or it is one of integers.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public TensorFill(CudnnHandle cudnn, TensorShape y)
        : base(cudnn)
    {
        try
        {
            if (y.Type.Computed() == DataType.Int32)
            {
                throw new ArgumentException($"'{nameof(y)}' is {y}; only floating types can be filled here. Use CudaStream.Fill.", nameof(y));
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

    /// <summary>y = value.</summary>
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
            // Unlike scaling factors, the value has the type of the tensor.
            case DataType.Float16:
                Half half = (Half)value;
                Cudnn.Check(Cudnn.cudnnSetTensor(handle, _y, destination, &half));
                break;
            case DataType.BFloat16:
                BFloat16 upper = (BFloat16)(float)value;
                Cudnn.Check(Cudnn.cudnnSetTensor(handle, _y, destination, &upper));
                break;
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
