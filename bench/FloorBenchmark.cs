using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using CudnnNet;
using CudnnNet.Interop;

namespace Bench;

/// <summary>What a call costs on each floor, when the function behind it returns at once.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
[HideColumns("Error", "StdDev", "Ratio", "RatioSD", "Alloc Ratio")]
[MedianColumn]
[MinColumn]
public unsafe class FloorBenchmark : IDisposable
{
    private const int Calls = 1000;
    private const cudnnConvolutionFwdAlgo_t Algorithm = cudnnConvolutionFwdAlgo_t.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;

    private delegate* unmanaged<int, cudnnHandle_t, CUstream, int> _loopSetStream;
    private delegate* unmanaged<int, CUfunction, CUstream, int> _loopLaunch;
    private delegate* unmanaged<int, cudnnHandle_t, cudnnTensorDescriptor_t, cudnnFilterDescriptor_t, cudnnConvolutionDescriptor_t, cudnnTensorDescriptor_t, void*, int> _loopConvolution;
    private delegate* unmanaged<int, cublasHandle_t, float*, int> _loopGemm;

    private CudaContext _context = null!;
    private CudaStream _stream = null!;
    private CudaStream _otherStream = null!;
    private CudnnHandle _cudnn = null!;
    private CublasHandle _cublas = null!;
    private CudaKernel _kernel = null!;
    private ConvolutionForward _convolution = null!;
    private TensorDescriptor _x = null!;
    private FilterDescriptor _w = null!;
    private ConvolutionDescriptor _geometry = null!;
    private readonly ConvolutionChoice<cudnnConvolutionFwdAlgo_t> _choice = new(Algorithm, MathType.Default, 1024, true);
    private readonly DevicePointer _memory = new(4096);
    private readonly DeviceSpan<byte> _workspace = new(4096, 1024);
    private readonly DeviceSpan<float> _matrix = new(4096, 64 * 64);

