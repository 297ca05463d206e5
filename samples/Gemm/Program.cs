// Multiplies two matrices with cuBLAS: C = A * B, all of them stored row by row as C# stores them.
using CudnnNet;

float[,] a = { { 1, 2, 3 }, { 4, 5, 6 } };
float[,] b = { { 7, 8 }, { 9, 10 }, { 11, 12 } };

using CudaContext context = CudaContext.Primary();
using CudaStream stream = context.CreateStream();
using CublasHandle cublas = new(stream);

using DeviceMemory<float> aMemory = context.Allocate<float>(a.Length);
using DeviceMemory<float> bMemory = context.Allocate<float>(b.Length);
using DeviceMemory<float> cMemory = context.Allocate<float>(2 * 2);
stream.CopyToDevice<float>(a.Cast<float>().ToArray(), aMemory);
stream.CopyToDevice<float>(b.Cast<float>().ToArray(), bMemory);

// A matrix is a view of memory with rows, columns and a leading dimension; Transposed turns it without moving anything.
DeviceMatrix<float> left = DeviceMatrix.RowMajor<float>(aMemory, rows: 2, columns: 3);
DeviceMatrix<float> right = DeviceMatrix.RowMajor<float>(bMemory, rows: 3, columns: 2);
DeviceMatrix<float> product = DeviceMatrix.RowMajor<float>(cMemory, rows: 2, columns: 2);
cublas.Gemm(alpha: 1, left, right, beta: 0, product);
Print("A * B");

cublas.Gemm(alpha: 1, right.Transposed, left.Transposed, beta: 0, product);
Print("transposed B * transposed A");

void Print(string name)
{
    float[] c = new float[4];
    stream.CopyToHost(cMemory.Span, c.AsSpan());
    stream.Synchronize();
    Console.WriteLine($"{name} = {{ {c[0]}, {c[1]} }}, {{ {c[2]}, {c[3]} }}");
}
