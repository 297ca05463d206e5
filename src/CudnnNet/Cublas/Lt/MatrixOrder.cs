namespace CudnnNet;

/// <summary>In which order the elements of a matrix lie; the numbers are cuBLASLt's (cublasLtOrder_t).</summary>
/// <remarks>The orders of 32 columns are those of Turing's and Ampere's integer units; <see cref="MatrixTransformation"/> makes them.</remarks>
public enum MatrixOrder
{
    /// <summary>Column after column; the leading dimension goes from one column to the next and is at least the rows.</summary>
    ColumnMajor = 0,

    /// <summary>Row after row; the leading dimension goes from one row to the next and is at least the columns.</summary>
    RowMajor = 1,

    /// <summary>Groups of 32 columns, each row-major (CUBLASLT_ORDER_COL32); the leading dimension goes from one group to the next and is at least 32 · rows.</summary>
    Column32 = 2,

    /// <summary>Groups of 32 columns in tiles of 8 rows (CUBLASLT_ORDER_COL4_4R2_8C); the leading dimension goes from one group to the next and is at least 32 · the rows rounded up to 8.</summary>
    Column32Row8 = 3,

    /// <summary>Groups of 32 columns in tiles of 32 rows (CUBLASLT_ORDER_COL32_2R_4R4); the leading dimension goes from one group to the next and is at least 32 · the rows rounded up to 32.</summary>
    Column32Row32 = 4,
}
