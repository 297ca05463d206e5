// The algorithms that can be chosen from. There is one: OpenBLAS's product and what follows it.
#pragma once

#include "cublaslt/call.h"

namespace cpu::cublaslt {

// cublasLtMatmulAlgo_t, which programs keep and copy as they like.
struct Algorithm {
  static constexpr uint32_t own_mark = 0x4C54414C;
  static constexpr int32_t only_id = 0;

  uint32_t mark = own_mark;
  int32_t id = only_id;
  uint32_t tile = CUBLASLT_MATMUL_TILE_UNDEFINED;
  int32_t split_k = 1;
  uint32_t reduction_scheme = CUBLASLT_REDUCTION_SCHEME_NONE;
  uint32_t swizzling = 0;
  uint32_t custom_option = 0;
  uint32_t stages = CUBLASLT_MATMUL_STAGES_UNDEFINED;
  uint16_t inner_shape = CUBLASLT_MATMUL_INNER_SHAPE_UNDEFINED;
  uint16_t cluster_shape = CUBLASLT_CLUSTER_SHAPE_AUTO;
};
static_assert(sizeof(Algorithm) <= sizeof(cublasLtMatmulAlgo_t));

// INVALID_VALUE where it is none of those made here.
cublasStatus_t check_algorithm(const cublasLtMatmulAlgo_t* algo);

}  // namespace cpu::cublaslt
