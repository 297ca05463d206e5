// The kernels compiled for one instruction set. CMake compiles this file once for each (KERNEL_ISA names it) and
// kernels.cpp chooses at run time. Nothing else of the library may be defined here: inline functions of shared headers
// would otherwise exist in versions that need a newer processor.
#include "engine/kernel_binding.h"

#define CONCATENATE_(a, b) a##b
#define CONCATENATE(a, b) CONCATENATE_(a, b)

// The whole binding is inside an unnamed namespace, so that no template instance is shared between instruction sets.
namespace {
#include "../kernels/training.cu"

#define BIND(name) cpu::binding::Bound<&name>::kernel(#name)
constexpr cpu::Kernel training[] = {BIND(gather_normalize_nhwc),
                                    BIND(gather_normalize_nhwc_bf16),
                                    BIND(gather_normalize_nhwc_f16),
                                    BIND(draw_augmentation),
                                    BIND(gather_augment_nhwc),
                                    BIND(gather_augment_nhwc_bf16),
                                    BIND(gather_augment_nhwc_f16),
                                    BIND(softmax_cross_entropy),
                                    BIND(softmax_cross_entropy_bf16),
                                    BIND(softmax_cross_entropy_f16),
                                    BIND(accumulate_metrics),
                                    BIND(sgd_momentum),
                                    BIND(sgd_momentum_bf16),
                                    BIND(sgd_momentum_f16),
                                    BIND(narrow_bf16),
                                    BIND(narrow_f16),
                                    BIND(find_overflow_f16),
                                    BIND(update_loss_scale),
                                    BIND(advance_step),
                                    BIND(add_bias_rows),
                                    BIND(sum_rows),
                                    BIND(sum_rows_bf16),
                                    BIND(sum_rows_f16),
                                    BIND(subsample_pad_nhwc),
                                    BIND(subsample_pad_nhwc_16),
                                    BIND(subsample_pad_nhwc_backward),
                                    BIND(subsample_pad_nhwc_backward_16)};
}  // namespace

namespace cpu {
extern const Kernel* const CONCATENATE(training_kernels_, KERNEL_ISA) = training;
extern const size_t CONCATENATE(training_kernel_count_, KERNEL_ISA) = sizeof(training) / sizeof(training[0]);
}  // namespace cpu
