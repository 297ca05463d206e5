#include "cublaslt/algorithm.h"

#include <cstddef>
#include <cstring>
#include <string>

#include "cublaslt/attribute.h"
#include "cublaslt/problem.h"

namespace cpu::cublaslt {
namespace {

// Its capabilities. Numbers of 32 bits, of 64 where `wide`.
struct Capability {
  int number;
  uint64_t value;
  bool wide;
};
constexpr uint64_t all_pointer_modes =
    CUBLASLT_POINTER_MODE_MASK_HOST | CUBLASLT_POINTER_MODE_MASK_DEVICE | CUBLASLT_POINTER_MODE_MASK_DEVICE_VECTOR |
    CUBLASLT_POINTER_MODE_MASK_ALPHA_DEVICE_VECTOR_BETA_ZERO | CUBLASLT_POINTER_MODE_MASK_ALPHA_DEVICE_VECTOR_BETA_HOST;
constexpr uint64_t all_epilogues = CUBLASLT_EPILOGUE_DEFAULT | CUBLASLT_EPILOGUE_RELU_AUX_BIAS |
                                   CUBLASLT_EPILOGUE_GELU_AUX_BIAS | CUBLASLT_EPILOGUE_DRELU_BGRAD |
                                   CUBLASLT_EPILOGUE_DGELU_BGRAD | CUBLASLT_EPILOGUE_BGRADA | CUBLASLT_EPILOGUE_BGRADB;
constexpr Capability capabilities[] = {
    {CUBLASLT_ALGO_CAP_SPLITK_SUPPORT, 0, false},
    {CUBLASLT_ALGO_CAP_REDUCTION_SCHEME_MASK, CUBLASLT_REDUCTION_SCHEME_NONE, false},
    {CUBLASLT_ALGO_CAP_CTA_SWIZZLING_SUPPORT, 0, false},
    {CUBLASLT_ALGO_CAP_STRIDED_BATCH_SUPPORT, 1, false},
    {CUBLASLT_ALGO_CAP_OUT_OF_PLACE_RESULT_SUPPORT, 1, false},
    {CUBLASLT_ALGO_CAP_UPLO_SUPPORT, 0, false},
    {CUBLASLT_ALGO_CAP_TILE_IDS, CUBLASLT_MATMUL_TILE_UNDEFINED, false},
    {CUBLASLT_ALGO_CAP_CUSTOM_OPTION_MAX, 0, false},
    {CUBLASLT_ALGO_CAP_CUSTOM_MEMORY_ORDER, 1, false},
    {CUBLASLT_ALGO_CAP_POINTER_MODE_MASK, all_pointer_modes, false},
    {CUBLASLT_ALGO_CAP_EPILOGUE_MASK, all_epilogues, false},
    {CUBLASLT_ALGO_CAP_STAGES_IDS, CUBLASLT_MATMUL_STAGES_UNDEFINED, false},
    {CUBLASLT_ALGO_CAP_LD_NEGATIVE, 0, false},
    {CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS, CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA, true},
    {CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_A_BYTES, 1, false},
    {CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_B_BYTES, 1, false},
    {CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_C_BYTES, 1, false},
    {CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_D_BYTES, 1, false},
    {CUBLASLT_ALGO_CAP_POINTER_ARRAY_BATCH_SUPPORT, 1, false},
    {CUBLASLT_ALGO_CAP_FLOATING_POINT_EMULATION_SUPPORT, 0, false},
};

constexpr Attribute settings[] = {
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_ID, Algorithm, id),
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_TILE_ID, Algorithm, tile),
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, Algorithm, split_k),
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, Algorithm, reduction_scheme),
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, Algorithm, swizzling),
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, Algorithm, custom_option),
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_STAGES_ID, Algorithm, stages),
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, Algorithm, inner_shape),
    CPU_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, Algorithm, cluster_shape),
};

Algorithm read(const cublasLtMatmulAlgo_t* algo) {
  Algorithm content;
  std::memcpy(static_cast<void*>(&content), algo, sizeof content);
  return content;
}

void write(const Algorithm& content, cublasLtMatmulAlgo_t* algo) {
  std::memset(algo, 0, sizeof *algo);
  std::memcpy(algo, &content, sizeof content);
}

void fill_result(cublasLtMatmulHeuristicResult_t* result) {
  std::memset(result, 0, sizeof *result);
  write(Algorithm{}, &result->algo);
  result->state = CUBLAS_STATUS_SUCCESS;
  result->wavesCount = 1;
}

