/* A program in C for the CUDA runtime: memory, properties, and two streams ordered by an event. */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(call)                                                                     \
  do {                                                                                  \
    const cudaError_t error = (call);                                                   \
    if (error != cudaSuccess) {                                                         \
      fprintf(stderr, "line %d: %s: %s\n", __LINE__, #call, cudaGetErrorString(error)); \
      exit(1);                                                                          \
    }                                                                                   \
  } while (0)
#define REQUIRE(condition)                                            \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

enum { COUNT = 100000 };

static void fill(void* numbers) {
  for (int i = 0; i < COUNT; ++i) ((int*)numbers)[i] = 3 * i;
}

int main(void) {
  int version = 0;
  struct cudaDeviceProp properties;
  CHECK(cudaRuntimeGetVersion(&version));
  REQUIRE(version / 1000 == CUDART_VERSION / 1000);
  CHECK(cudaGetDeviceProperties(&properties, 0));
  printf("runtime %d on %s, compute capability %d.%d\n", version, properties.name, properties.major, properties.minor);

  int* pinned;
  int* back;
  int* device;
  cudaStream_t first, second;
  cudaEvent_t filled;
  CHECK(cudaMallocHost((void**)&pinned, COUNT * sizeof(int)));
  CHECK(cudaMallocHost((void**)&back, COUNT * sizeof(int)));
  CHECK(cudaMalloc((void**)&device, COUNT * sizeof(int)));
  CHECK(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking));
  CHECK(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking));
  CHECK(cudaEventCreate(&filled));
  CHECK(cudaLaunchHostFunc(first, fill, pinned));
  CHECK(cudaMemcpyAsync(device, pinned, COUNT * sizeof(int), cudaMemcpyHostToDevice, first));
  CHECK(cudaEventRecord(filled, first));
  CHECK(cudaStreamWaitEvent(second, filled, 0));
  CHECK(cudaMemcpyAsync(back, device, COUNT * sizeof(int), cudaMemcpyDeviceToHost, second));
  CHECK(cudaStreamSynchronize(second));
  for (int i = 0; i < COUNT; ++i) REQUIRE(back[i] == 3 * i);

  REQUIRE(cudaMalloc((void**)&device, (size_t)-1 / 2) == cudaErrorMemoryAllocation);
  REQUIRE(cudaPeekAtLastError() == cudaErrorMemoryAllocation);
  REQUIRE(cudaGetLastError() == cudaErrorMemoryAllocation && cudaGetLastError() == cudaSuccess);
  CHECK(cudaFree(device));
  CHECK(cudaFreeHost(pinned));
  CHECK(cudaFreeHost(back));
  CHECK(cudaEventDestroy(filled));
  CHECK(cudaStreamDestroy(first));
  CHECK(cudaStreamDestroy(second));
  CHECK(cudaDeviceReset());
  return 0;
}
