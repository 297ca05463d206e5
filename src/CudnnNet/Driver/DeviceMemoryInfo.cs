namespace CudnnNet;

/// <summary>How much memory a device has.</summary>
/// <param name="FreeBytes">Bytes that can still be allocated.</param>
/// <param name="TotalBytes">Bytes there are.</param>
public readonly record struct DeviceMemoryInfo(long FreeBytes, long TotalBytes);
