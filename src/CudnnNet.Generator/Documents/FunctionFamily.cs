using System.Text.RegularExpressions;
using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.Documents;

/// <summary>Functions that belong together, and why the CPU device does not implement those of them which it does not.</summary>
/// <param name="Library">Their library.</param>
/// <param name="Name">What they are for.</param>
/// <param name="Reason">Why they are missing.</param>
/// <param name="Pattern">A regular expression that finds their names.</param>
internal sealed record FunctionFamily(LibraryId Library, string Name, string Reason, string Pattern)
{
    /// <summary>What belongs to no family; each library has it last.</summary>
    public const string Others = "others";

    /// <summary>All families; a function belongs to the first that matches.</summary>
    public static readonly IReadOnlyList<FunctionFamily> All =
    [
        new(LibraryId.Cuda, "batches of copies and prefetches", "newer than every program that was run on the device", "Batch|WithAttributes|Decompress"),
        new(LibraryId.Cuda, "textures and surfaces", "there are no texture units; our kernels read plain memory", "^cu(Tex|Surf)|cuModuleGet(Tex|Surf)Ref|cuParamSetTexRef|Texture1D"),
        new(LibraryId.Cuda, "CUDA arrays", "they hold the texels of textures and have no other use", "^cu(Array|MipmappedArray)|cuMemcpy(3D.*|.*(AtoA|AtoD|AtoH|DtoA|HtoA).*)$|cuMemMapArray"),
        new(LibraryId.Cuda, "graphics and other interfaces' memory and semaphores", "no graphics interface computes on this device", "^cuGraphics|cuGraphicsSub|External(Memory|Semaphore)|NvSciSync|Cig"),
        new(LibraryId.Cuda, "memory and events of other processes", "the device lives inside one process", "^cuIpc|MemPool(Export|Import)"),
        new(LibraryId.Cuda, "virtual memory management", "addresses are the host's; memory cannot be put under another one", "^cuMem(Address|Create|Map|Unmap|Release|Retain|(Set|Get)Access|Export|Import|GetAllocation|GetHandle)|MemPool[GS]etAccess"),
        new(LibraryId.Cuda, "fabrics of several GPUs", "there is no NVLink between processors", "^cuMulticast|cuLogicalEndpoint|Fabric|Clique|cuFlushGPUDirect|MultiDevice"),
        new(LibraryId.Cuda, "parts of a GPU", "a CPU has no multiprocessors to be divided", "GreenCtx|DevResource|DevSmResource|ExecAffinity"),
        new(LibraryId.Cuda, "descriptions for the tensor memory accelerator", "no code for that unit runs here", "^cuTensorMap"),
        new(LibraryId.Cuda, "the linker of machine code", "kernels are compiled with the device", "^cuLink"),
        new(LibraryId.Cuda, "tools: checkpoints, core dumps, logs, private tables", "they look into NVIDIA's own driver", "^cu(Checkpoint|Coredump|Logs|GetExportTable|Profiler)|AsyncNotification"),
        new(LibraryId.Cuda, "symbols of CUDA before 4", "32-bit addresses and launches in pieces; no header leads to them any more", "^cu(Launch|LaunchGrid|LaunchGridAsync|Param\\w+|FuncSetBlockShape|FuncSetSharedSize|CtxAttach|CtxDetach|DeviceTotalMem|ModuleGetGlobal|Mem(Alloc|AllocHost|AllocPitch|Free|GetInfo|GetAddressRange|Host\\w+|cpy\\w*|set\\w*))$"),
        new(LibraryId.Cuda, Others, "no program that was run on the device has asked for them", ""),
        new(LibraryId.Cudnn, "recurrent networks", "out of this project's subject, convolutional networks; the raw floor calls NVIDIA's", "RNN"),
        new(LibraryId.Cudnn, "connectionist temporal classification", "out of this project's subject; the raw floor calls NVIDIA's", "CTC"),
        new(LibraryId.Cudnn, "multi-head attention", "out of this project's subject; the raw floor calls NVIDIA's", "MultiHeadAttn|SeqData"),
        new(LibraryId.Cudnn, "spatial transformers", "out of this project's subject; the raw floor calls NVIDIA's", "SpatialTf"),
        new(LibraryId.Cudnn, "plans of fused operations", "cuDNN has the graph API in their place", "FusedOps|ExecutionPlan"),
        new(LibraryId.Cudnn, "the graph API", "not built yet", "Backend"),
        new(LibraryId.Cudnn, "divisive normalisation, folding, lowering, reordering", "not built yet", "Divisive|Folded|Im2Col|Reorder"),
        new(LibraryId.Cudnn, Others, "not built yet", ""),
        new(LibraryId.Cublas, "products of unsigned bytes with offsets", "their meaning is described nowhere", "Uint8"),
        new(LibraryId.Cublas, Others, "not built yet", ""),
        new(LibraryId.CublasLt, "products with layouts and epilogues", "not built yet; cuBLAS multiplies", ""),
        new(LibraryId.Nccl, "profiling twins", "they call the functions they are named after, which are not built yet", "^pnccl"),
        new(LibraryId.Nccl, "collectives", "not built yet", ""),
    ];

    /// <summary>The family of a function.</summary>
    public static FunctionFamily Of(LibraryId library, string function) => All.First(f => f.Library == library && Regex.IsMatch(function, f.Pattern));
}
