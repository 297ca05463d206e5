using System.Reflection;
using System.Runtime.InteropServices;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The CPU device exports the whole ABI, and what nobody has implemented says so.</summary>
[CpuDeviceOnly("the CPU device itself is tested")]
public sealed unsafe class CpuDeviceSymbolTests
{
    // The library's number in cudnnnetCpuTakeLastError, the code it refuses with, the class and its status type.
    private static readonly TestCaseData[] s_libraries =
    [
        new TestCaseData(NativeLibraryId.Cuda, 0, (int)CUresult.CUDA_ERROR_NOT_SUPPORTED, typeof(Cuda), typeof(CUresult)).SetArgDisplayNames("Cuda"),
        new TestCaseData(NativeLibraryId.Cudnn, 1, (int)cudnnStatus_t.CUDNN_STATUS_NOT_SUPPORTED, typeof(Cudnn), typeof(cudnnStatus_t)).SetArgDisplayNames("Cudnn"),
        new TestCaseData(NativeLibraryId.Cublas, 2, (int)cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, typeof(Cublas), typeof(cublasStatus_t)).SetArgDisplayNames("Cublas"),
        new TestCaseData(NativeLibraryId.CublasLt, 3, (int)cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, typeof(CublasLt), typeof(cublasStatus_t)).SetArgDisplayNames("CublasLt"),
        new TestCaseData(NativeLibraryId.Nccl, 4, (int)ncclResult_t.ncclInvalidUsage, typeof(Nccl), typeof(ncclResult_t)).SetArgDisplayNames("Nccl"),
    ];

    [TestCaseSource(nameof(s_libraries))]
    public void Every_symbol_of_the_facts_is_exported(NativeLibraryId library, int number, int refusal, Type functions, Type status)
    {
        IEnumerable<string> missing = NativeSymbols.Of(library).Where(s => s.IsExported && CpuDevice.Export(s.Name) == 0).Select(s => s.Name);
        Assert.That(missing, Is.Empty);
    }

    [TestCaseSource(nameof(s_libraries))]
    public void What_no_real_library_exports_is_not_exported_either(NativeLibraryId library, int number, int refusal, Type functions, Type status)
    {
        IEnumerable<string> invented = NativeSymbols.Of(library).Where(s => !s.IsExported && CpuDevice.Export(s.Name) != 0).Select(s => s.Name);
        Assert.That(invented, Is.Empty);
    }

    [TestCaseSource(nameof(s_libraries))]
    public void What_is_not_implemented_answers_not_supported_and_leaves_its_name(NativeLibraryId library, int number, int refusal, Type functions, Type status)
    {
        int asked = 0;
        using (Assert.EnterMultipleScope())
        {
            foreach (NativeSymbol symbol in NativeSymbols.Of(library).Where(s => s.IsExported))
            {
                int implemented = CpuDevice.IsImplemented(symbol.Name);
                Assert.That(implemented, Is.AnyOf(0, 1), symbol.Name);
                if (implemented != 0)
                {
                    continue;
                }
                nint answer = CpuDevice.Call(symbol.Name);
                Type returns = functions.GetMethod(symbol.Name)!.ReturnType;
                if (returns == status)
                {
                    Assert.That((int)answer, Is.EqualTo(refusal), symbol.Name);
                }
                else if (returns == typeof(byte*))
                {
                    Assert.That(Marshal.PtrToStringUTF8(answer), Is.Empty, symbol.Name);
                }
                Assert.That(TakeLastError(number), Is.EqualTo($"{symbol.Name} is not implemented by the CPU device"));
                asked++;
            }
        }
        TestContext.Out.WriteLine($"{asked} functions of {library} are not implemented");
    }

    // Of the descriptors' API; the graph API is another matter.
    private static readonly (string Family, string[] Parts)[] s_missingFamilies =
    [
        ("recurrent networks", ["RNN"]),
        ("attention", ["MultiHeadAttn"]),
        ("connectionist temporal classification", ["CTCLoss"]),
        ("plans of fused operations", ["FusedOps", "ExecutionPlan"]),
        ("the graph API", ["cudnnBackend"]),
    ];

    [Test]
    public void What_cuDNN_lacks_belongs_to_a_few_families()
    {
        IEnumerable<string> others = NativeSymbols.Of(NativeLibraryId.Cudnn).Where(s => s.IsExported && CpuDevice.IsImplemented(s.Name) == 0)
            .Select(s => s.Name).Where(name => !s_missingFamilies.Any(family => family.Parts.Any(name.Contains)));
        Assert.That(others, Is.Empty);
    }

    [TestCaseSource(nameof(s_libraries))]
    public void Every_symbol_has_a_method_and_every_method_a_symbol(NativeLibraryId library, int number, int refusal, Type functions, Type status)
        => Assert.That(MethodNames(functions), Is.EquivalentTo(NativeSymbols.Of(library).Select(s => s.Name)));

    [Test]
    public void Every_symbol_of_NVRTC_has_a_method_too()
        => Assert.That(MethodNames(typeof(Nvrtc)), Is.EquivalentTo(NativeSymbols.Of(NativeLibraryId.Nvrtc).Select(s => s.Name)));

    [Test]
    public void A_name_outside_the_ABI_is_neither_implemented_nor_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(CpuDevice.IsImplemented("cuInvented"), Is.EqualTo(-1));
            Assert.That(((delegate* unmanaged<byte*, int>)CpuDevice.Export("cudnnnetCpuIsImplemented"))(null), Is.EqualTo(-1));
        }
    }

    [Test]
    public void A_last_error_is_cut_to_the_buffer_and_forgotten_once_read()
    {
        string name = CpuDevice.NotImplemented(NativeLibraryId.Cuda) ?? throw new IgnoreException("every function of the driver is implemented, none refuses");
        _ = CpuDevice.Call(name);
        var take = (delegate* unmanaged<int, byte*, nuint, nuint>)CpuDevice.Export("cudnnnetCpuTakeLastError");
        byte* buffer = stackalloc byte[8];
        string text = $"{name} is not implemented by the CPU device";
        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)take(0, buffer, 8), Is.EqualTo(text.Length));
            Assert.That(Marshal.PtrToStringUTF8((nint)buffer), Is.EqualTo(text[..7]));
            Assert.That((int)take(0, buffer, 8), Is.Zero);
            Assert.That((int)take(99, buffer, 8), Is.Zero);
        }
    }

    private static string TakeLastError(int library)
    {
        var take = (delegate* unmanaged<int, byte*, nuint, nuint>)CpuDevice.Export("cudnnnetCpuTakeLastError");
        byte* buffer = stackalloc byte[256];
        return take(library, buffer, 256) == 0 ? "" : Marshal.PtrToStringUTF8((nint)buffer)!;
    }

    // The checks stand in the same classes.
    private static IEnumerable<string> MethodNames(Type functions) => functions
        .GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        .Where(m => !m.IsSpecialName && m.Name != "Check").Select(m => m.Name);
}
