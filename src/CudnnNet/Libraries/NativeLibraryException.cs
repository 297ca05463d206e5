using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A native library answered with an error, or could not be used at all.</summary>
public abstract class NativeLibraryException : Exception
{
    private protected NativeLibraryException(string message, string function, int status, string statusName, string detail)
        : base(message)
    {
        Function = function;
        Status = status;
        StatusName = statusName;
        Detail = detail;
    }

    /// <summary>The C name of the function that was called.</summary>
    public string Function { get; }

    /// <summary>The number of the status code; 0 where no call took place.</summary>
    public int Status { get; }

    /// <summary>The name of the status code, e.g. <c>CUDNN_STATUS_BAD_PARAM</c>; empty where no call took place.</summary>
    public string StatusName { get; }

    /// <summary>The library's own text about the error; empty where it has none.</summary>
    public string Detail { get; }

    private protected static string Describe(string library, string function, int status, string statusName, string detail)
    {
        string answer = $"{function} answered {statusName} ({status})";
        return detail.Length == 0 ? $"{answer}. {library} gave no further reason." : $"{answer}: {detail.TrimEnd('.')}.";
    }
}

/// <summary>A function of the CUDA driver failed.</summary>
public sealed class CudaException : NativeLibraryException
{
    internal CudaException(string function, CUresult status, string detail)
        : base(Describe("The CUDA driver", function, (int)status, status.ToString(), detail), function, (int)status, status.ToString(), detail)
        => Code = status;

    /// <summary>The status code.</summary>
    public CUresult Code { get; }
}

/// <summary>A function of cuDNN failed.</summary>
public sealed class CudnnException : NativeLibraryException
{
    internal CudnnException(string function, cudnnStatus_t status, string detail)
        : base(Describe("cuDNN", function, (int)status, status.ToString(), detail), function, (int)status, status.ToString(), detail)
        => Code = status;

    /// <summary>The status code.</summary>
    public cudnnStatus_t Code { get; }
}

/// <summary>A function of cuBLAS failed.</summary>
public sealed class CublasException : NativeLibraryException
{
    internal CublasException(string function, cublasStatus_t status, string detail)
        : base(Describe("cuBLAS", function, (int)status, status.ToString(), detail), function, (int)status, status.ToString(), detail)
        => Code = status;

    /// <summary>The status code.</summary>
    public cublasStatus_t Code { get; }
}

/// <summary>A function of cuBLASLt failed.</summary>
public sealed class CublasLtException : NativeLibraryException
{
    internal CublasLtException(string function, cublasStatus_t status, string detail)
        : base(Describe("cuBLASLt", function, (int)status, status.ToString(), detail), function, (int)status, status.ToString(), detail)
        => Code = status;

    /// <summary>The status code.</summary>
    public cublasStatus_t Code { get; }
}

/// <summary>A function of NVRTC failed.</summary>
public sealed class NvrtcException : NativeLibraryException
{
    internal NvrtcException(string function, nvrtcResult status, string detail)
        : base(Describe("NVRTC", function, (int)status, status.ToString(), detail), function, (int)status, status.ToString(), detail)
        => Code = status;

    /// <summary>The status code.</summary>
    public nvrtcResult Code { get; }
}

/// <summary>A function of NCCL failed.</summary>
public sealed class NcclException : NativeLibraryException
{
    internal NcclException(string function, ncclResult_t status, string detail)
        : base(Describe("NCCL", function, (int)status, status.ToString(), detail), function, (int)status, status.ToString(), detail)
        => Code = status;

    /// <summary>The status code.</summary>
    public ncclResult_t Code { get; }
}

/// <summary>The library that was found does not have a function, because it is older or newer than the versions which have it.</summary>
public sealed class MissingFunctionException : NativeLibraryException
{
    internal MissingFunctionException(string message, string function, NativeLibraryId library)
        : base(message, function, 0, "", "") => Library = library;

    /// <summary>The library that lacks it.</summary>
    public NativeLibraryId Library { get; }
}

/// <summary>A library, or the device that was asked for, is not there; the message lists what was tried.</summary>
public sealed class MissingLibraryException : NativeLibraryException
{
    internal MissingLibraryException(string message, NativeLibraryId library)
        : base(message, "", 0, "", "") => Library = library;

    /// <summary>The library that was looked for.</summary>
    public NativeLibraryId Library { get; }
}
