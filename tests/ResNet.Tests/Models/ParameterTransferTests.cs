using CudnnNet;

namespace ResNet.Tests.Models;

[TestFixture]
public sealed class ParameterTransferTests
{
    [Test]
    public void Filters_lie_on_the_device_with_their_channels_fastest_and_come_back_as_they_went()
    {
        using CudaContext context = CudaContext.Primary();
        using CudaStream stream = context.CreateStream();
        Parameter filter = new("w", ParameterKind.ConvolutionFilter, [2, 3, 2, 2]);
        using DeviceMemory<float> buffer = context.Allocate<float>(filter.Elements);
        float[] values = [.. Enumerable.Range(0, 24).Select(i => (float)i)];
        ParameterTransfer.Write(stream, buffer, filter, values);
        float[] onDevice = new float[24];
        stream.CopyToHost(buffer.Span, onDevice.AsSpan());
        stream.Synchronize();

        // K, R, S, C: the three channels of each position of the first filter, then the second filter's.
        Assert.That(onDevice[..12], Is.EqualTo([0f, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]));
        Assert.That(ParameterTransfer.Read(stream, buffer, filter), Is.EqualTo(values));
    }
}
