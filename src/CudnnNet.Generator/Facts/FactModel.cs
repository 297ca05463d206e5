namespace CudnnNet.Generator.Facts;

/// <summary>One parameter of a function or callback; <paramref name="Type"/> is the C spelling.</summary>
internal sealed record ParameterFact(string Name, string Type);

/// <summary>What a function looks like in the versions listed, where that differs from the reference.</summary>
internal sealed record SignatureFact(IReadOnlyList<string> Versions, string Returns, IReadOnlyList<ParameterFact> Parameters);

/// <summary>
/// A function of a C ABI. <paramref name="Since"/> and <paramref name="Until"/> bound the compared versions that have it;
/// <paramref name="PerThread"/> is its variant on the calling thread's default stream, <paramref name="SubLibrary"/> the part of cuDNN that has it.
/// </summary>
internal sealed record FunctionFact(
    string Name, string ApiName, string Kind, string Returns, IReadOnlyList<ParameterFact> Parameters,
    string Since, string? Until, bool Exported, bool Deprecated, string? PerThread, string? SubLibrary, IReadOnlyList<SignatureFact> Changed);

/// <summary>One enumerator; the value is signed so that it holds every 32-bit value of both signs.</summary>
internal sealed record EnumeratorFact(string Name, long Value);

internal sealed record EnumFact(
    string Name, string? Tag, IReadOnlyList<string> Aliases, string Underlying, IReadOnlyList<EnumeratorFact> Values, string Since, string? Until);

/// <summary>A field; offsets count from the start of the outermost struct. Inline structs and unions carry <paramref name="Fields"/>.</summary>
internal sealed record FieldFact(string Name, string Type, int Offset, int Size, IReadOnlyList<FieldFact>? Fields)
{
    /// <summary>A struct or union written inside its parent, without a type name of its own.</summary>
    public bool IsInline => Fields is not null;
}

/// <summary>What a struct looks like in the versions listed, where that differs from the reference.</summary>
internal sealed record StructLayoutFact(IReadOnlyList<string> Versions, int Size, int Alignment, IReadOnlyList<FieldFact> Fields);

internal sealed record StructFact(
    string Name, string? Tag, IReadOnlyList<string> Aliases, bool IsUnion, int Size, int Alignment, IReadOnlyList<FieldFact> Fields,
    IReadOnlyList<FieldFact> OtherFields, IReadOnlyList<StructLayoutFact> Layouts, string Since, string? Until)
{
    public string CTag => Tag ?? Name;
}

internal sealed record HandleFact(string Name, string Canonical, string Since);

/// <summary>A typedef of another type; <paramref name="Opaque"/> ones have no known content and appear only behind a pointer.</summary>
internal sealed record AliasFact(string Name, string Target, bool Opaque, string Since);

internal sealed record CallbackFact(string Name, string Returns, IReadOnlyList<ParameterFact> Parameters, string Since);

/// <summary>A constant macro; <paramref name="Value"/> is a long, ulong, double or string, <paramref name="Changed"/> the value in other versions.</summary>
internal sealed record ConstantFact(string Name, string Type, object Value, string Since, IReadOnlyDictionary<string, object> Changed);

/// <summary>A type used by one library and defined elsewhere; <paramref name="Canonical"/> is its C spelling without typedefs.</summary>
internal sealed record ExternalTypeFact(string Name, string Canonical);

/// <summary>What cuGetProcAddress answers for a C name: from CUDA version <paramref name="Version"/> (12080 is 12.8) on, this symbol.</summary>
internal sealed record EntryPointFact(string ApiName, bool PerThread, int Version, string Symbol);

/// <summary>Everything the facts say about one library. <paramref name="UnlistedExports"/>: symbols that no header of the library declares.</summary>
internal sealed record LibraryFacts(
    LibraryId Id, string Library, string Reference, IReadOnlyList<string> Versions,
    IReadOnlyList<FunctionFact> Functions, IReadOnlyList<EnumFact> Enums, IReadOnlyList<StructFact> Structs, IReadOnlyList<HandleFact> Handles,
    IReadOnlyList<AliasFact> Aliases, IReadOnlyList<CallbackFact> Callbacks, IReadOnlyList<ConstantFact> Constants,
    IReadOnlyList<ExternalTypeFact> ExternalTypes, IReadOnlyList<EntryPointFact> EntryPoints, IReadOnlyList<string> UnlistedExports);

/// <summary>The names under which one library appears: fact file, C# class, C header, what it is called in a sentence.</summary>
internal sealed record LibraryId(string FactFile, string ClassName, string NativeName, string DisplayName, bool ServedByCpuDevice)
{
    public static readonly LibraryId Cuda = new("driver.json", "Cuda", "driver", "the CUDA driver", true);
    public static readonly LibraryId Cudnn = new("cudnn.json", "Cudnn", "cudnn", "cuDNN", true);
    public static readonly LibraryId Cublas = new("cublas.json", "Cublas", "cublas", "cuBLAS", true);
    public static readonly LibraryId CublasLt = new("cublaslt.json", "CublasLt", "cublaslt", "cuBLASLt", true);
    public static readonly LibraryId Nvrtc = new("nvrtc.json", "Nvrtc", "nvrtc", "NVRTC", false);
    public static readonly LibraryId Nccl = new("nccl.json", "Nccl", "nccl", "NCCL", true);

    /// <summary>The CUDA runtime has no bindings in C#; its C interface is for programs that link to it.</summary>
    public static readonly LibraryId Cudart = new("cudart.json", "CudaRuntime", "cudart", "the CUDA runtime", false);

    /// <summary>All six that have bindings, in the order of their dependencies.</summary>
    public static readonly IReadOnlyList<LibraryId> All = [Cuda, Cublas, CublasLt, Cudnn, Nvrtc, Nccl];
}
