namespace CudnnNet;

/// <summary>Where alpha and beta of a multiplication are, which decides what algorithms there are; the numbers are cuBLASLt's (cublasLtPointerMode_t).</summary>
public enum FactorPlace
{
    /// <summary>Both are numbers of the call.</summary>
    Host = 0,

    /// <summary>Both are numbers on the device.</summary>
    Device = 1,

    /// <summary>Both are vectors on the device, a number for each row of the result.</summary>
    DeviceVectors = 2,

    /// <summary>Alpha is a vector on the device, a number for each row of the result; beta is 0.</summary>
    AlphaDeviceVectorBetaZero = 3,

    /// <summary>Alpha is a vector on the device, a number for each row of the result; beta is a number of the call.</summary>
    AlphaDeviceVectorBetaHost = 4,
}