cublasStatus_t get_heuristic(cublasLtMatmulDesc_t operation, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                             cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t preference,
                             int requested, cublasLtMatmulHeuristicResult_t results[], int* returned) {
  if (results == nullptr || returned == nullptr || requested < 1) {
    return fail(CUBLAS_STATUS_INVALID_VALUE,
                "heuristicResultsArray or returnAlgoCount is null, or requestedAlgoCount is less than 1");
  }
  if (find_descriptor<PreferenceDescriptor>(preference) == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *returned = 0;
  Problem problem;
  const cublasStatus_t status = make_problem(operation, a, b, c, d, &problem);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  fill_result(&results[0]);
  *returned = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t check(cublasLtMatmulDesc_t operation, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                     cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, const cublasLtMatmulAlgo_t* algo,
                     cublasLtMatmulHeuristicResult_t* result) {
  if (result == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "result is null");
  if (algo == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "algo is null");
  cublasStatus_t status = check_algorithm(algo);
  Problem problem;
  if (status == CUBLAS_STATUS_SUCCESS) status = make_problem(operation, a, b, c, d, &problem);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  const cublasLtMatmulAlgo_t kept = *algo;
  fill_result(result);
  result->algo = kept;
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

cublasStatus_t check_algorithm(const cublasLtMatmulAlgo_t* algo) {
  if (algo == nullptr) return CUBLAS_STATUS_SUCCESS;
  const Algorithm content = read(algo);
  if (content.mark != Algorithm::own_mark || content.id != Algorithm::only_id) {
    return fail(CUBLAS_STATUS_INVALID_VALUE,
                "algo is none that cublasLtMatmulAlgoGetHeuristic or cublasLtMatmulAlgoInit made");
  }
  if (content.tile != CUBLASLT_MATMUL_TILE_UNDEFINED || content.split_k > 1 || content.split_k < 0 ||
      content.reduction_scheme != CUBLASLT_REDUCTION_SCHEME_NONE || content.swizzling != 0 ||
      content.custom_option != 0 || content.stages != CUBLASLT_MATMUL_STAGES_UNDEFINED) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                "algo is set to a tile, a split or another option that its capabilities do not have");
  }
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace cpu::cublaslt

using namespace cpu::cublaslt;

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t operationDesc,
                                              cublasLtMatrixLayout_t Adesc, cublasLtMatrixLayout_t Bdesc,
                                              cublasLtMatrixLayout_t Cdesc, cublasLtMatrixLayout_t Ddesc,
                                              cublasLtMatmulPreference_t preference, int requestedAlgoCount,
                                              cublasLtMatmulHeuristicResult_t heuristicResultsArray[],
                                              int* returnAlgoCount) {
  CPU_COUNT_CALL();
  return with_handle(__func__, lightHandle, [&] {
    return get_heuristic(operationDesc, Adesc, Bdesc, Cdesc, Ddesc, preference, requestedAlgoCount,
                         heuristicResultsArray, returnAlgoCount);
  });
}

// The stream would tell how many multiprocessors there are for it.
cublasStatus_t cublasLtMatmulAlgoGetHeuristicForStream(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t operationDesc,
                                                       cublasLtMatrixLayout_t Adesc, cublasLtMatrixLayout_t Bdesc,
                                                       cublasLtMatrixLayout_t Cdesc, cublasLtMatrixLayout_t Ddesc,
                                                       cublasLtMatmulPreference_t preference, int requestedAlgoCount,
                                                       cublasLtMatmulHeuristicResult_t heuristicResultsArray[],
                                                       int* returnAlgoCount, cudaStream_t stream) {
  CPU_COUNT_CALL();
  return with_handle(__func__, lightHandle, [&] {
    std::shared_ptr<cpu::Stream> found;
    const cublasStatus_t status = find_stream(stream, &found);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return get_heuristic(operationDesc, Adesc, Bdesc, Cdesc, Ddesc, preference, requestedAlgoCount,
                         heuristicResultsArray, returnAlgoCount);
  });
}

cublasStatus_t cublasLtMatmulAlgoGetIds(cublasLtHandle_t lightHandle, cublasComputeType_t computeType,
                                        cudaDataType_t scaleType, cudaDataType_t Atype, cudaDataType_t Btype,
                                        cudaDataType_t Ctype, cudaDataType_t Dtype, int requestedAlgoCount,
                                        int algoIdsArray[], int* returnAlgoCount) {
  CPU_COUNT_CALL();
  return with_handle(__func__, lightHandle, [&] {
    if (algoIdsArray == nullptr || returnAlgoCount == nullptr || requestedAlgoCount < 1) {
      return fail(CUBLAS_STATUS_INVALID_VALUE,
                  "algoIdsArray or returnAlgoCount is null, or requestedAlgoCount is less than 1");
    }
    *returnAlgoCount = 0;
    bool wide;
    MatrixType scale;
    const cublasStatus_t status = check_types(computeType, scaleType, Atype, Btype, Ctype, Dtype, &wide, &scale);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    algoIdsArray[0] = Algorithm::only_id;
    *returnAlgoCount = 1;
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasLtMatmulAlgoInit(cublasLtHandle_t lightHandle, cublasComputeType_t computeType,
                                      cudaDataType_t scaleType, cudaDataType_t Atype, cudaDataType_t Btype,
                                      cudaDataType_t Ctype, cudaDataType_t Dtype, int algoId,
                                      cublasLtMatmulAlgo_t* algo) {
  CPU_COUNT_CALL();
  return with_handle(__func__, lightHandle, [&] {
    if (algo == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "algo is null");
    if (algoId != Algorithm::only_id) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "there is no algorithm " + std::to_string(algoId) +
                                                   "; ask "
                                                   "cublasLtMatmulAlgoGetIds which there are");
    }
    bool wide;
    MatrixType scale;
    const cublasStatus_t status = check_types(computeType, scaleType, Atype, Btype, Ctype, Dtype, &wide, &scale);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    write(Algorithm{}, algo);
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t operationDesc,
                                       cublasLtMatrixLayout_t Adesc, cublasLtMatrixLayout_t Bdesc,
                                       cublasLtMatrixLayout_t Cdesc, cublasLtMatrixLayout_t Ddesc,
                                       const cublasLtMatmulAlgo_t* algo, cublasLtMatmulHeuristicResult_t* result) {
  CPU_COUNT_CALL();
  return with_handle(__func__, lightHandle,
                     [&] { return check(operationDesc, Adesc, Bdesc, Cdesc, Ddesc, algo, result); });
}

cublasStatus_t cublasLtMatmulAlgoCheckForStream(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t operationDesc,
                                                cublasLtMatrixLayout_t Adesc, cublasLtMatrixLayout_t Bdesc,
                                                cublasLtMatrixLayout_t Cdesc, cublasLtMatrixLayout_t Ddesc,
                                                const cublasLtMatmulAlgo_t* algo,
                                                cublasLtMatmulHeuristicResult_t* result, cudaStream_t stream) {
  CPU_COUNT_CALL();
  return with_handle(__func__, lightHandle, [&] {
    std::shared_ptr<cpu::Stream> found;
    const cublasStatus_t status = find_stream(stream, &found);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return check(operationDesc, Adesc, Bdesc, Cdesc, Ddesc, algo, result);
  });
}

cublasStatus_t cublasLtMatmulAlgoCapGetAttribute(const cublasLtMatmulAlgo_t* algo,
                                                 cublasLtMatmulAlgoCapAttributes_t attr, void* buf, size_t sizeInBytes,
                                                 size_t* sizeWritten) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (algo == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "algo is null");
    const cublasStatus_t status = check_algorithm(algo);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    for (const Capability& capability : capabilities) {
      if (capability.number != static_cast<int>(attr)) continue;
      const auto narrow = static_cast<uint32_t>(capability.value);
      if (capability.wide)
        return answer(attr, &capability.value, sizeof capability.value, buf, sizeInBytes, sizeWritten);
      return answer(attr, &narrow, sizeof narrow, buf, sizeInBytes, sizeWritten);
    }
    return fail(CUBLAS_STATUS_INVALID_VALUE, "there is no attribute " + std::to_string(static_cast<int>(attr)));
  });
}

cublasStatus_t cublasLtMatmulAlgoConfigSetAttribute(cublasLtMatmulAlgo_t* algo,
                                                    cublasLtMatmulAlgoConfigAttributes_t attr, const void* buf,
                                                    size_t sizeInBytes) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (algo == nullptr || buf == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "algo or buf is null");
    const Attribute* setting = find_attribute(settings, static_cast<int>(attr));
    if (setting == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
    if (sizeInBytes != setting->bytes) return wrong_size(setting->number, sizeInBytes, setting->bytes);
    Algorithm content = read(algo);
    if (content.mark != Algorithm::own_mark) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "algo was not made by cublasLtMatmulAlgoInit or by the heuristics");
    }
    std::memcpy(reinterpret_cast<char*>(&content) + setting->offset, buf, setting->bytes);
    write(content, algo);
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t* algo,
                                                    cublasLtMatmulAlgoConfigAttributes_t attr, void* buf,
                                                    size_t sizeInBytes, size_t* sizeWritten) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (algo == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "algo is null");
    const Attribute* setting = find_attribute(settings, static_cast<int>(attr));
    if (setting == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
    const Algorithm content = read(algo);
    if (content.mark != Algorithm::own_mark) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "algo was not made by cublasLtMatmulAlgoInit or by the heuristics");
    }
    return answer(setting->number, reinterpret_cast<const char*>(&content) + setting->offset, setting->bytes, buf,
                  sizeInBytes, sizeWritten);
  });
}
