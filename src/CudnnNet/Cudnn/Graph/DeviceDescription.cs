using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <summary>A device as cuDNN describes it, with which plans are made where the device is not.</summary>
/// <remarks>Take the text of <see cref="ToJson"/> from a machine with the device; <see cref="FromJson"/> makes a description of it anywhere. cuDNN has it since 9.8.</remarks>
public sealed class DeviceDescription : NativeOwner
{
    private readonly BackendDescriptor _properties = null!;

    private DeviceDescription(int? device, string? json)
        : base(null)
    {
        try
        {
            _properties = new BackendDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, device is { } number ? $"the description of device {number}" : "the description of a device");
            if (device is { } ordinal)
            {
                _properties.Set(CUDNN_ATTR_DEVICEPROP_DEVICE_ID, cudnnBackendAttributeType_t.CUDNN_TYPE_INT32, ordinal);
            }
            else
            {
                _properties.Set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, json!);
            }

            _properties.Complete();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal BackendDescriptor Descriptor
    {
        get
        {
            ThrowIfDisposed();
            return _properties;
        }
    }

    /// <summary>Describes a device of this machine.</summary>
    /// <param name="device">Its ordinal.</param>
    /// <exception cref="CudnnException">There is no such device, or cuDNN is too old.</exception>
    public static DeviceDescription Of(int device) => new(device, null);

    /// <summary>Describes a device by the text that <see cref="ToJson"/> gave.</summary>
    /// <exception cref="CudnnException">The text describes no device, or cuDNN is too old.</exception>
    public static DeviceDescription FromJson(string json)
    {
        ArgumentException.ThrowIfNullOrEmpty(json);
        return new(null, json);
    }

    /// <summary>The description as cuDNN's JSON: multiprocessors, memory, capability, ...</summary>
    /// <exception cref="ObjectDisposedException">The description is disposed.</exception>
    public string ToJson() => Descriptor.GetText(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION);

    private protected override void Release() => _properties?.Dispose();
}
