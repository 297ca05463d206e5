#include "engine/kernels.h"

// The PTX text lies in the library as it lies in the repository: TRAINING_PTX is its path.
asm(R"(
    .section .rodata
    .global cudnnnet_training_ptx
    .hidden cudnnnet_training_ptx
    .global cudnnnet_training_ptx_end
    .hidden cudnnnet_training_ptx_end
cudnnnet_training_ptx:
    .incbin ")" TRAINING_PTX R"("
cudnnnet_training_ptx_end:
    .byte 0
    .previous
)");
extern "C" {
[[gnu::visibility("hidden")]] extern const char cudnnnet_training_ptx[];
[[gnu::visibility("hidden")]] extern const char cudnnnet_training_ptx_end[];
}

namespace cpu {

extern const Kernel* const training_kernels_baseline;
extern const size_t training_kernel_count_baseline;
#if defined(__x86_64__)
extern const Kernel* const training_kernels_avx2;
extern const Kernel* const training_kernels_avx512;
#endif

namespace {

const Kernel* choose_training_kernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw")) {
    return training_kernels_avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return training_kernels_avx2;
#endif
  return training_kernels_baseline;
}

}  // namespace

const Kernel* KernelModule::find(std::string_view kernel_name) const {
  for (size_t i = 0; i < kernel_count; ++i) {
    if (kernels[i].name == kernel_name) return &kernels[i];
  }
  return nullptr;
}

const KernelModule* find_kernel_module(std::string_view ptx) {
  static const KernelModule training{
      "training",
      std::string_view(cudnnnet_training_ptx, static_cast<size_t>(cudnnnet_training_ptx_end - cudnnnet_training_ptx)),
      choose_training_kernels(), training_kernel_count_baseline};
  return ptx == training.ptx ? &training : nullptr;
}

}  // namespace cpu
