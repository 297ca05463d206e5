// The small language our kernels are written in: one source, compiled to PTX by clang (also by nvcc and NVRTC) and to
// CPU code by any C++ compiler.
//
// A kernel's body is a sequence of phases. A phase is FOR_EACH_THREAD { ... } or FOR_EACH_THREAD_BELOW(limit) { ... };
// on the GPU it is what one thread does, on the CPU a loop over the block's threads, which the compiler vectorises.
// BARRIER() stands between two phases that communicate through SHARED memory. Values that must outlive a phase live in
// SHARED memory, never in a local variable, since on the CPU there is only one set of locals for the whole block.
// `return` inside a phase is not allowed. Kernels are one-dimensional: THREAD, BLOCK, BLOCK_SIZE.
//
// What several kernels do to elements of different types stands in a KERNEL_BODY, a template of the type Element, which
// each of them runs by RUN_BODY.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef unsigned long long u64;

#if defined(__CUDA__) || defined(__CUDACC__) || defined(__CUDACC_RTC__)

#if defined(__clang__) && !defined(__CUDA_RUNTIME_H__)
// clang alone, without NVIDIA's headers: the keywords are attributes, the registers builtins.
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define THREAD ((u32)__nvvm_read_ptx_sreg_tid_x())
#define BLOCK ((u32)__nvvm_read_ptx_sreg_ctaid_x())
#define BLOCK_SIZE ((u32)__nvvm_read_ptx_sreg_ntid_x())
#else
#define THREAD threadIdx.x
#define BLOCK blockIdx.x
#define BLOCK_SIZE blockDim.x
#endif

#define KERNEL(name, ...) extern "C" __global__ void name(__VA_ARGS__)
#define KERNEL_BODY(name, ...) \
  template <class Element>     \
  static __device__ inline void name(__VA_ARGS__)
#define RUN_BODY(name, Element, ...) name<Element>(__VA_ARGS__)
#define DEVICE_FUNCTION static __device__ inline
#define DEVICE_MEMBER __device__ inline
#define SHARED __shared__
#define BARRIER() __syncthreads()
#define FOR_EACH_THREAD
#define FOR_EACH_THREAD_BELOW(limit) if (THREAD < (limit))
#define RESTRICT __restrict__

DEVICE_FUNCTION float fused_multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

#else

// On the CPU a kernel is a function of its block; engine/kernels.cpp runs the blocks on the OpenMP pool.
struct KernelBlock {
  u32 index;
  u32 size;
};
#define KERNEL(name, ...) static void name(const KernelBlock kernel_block, __VA_ARGS__)
#define KERNEL_BODY(name, ...) \
  template <class Element>     \
  static inline void name(const KernelBlock kernel_block, __VA_ARGS__)
#define RUN_BODY(name, Element, ...) name<Element>(kernel_block, __VA_ARGS__)
#define DEVICE_FUNCTION static inline
#define DEVICE_MEMBER inline
#define SHARED
#define BARRIER() ((void)0)
#define THREAD kernel_thread
#define BLOCK kernel_block.index
#define BLOCK_SIZE kernel_block.size
#define FOR_EACH_THREAD for (u32 kernel_thread = 0; kernel_thread < kernel_block.size; ++kernel_thread)
#define FOR_EACH_THREAD_BELOW(limit)                                                                         \
  for (u32 kernel_thread = 0, kernel_limit = kernel_block.size < (limit) ? kernel_block.size : (u32)(limit); \
       kernel_thread < kernel_limit; ++kernel_thread)
#define RESTRICT __restrict__

DEVICE_FUNCTION float fused_multiply_add(float a, float b, float c) {
#if defined(__FMA__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;  // without the instruction fmaf is a slow library call; the rounding differs by half a unit
#endif
}

#endif

DEVICE_FUNCTION float bits_to_float(u32 bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}

DEVICE_FUNCTION u32 float_to_bits(float value) {
  u32 bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  return bits;
}
