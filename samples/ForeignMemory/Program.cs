// Computes on memory and in a stream that belong to another library, without copying and without taking anything over.
using CudnnNet;
using CudnnNet.Interop;

using CudaContext context = CudaContext.Primary();
context.MakeCurrent();

// The other library hands out what such libraries have: an address, a length, the stream in which it works on the memory.
(ulong address, long length, CUstream queue) = OtherLibrary.MakeNumbers();

// A span is an address with a length and owns nothing; a wrapped stream is not destroyed with its object.
DeviceSpan<float> numbers = new(address, length);
using (CudaStream stream = context.WrapStream(queue))
using (CublasHandle cublas = new(stream))
{
    Console.WriteLine($"sum of {length} numbers: {cublas.Asum<float>(numbers)}");
    cublas.Scal<float>(10, numbers);
    stream.Synchronize();
}

OtherLibrary.PrintAndFree();

// Stands for a library in C: it allocates, fills, prints and frees by itself, through the driver's raw functions.
internal static unsafe class OtherLibrary
{
    private static ulong s_memory;
    private static CUstream s_queue;

    public static (ulong Address, long Length, CUstream Queue) MakeNumbers()
    {
        ulong memory;
        CUstream queue;
        Cuda.Check(Cuda.cuMemAlloc_v2(&memory, 4 * sizeof(float)));
        Cuda.Check(Cuda.cuStreamCreate(&queue, 0));
        Cuda.Check(Cuda.cuMemsetD32Async(memory, BitConverter.SingleToUInt32Bits(2.5f), 4, queue));
        (s_memory, s_queue) = (memory, queue);
        return (memory, 4, queue);
    }

    public static void PrintAndFree()
    {
        float* numbers = stackalloc float[4];
        Cuda.Check(Cuda.cuMemcpyDtoH_v2(numbers, s_memory, 4 * sizeof(float)));
        Console.WriteLine($"the other library has: {numbers[0]}, {numbers[1]}, {numbers[2]}, {numbers[3]}");
        Cuda.Check(Cuda.cuStreamDestroy_v2(s_queue));
        Cuda.Check(Cuda.cuMemFree_v2(s_memory));
    }
}
