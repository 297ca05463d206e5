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
        new(LibraryId.Cuda, "copies between fabrics, decompression", "they are for units of a GPU or a fabric of several", "FabricCpy|Decompress"),
        new(LibraryId.Cuda, "symbols of CUDA before 4", "32-bit addresses and launches in pieces; no header leads to them any more", "^cu(Launch|LaunchGrid|LaunchGridAsync|Param\\w+|FuncSetBlockShape|FuncSetSharedSize|CtxAttach|CtxDetach|DeviceTotalMem|ModuleGetGlobal|Mem(Alloc|AllocHost|AllocPitch|Free|GetInfo|GetAddressRange|Host\\w+|cpy(2D|3D|[ADH]to[ADH])?(Async|Unaligned)?|setD\\w*))$"),
        new(LibraryId.Cuda, "textures and surfaces", "there are no texture units; our kernels read plain memory", "^cu(Tex|Surf)|cuModuleGet(Tex|Surf)Ref|cuParamSetTexRef|Texture1D"),
        new(LibraryId.Cuda, "sparse arrays", "arrays have all their memory from the start; single tiles of them cannot be put under memory", "^cuMemMapArray"),
        new(LibraryId.Cuda, "graphics and other interfaces' memory and semaphores", "no graphics interface computes on this device", "^cuGraphics|cuGraphicsSub|External(Memory|Semaphore)|NvSciSync|Cig"),
        new(LibraryId.Cuda, "handles of address ranges for other drivers", "no network card or other driver reads this device's memory through one", "^cuMemGetHandleForAddressRange"),
        new(LibraryId.Cuda, "fabrics of several GPUs", "there is no NVLink between processors", "^cuMulticast|cuLogicalEndpoint|Fabric|Clique|cuFlushGPUDirect|MultiDevice"),
        new(LibraryId.Cuda, "parts of a GPU", "a CPU has no multiprocessors to be divided", "GreenCtx|DevResource|DevSmResource|ExecAffinity"),
        new(LibraryId.Cuda, "descriptions for the tensor memory accelerator", "no code for that unit runs here", "^cuTensorMap"),
        new(LibraryId.Cuda, "the linker of machine code", "kernels are compiled with the device", "^cuLink"),
        new(LibraryId.Cuda, "tools: checkpoints, core dumps, logs, private tables", "they look into NVIDIA's own driver", "^cu(Checkpoint|Coredump|Logs|GetExportTable|Profiler)|AsyncNotification"),
        new(LibraryId.Cuda, Others, "no program that was run on the device has asked for them", ""),
        new(LibraryId.Cudnn, "recurrent networks", "out of this project's subject, convolutional networks; the raw floor calls NVIDIA's", "RNN"),
        new(LibraryId.Cudnn, "connectionist temporal classification", "out of this project's subject; the raw floor calls NVIDIA's", "CTC"),
        new(LibraryId.Cudnn, "multi-head attention", "out of this project's subject; the raw floor calls NVIDIA's", "MultiHeadAttn|SeqData"),
        new(LibraryId.Cudnn, "plans of fused operations", "cuDNN has the graph API in their place", "FusedOps|ExecutionPlan"),
        new(LibraryId.Cudnn, Others, "they lack in the library that was asked; nothing is planned to lack here", ""),
        new(LibraryId.Cublas, "products of unsigned bytes with offsets", "their meaning is described nowhere", "Uint8"),
        new(LibraryId.Cublas, Others, "they lack in the library that was asked; nothing is planned to lack here", ""),
        new(LibraryId.CublasLt, "groups of matrices of different sizes", "newer than every recorded answer; cuBLAS's own grouped products are there", "Grouped"),
        new(LibraryId.CublasLt, Others, "they lack in the library that was asked; nothing is planned to lack here", ""),
        new(LibraryId.Nccl, "profiling twins", "they call the functions they are named after, which are missing", "^pnccl"),
        new(LibraryId.Nccl, "windows and one-sided signals", "they are for memory that network cards and other GPUs write without the rank's help; Gloo has none", "Window|Signal|Win[GS]et"),
        new(LibraryId.Nccl, "parameters by name", "they read NCCL's own settings; there are none here", "^ncclParam"),
        new(LibraryId.Nccl, "suspended communicators and their memory", "a communicator holds no device memory that could be given back", "Suspend|Resume|MemStats"),
        new(LibraryId.Nccl, "encryption", "Gloo's connections are plain; what cannot be kept secret is refused", "Encryption"),
        new(LibraryId.Nccl, "collectives", "they lack in the library that was asked; nothing is planned to lack here", ""),
    ];

    /// <summary>The family of a function.</summary>
    public static FunctionFamily Of(LibraryId library, string function) => All.First(f => f.Library == library && Regex.IsMatch(function, f.Pattern));
}