    /// <summary>Puts the empty library in the place of all others and makes what the calls need.</summary>
    [GlobalSetup]
    public void Setup()
    {
        nint empty = NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "libcudnnnet_empty.so"));
        nint loop = NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "libfloor_loop.so"));
        NativeLibraries.ResolveLibrary = (_, _) => empty;
        NativeLibraries.Requested = DeviceKind.Cpu;
        _loopSetStream = (delegate* unmanaged<int, cudnnHandle_t, CUstream, int>)NativeLibrary.GetExport(loop, "floor_loop_set_stream");
        _loopLaunch = (delegate* unmanaged<int, CUfunction, CUstream, int>)NativeLibrary.GetExport(loop, "floor_loop_launch");
        _loopConvolution = (delegate* unmanaged<int, cudnnHandle_t, cudnnTensorDescriptor_t, cudnnFilterDescriptor_t, cudnnConvolutionDescriptor_t, cudnnTensorDescriptor_t, void*, int>)
            NativeLibrary.GetExport(loop, "floor_loop_convolution");
        _loopGemm = (delegate* unmanaged<int, cublasHandle_t, float*, int>)NativeLibrary.GetExport(loop, "floor_loop_gemm");

        _context = CudaContext.Primary();
        _stream = _context.CreateStream();
        _otherStream = _context.CreateStream();
        _cudnn = new CudnnHandle(_stream);
        _cublas = new CublasHandle(_stream);
        _kernel = _context.LoadModule("kernel"u8).GetKernel("kernel");
        TensorShape x = new(1, 64, 8, 8);
        FilterShape w = new(64, 64, 3, 3);
        Convolution convolution = new(Padding: 1);
        _convolution = new ConvolutionForward(_cudnn, x, w, convolution, x);
        _x = new TensorDescriptor(x);
        _w = new FilterDescriptor(w);
        _geometry = new ConvolutionDescriptor(convolution, DataType.Float32);
    }

    /// <summary>Gives everything back, in any order.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        foreach (IDisposable owner in (IDisposable[])[_x, _w, _geometry, _convolution, _kernel.Module, _cublas, _cudnn, _stream, _otherStream, _context])
        {
            owner.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cudnnSetStream")]
    public int SetStreamC() => _loopSetStream(Calls, _cudnn.Handle, _stream.Handle);

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cudnnSetStream")]
    public void SetStreamRaw()
    {
        cudnnHandle_t handle = _cudnn.Handle;
        CUstream stream = _stream.Handle;
        for (int i = 0; i < Calls; i++)
        {
            Cudnn.Check(Cudnn.cudnnSetStream(handle, stream));
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cudnnSetStream")]
    public void SetStreamTyped()
    {
        for (int i = 0; i < Calls; i++)
        {
            _cudnn.SetStream(_stream);
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cudnnSetStream")]
    public void SetStreamTypedToAnother()
    {
        for (int i = 0; i < Calls; i += 2)
        {
            _cudnn.SetStream(_otherStream);
            _cudnn.SetStream(_stream);
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cuLaunchKernel, 8 arguments")]
    public int LaunchC() => _loopLaunch(Calls, _kernel.Handle, _stream.Handle);

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cuLaunchKernel, 8 arguments")]
    public void LaunchRaw()
    {
        CUfunction function = _kernel.Handle;
        CUstream stream = _stream.Handle;
        ulong a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 0;
        void** arguments = stackalloc void*[] { &a, &b, &c, &d, &e, &f, &g, &h };
        for (int i = 0; i < Calls; i++)
        {
            h = (ulong)i;
            Cuda.Check(Cuda.cuLaunchKernel(function, 16, 1, 1, 256, 1, 1, 0, stream, arguments, null));
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cuLaunchKernel, 8 arguments")]
    public void LaunchTyped()
    {
        LaunchShape shape = new(16u, 256u);
        for (int i = 0; i < Calls; i++)
        {
            _kernel.Launch(_stream, shape, 1UL, 2UL, 3UL, 4UL, 5UL, 6UL, 7UL, (ulong)i);
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cuLaunchKernel, 8 arguments")]
    public void LaunchTypedPacked()
    {
        LaunchShape shape = new(16u, 256u);
        for (int i = 0; i < Calls; i++)
        {
            _kernel.LaunchPacked(_stream, shape, new EightArguments(1, 2, 3, 4, 5, 6, 7, (ulong)i));
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cudnnConvolutionForward")]
    public int ConvolutionC() => _loopConvolution(Calls, _cudnn.Handle, _x.Handle, _w.Handle, _geometry.Handle, _x.Handle, (void*)_memory.Address);

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cudnnConvolutionForward")]
    public void ConvolutionRaw()
    {
        cudnnHandle_t handle = _cudnn.Handle;
        cudnnTensorDescriptor_t x = _x.Handle;
        cudnnFilterDescriptor_t w = _w.Handle;
        cudnnConvolutionDescriptor_t geometry = _geometry.Handle;
        void* memory = (void*)_memory.Address;
        for (int i = 0; i < Calls; i++)
        {
            float alpha = 1;
            float beta = 0;
            Cudnn.Check(Cudnn.cudnnConvolutionForward(handle, &alpha, x, memory, w, memory, geometry, Algorithm, memory, 1024, &beta, x, memory));
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cudnnConvolutionForward")]
    public void ConvolutionTyped()
    {
        for (int i = 0; i < Calls; i++)
        {
            _convolution.Run(_choice, 1, _memory, _memory, _workspace, 0, _memory);
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cublasSgemm")]
    public int GemmC() => _loopGemm(Calls, _cublas.Handle, (float*)_memory.Address);

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cublasSgemm")]
    public void GemmRaw()
    {
        cublasHandle_t handle = _cublas.Handle;
        float* memory = (float*)_memory.Address;
        for (int i = 0; i < Calls; i++)
        {
            float alpha = 1;
            float beta = 0;
            Cublas.Check(Cublas.cublasSgemm_v2(handle, cublasOperation_t.CUBLAS_OP_N, cublasOperation_t.CUBLAS_OP_N, 64, 64, 64, &alpha, memory, 64, memory, 64, &beta, memory, 64));
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [BenchmarkCategory("cublasSgemm")]
    public void GemmTyped()
    {
        for (int i = 0; i < Calls; i++)
        {
            DeviceMatrix<float> matrix = new(_matrix, 64, 64);
            _cublas.Gemm(1, matrix, matrix, 0, matrix);
        }
    }

    private readonly record struct EightArguments(ulong A, ulong B, ulong C, ulong D, ulong E, ulong F, ulong G, ulong H);
}
