// A CUDA program whose compiler registers its device code and turns <<< >>> into the runtime's launch. The device code is
// in the fat binary the compiler is given; the body here is never compiled for a device.
#include <cuda_runtime_api.h>

#include <cstdio>

extern "C" __attribute__((global)) void add_bias_rows(float*, const float*, unsigned, unsigned) {}
extern "C" __attribute__((global)) void no_such_kernel() {}

// What a launch with two arguments between <<< and >>> means.
extern "C" unsigned __cudaPushCallConfiguration(dim3, dim3, size_t = 0, struct CUstream_st* = nullptr);

int main() {
  constexpr unsigned rows = 4, columns = 3;
  float y[rows * columns] = {};
  const float bias[columns] = {1, 2, 3};
  float* device_y = nullptr;
  float* device_bias = nullptr;
  bool right = cudaMalloc(reinterpret_cast<void**>(&device_y), sizeof(y)) == cudaSuccess &&
               cudaMalloc(reinterpret_cast<void**>(&device_bias), sizeof(bias)) == cudaSuccess &&
               cudaMemset(device_y, 0, sizeof(y)) == cudaSuccess &&
               cudaMemcpy(device_bias, bias, sizeof(bias), cudaMemcpyHostToDevice) == cudaSuccess;
  add_bias_rows<<<dim3{1, 1, 1}, dim3{64, 1, 1}>>>(device_y, device_bias, rows, columns);
  add_bias_rows<<<dim3{1, 1, 1}, dim3{64, 1, 1}>>>(device_y, device_bias, rows, columns);
  right = right && cudaGetLastError() == cudaSuccess;
  right = right && cudaMemcpy(y, device_y, sizeof(y), cudaMemcpyDeviceToHost) == cudaSuccess;
  for (unsigned i = 0; i < rows * columns; ++i) right = right && y[i] == 2 * bias[i % columns];
  no_such_kernel<<<dim3{1, 1, 1}, dim3{64, 1, 1}>>>();
  right = right && cudaGetLastError() == cudaErrorSymbolNotFound;
  std::printf("kernel: %s\n", right ? "right" : "wrong");
  return right ? 0 : 1;
}
