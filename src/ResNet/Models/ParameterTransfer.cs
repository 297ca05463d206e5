using CudnnNet;

namespace ResNet;

/// <summary>Parameters between the host, where filters lie as K, C, R, S, and the device, where they lie as K, R, S, C.</summary>
public static class ParameterTransfer
{
    /// <summary>Writes a view of a flat buffer; waits.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="buffer">Parameters, gradients or momentum.</param>
    /// <param name="parameter">Which.</param>
    /// <param name="values">Its elements in the order of <see cref="Parameter.Shape"/>.</param>
    /// <exception cref="ArgumentException">The number of values is another.</exception>
    public static void Write(CudaStream stream, DeviceMemory<float> buffer, Parameter parameter, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentNullException.ThrowIfNull(parameter);
        if (values.Length != parameter.Elements)
        {
            throw new ArgumentException($"{parameter.Name} has {parameter.Elements} elements; {values.Length} were given.", nameof(values));
        }

        var target = buffer.Slice(parameter.Offset, parameter.Elements);
        stream.CopyToDevice(parameter.Kind == ParameterKind.ConvolutionFilter ? ToDeviceOrder(parameter.Shape, values) : values, target);
        stream.Synchronize();
    }

    /// <summary>Reads a view of a flat buffer; waits.</summary>
    /// <returns>The elements in the order of <see cref="Parameter.Shape"/>.</returns>
    public static float[] Read(CudaStream stream, DeviceMemory<float> buffer, Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentNullException.ThrowIfNull(parameter);
        float[] values = new float[parameter.Elements];
        stream.CopyToHost(buffer.Slice(parameter.Offset, parameter.Elements), values.AsSpan());
        stream.Synchronize();
        return parameter.Kind == ParameterKind.ConvolutionFilter ? FromDeviceOrder(parameter.Shape, values) : values;
    }

    private static float[] ToDeviceOrder(IReadOnlyList<int> shape, ReadOnlySpan<float> values)
    {
        float[] result = new float[values.Length];
        int channels = shape[1];
        int window = shape[2] * shape[3];
        for (int i = 0; i < values.Length; i++)
        {
            result[DeviceIndex(i, channels, window)] = values[i];
        }

        return result;
    }

    private static float[] FromDeviceOrder(IReadOnlyList<int> shape, ReadOnlySpan<float> values)
    {
        float[] result = new float[values.Length];
        int channels = shape[1];
        int window = shape[2] * shape[3];
        for (int i = 0; i < values.Length; i++)
        {
            result[i] = values[DeviceIndex(i, channels, window)];
        }

        return result;
    }

    // Element i of K, C, (R, S) is at k, (r, s), c on the device.
    private static int DeviceIndex(int i, int channels, int window)
    {
        int position = i % window;
        int channel = i / window % channels;
        int filter = i / window / channels;
        return (((filter * window) + position) * channels) + channel;
    }
}
