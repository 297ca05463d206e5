// cublasLtMatmul: D = epilogue(alpha op(A) op(B) + beta C), checked on the caller's thread, computed on the stream's.
#include "cublaslt/algorithm.h"
#include "cublaslt/call.h"
#include "cublaslt/compute.h"

namespace cpu::cublaslt {
namespace {

// The pointers of a call that computes something. What is not read may be null: A and B without an inner dimension, C
// where beta is 0.
cublasStatus_t check_pointers(const Multiplication& call) {
  const Problem& problem = call.problem;
  const bool zero_beta = call.beta.place == ScalarPlace::Zero ||
                         (call.beta.place == ScalarPlace::Host && call.beta.value == std::complex<double>{});
  const auto missing = [](const char* name) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, std::string(name) + " is null");
  };
  if (call.addresses.d == nullptr) return missing("D");
  if (problem.k != 0 && call.addresses.a == nullptr) return missing("A");
  if (problem.k != 0 && call.addresses.b == nullptr) return missing("B");
  if (!zero_beta && call.addresses.c == nullptr) return missing("C");
  if (problem.epilogue.needs_bias() && problem.descriptor.bias == 0) return missing("BIAS_POINTER");
  if (problem.epilogue.needs_auxiliary() && problem.descriptor.auxiliary == 0) return missing("EPILOGUE_AUX_POINTER");
  const MatrixShape& c = problem.c;
  const MatrixShape& d = problem.d;
  if (!zero_beta && call.addresses.c == call.addresses.d &&
      (c.type != d.type || c.row_major != d.row_major || c.leading != d.leading || c.stride != d.stride ||
       c.pointers != d.pointers)) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, "C and D are the same memory, but their layouts differ");
  }
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace
}  // namespace cpu::cublaslt

using namespace cpu::cublaslt;

// The workspace is not needed.
cublasStatus_t cublasLtMatmul(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t computeDesc, const void* alpha,
                              const void* A, cublasLtMatrixLayout_t Adesc, const void* B, cublasLtMatrixLayout_t Bdesc,
                              const void* beta, const void* C, cublasLtMatrixLayout_t Cdesc, void* D,
                              cublasLtMatrixLayout_t Ddesc, const cublasLtMatmulAlgo_t* algo, void* workspace,
                              size_t workspaceSizeInBytes, cudaStream_t stream) {
  CPU_COUNT_CALL();
  return with_handle(__func__, lightHandle, [&, function = __func__] {
    if (workspaceSizeInBytes != 0 && workspace == nullptr) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "workspace is null and workspaceSizeInBytes is not 0");
    }
    Multiplication call;
    call.function = function;
    cublasStatus_t status = make_problem(computeDesc, Adesc, Bdesc, Cdesc, Ddesc, &call.problem);
    if (status == CUBLAS_STATUS_SUCCESS) status = check_algorithm(algo);
    std::shared_ptr<cpu::Stream> queue;
    if (status == CUBLAS_STATUS_SUCCESS) status = find_stream(stream, &queue);
    if (status != CUBLAS_STATUS_SUCCESS || call.problem.empty()) return status;
    ScalarPlace place_alpha, place_beta;
    factor_places(call.problem.descriptor.pointer_mode, &place_alpha, &place_beta);
    status = make_factor("alpha", place_alpha, call.problem.scale_type, alpha, &call.alpha);
    if (status == CUBLAS_STATUS_SUCCESS) {
      status = make_factor("beta", place_beta, call.problem.scale_type, beta, &call.beta);
    }
    call.addresses = {A, B, C, D};
    if (status == CUBLAS_STATUS_SUCCESS) status = check_pointers(call);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    queue->enqueue([call] { call.run(); });
    return CUBLAS_STATUS_SUCCESS;
  });
}
