namespace CudnnNet;

/// <summary>The type of a tensor's elements; the numbers are cuDNN's.</summary>
public enum DataType
{
    /// <summary>IEEE single precision, 4 bytes.</summary>
    Float32 = 0,

    /// <summary>IEEE double precision, 8 bytes.</summary>
    Float64 = 1,

    /// <summary>IEEE half precision, 2 bytes.</summary>
    Float16 = 2,

    /// <summary>Signed, 1 byte.</summary>
    Int8 = 3,

    /// <summary>Signed, 4 bytes.</summary>
    Int32 = 4,

    /// <summary>Signed, 1 byte, four channels together; for the layout <see cref="TensorLayout.NchwVector"/>.</summary>
    Int8x4 = 5,

    /// <summary>Unsigned, 1 byte.</summary>
    UInt8 = 6,

    /// <summary>Unsigned, 1 byte, four channels together; for the layout <see cref="TensorLayout.NchwVector"/>.</summary>
    UInt8x4 = 7,

    /// <summary>Signed, 1 byte, 32 channels together; for the layout <see cref="TensorLayout.NchwVector"/>.</summary>
    Int8x32 = 8,

    /// <summary>The upper half of a single, 2 bytes.</summary>
    BFloat16 = 9,

    /// <summary>Signed, 8 bytes.</summary>
    Int64 = 10,

    /// <summary>0 or 1, 1 byte: what comparisons of an <see cref="OperationGraph"/> give. The descriptors API does not know it.</summary>
    Boolean = 11,
}
