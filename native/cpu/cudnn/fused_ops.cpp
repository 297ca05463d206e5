#include "cudnn/fused_ops.h"

#include <initializer_list>

#include "cudnn/handle.h"
#include "cudnn/object_handles.h"

namespace cpu {
namespace {

constexpr uint64_t bits(std::initializer_list<int> numbers) {
  uint64_t set = 0;
  for (const int number : numbers) set |= uint64_t{1} << number;
  return set;
}

bool contains(uint64_t set, int number) { return number >= 0 && number < 64 && (set >> number & 1) != 0; }

// What takes part in a fused operation, as labels of the constant pack, pointers and scalars (from 100) of the variant
// pack.
struct Part {
  uint64_t labels;
  uint64_t pointers;
  uint64_t scalars;
};

constexpr Part mode{bits({CUDNN_PARAM_BN_MODE}), 0, 0};
constexpr Part workspace{0, bits({CUDNN_PTR_WORKSPACE}), bits({0})};
constexpr Part epsilon{0, 0, bits({CUDNN_SCALAR_DOUBLE_BN_EPSILON - CUDNN_SCALAR_SIZE_T_WORKSPACE_SIZE_IN_BYTES})};
constexpr Part averaging{0, 0,
                         bits({CUDNN_SCALAR_INT64_T_BN_ACCUMULATION_COUNT - CUDNN_SCALAR_SIZE_T_WORKSPACE_SIZE_IN_BYTES,
                               CUDNN_SCALAR_DOUBLE_BN_EXP_AVG_FACTOR - CUDNN_SCALAR_SIZE_T_WORKSPACE_SIZE_IN_BYTES})};
constexpr Part x{bits({CUDNN_PARAM_XDESC, CUDNN_PARAM_XDATA_PLACEHOLDER}), bits({CUDNN_PTR_XDATA}), 0};
constexpr Part equivalent_scale{bits({CUDNN_PARAM_BN_EQSCALEBIAS_DESC, CUDNN_PARAM_BN_EQSCALE_PLACEHOLDER}),
                                bits({CUDNN_PTR_BN_EQSCALE}), 0};
constexpr Part equivalent_bias{bits({CUDNN_PARAM_BN_EQBIAS_PLACEHOLDER}), bits({CUDNN_PTR_BN_EQBIAS}), 0};
constexpr Part activation{bits({CUDNN_PARAM_ACTIVATION_DESC}), 0, 0};
constexpr Part convolution{bits({CUDNN_PARAM_CONV_DESC}), 0, 0};
constexpr Part w{bits({CUDNN_PARAM_WDESC, CUDNN_PARAM_WDATA_PLACEHOLDER}), bits({CUDNN_PTR_WDATA}), 0};
constexpr Part dw{bits({CUDNN_PARAM_DWDESC, CUDNN_PARAM_DWDATA_PLACEHOLDER}), bits({CUDNN_PTR_DWDATA}), 0};
constexpr Part y{bits({CUDNN_PARAM_YDESC, CUDNN_PARAM_YDATA_PLACEHOLDER}), bits({CUDNN_PTR_YDATA}), 0};
constexpr Part dy{bits({CUDNN_PARAM_DYDESC, CUDNN_PARAM_DYDATA_PLACEHOLDER}), bits({CUDNN_PTR_DYDATA}), 0};
constexpr Part sums{bits({CUDNN_PARAM_YSTATS_DESC, CUDNN_PARAM_YSUM_PLACEHOLDER, CUDNN_PARAM_YSQSUM_PLACEHOLDER}),
                    bits({CUDNN_PTR_YSUM, CUDNN_PTR_YSQSUM}), 0};
constexpr Part scale{bits({CUDNN_PARAM_BN_SCALEBIAS_MEANVAR_DESC, CUDNN_PARAM_BN_SCALE_PLACEHOLDER}),
                     bits({CUDNN_PTR_BN_SCALE}), 0};
constexpr Part bias{bits({CUDNN_PARAM_BN_BIAS_PLACEHOLDER}), bits({CUDNN_PTR_BN_BIAS}), 0};
constexpr Part saved{bits({CUDNN_PARAM_BN_SAVED_MEAN_PLACEHOLDER, CUDNN_PARAM_BN_SAVED_INVSTD_PLACEHOLDER}),
                     bits({CUDNN_PTR_BN_SAVED_MEAN, CUDNN_PTR_BN_SAVED_INVSTD}), 0};
constexpr Part running{bits({CUDNN_PARAM_BN_RUNNING_MEAN_PLACEHOLDER, CUDNN_PARAM_BN_RUNNING_VAR_PLACEHOLDER}),
                       bits({CUDNN_PTR_BN_RUNNING_MEAN, CUDNN_PTR_BN_RUNNING_VAR}), 0};
constexpr Part z{bits({CUDNN_PARAM_ZDESC, CUDNN_PARAM_ZDATA_PLACEHOLDER, CUDNN_PARAM_BN_Z_EQSCALEBIAS_DESC,
                       CUDNN_PARAM_BN_Z_EQSCALE_PLACEHOLDER, CUDNN_PARAM_BN_Z_EQBIAS_PLACEHOLDER}),
                 bits({CUDNN_PTR_ZDATA, CUDNN_PTR_BN_Z_EQSCALE, CUDNN_PTR_BN_Z_EQBIAS}), 0};
constexpr Part bit_mask{bits({CUDNN_PARAM_ACTIVATION_BITMASK_DESC, CUDNN_PARAM_ACTIVATION_BITMASK_PLACEHOLDER}),
                        bits({CUDNN_PTR_ACTIVATION_BITMASK}), 0};
constexpr Part gradients{
    bits({CUDNN_PARAM_DXDESC, CUDNN_PARAM_DXDATA_PLACEHOLDER, CUDNN_PARAM_DZDESC, CUDNN_PARAM_DZDATA_PLACEHOLDER,
          CUDNN_PARAM_BN_DSCALE_PLACEHOLDER, CUDNN_PARAM_BN_DBIAS_PLACEHOLDER}),
    bits({CUDNN_PTR_DXDATA, CUDNN_PTR_DZDATA, CUDNN_PTR_BN_DSCALE, CUDNN_PTR_BN_DBIAS}), 0};

constexpr Part operator+(Part a, Part b) {
  return {a.labels | b.labels, a.pointers | b.pointers, a.scalars | b.scalars};
}

Part parts_of(cudnnFusedOps_t operation) {
  constexpr Part common = mode + workspace;
  constexpr Part prologue = x + equivalent_scale + equivalent_bias + activation;
  switch (operation) {
    case CUDNN_FUSED_SCALE_BIAS_ACTIVATION_CONV_BNSTATS:
      return common + prologue + convolution + w + y + sums;
    case CUDNN_FUSED_SCALE_BIAS_ACTIVATION_WGRAD:
      return common + prologue + convolution + dw + dy;
    case CUDNN_FUSED_BN_FINALIZE_STATISTICS_TRAINING:
      return common + sums + scale + bias + saved + running + equivalent_scale + equivalent_bias + averaging + epsilon;
    case CUDNN_FUSED_BN_FINALIZE_STATISTICS_INFERENCE:
      return common + scale + bias + running + equivalent_scale + equivalent_bias + epsilon;
    case CUDNN_FUSED_CONV_SCALE_BIAS_ADD_ACTIVATION:
      return common + x + w + convolution + equivalent_scale + z + activation + y;
    case CUDNN_FUSED_SCALE_BIAS_ADD_ACTIVATION_GEN_BITMASK:
      return common + prologue + z + y + bit_mask;
    case CUDNN_FUSED_DACTIVATION_FORK_DBATCHNORM:
      return common + x + dy + scale + saved + activation + bit_mask + gradients + epsilon;
    default:
      return {};
  }
}

bool is_operation(cudnnFusedOps_t operation) {
  return is_between(operation, CUDNN_FUSED_SCALE_BIAS_ACTIVATION_CONV_BNSTATS, CUDNN_FUSED_DACTIVATION_FORK_DBATCHNORM);
}

constexpr uint64_t tensor_labels = bits(
    {CUDNN_PARAM_XDESC, CUDNN_PARAM_BN_EQSCALEBIAS_DESC, CUDNN_PARAM_YDESC, CUDNN_PARAM_DYDESC, CUDNN_PARAM_YSTATS_DESC,
     CUDNN_PARAM_BN_SCALEBIAS_MEANVAR_DESC, CUDNN_PARAM_ZDESC, CUDNN_PARAM_BN_Z_EQSCALEBIAS_DESC,
     CUDNN_PARAM_ACTIVATION_BITMASK_DESC, CUDNN_PARAM_DXDESC, CUDNN_PARAM_DZDESC});
constexpr uint64_t filter_labels = bits({CUDNN_PARAM_WDESC, CUDNN_PARAM_DWDESC});

template <class T, class Handle>
cudnnStatus_t create_for_operation(Handle* handle, cudnnFusedOps_t operation, std::string_view parameter) {
  if (handle == nullptr) return bad_handle(nullptr, parameter);
  if (!is_operation(operation)) return fail(CUDNN_STATUS_BAD_PARAM, "ops is no cudnnFusedOps_t");
  const cudnnStatus_t status = create_object<T>(handle, parameter);
  if (status == CUDNN_STATUS_SUCCESS) lookup<T>(*handle)->operation = operation;
  return status;
}

// Copies the descriptor behind `handle` into the pack; null takes it out again.
template <class T>
cudnnStatus_t store(std::optional<T>& place, const void* handle) {
  if (handle == nullptr) {
    place.reset();
    return CUDNN_STATUS_SUCCESS;
  }
  const auto* descriptor = lookup<T>(handle);
  if (descriptor == nullptr) return bad_handle(handle, "param");
  place = *descriptor;
  return CUDNN_STATUS_SUCCESS;
}

// Copies the pack's descriptor into the one behind `handle`.
template <class T>
cudnnStatus_t load(const std::optional<T>& place, void* handle, int* is_null) {
  *is_null = place.has_value() ? 0 : 1;
  if (!place.has_value()) return CUDNN_STATUS_SUCCESS;
  auto* descriptor = lookup<T>(handle);
  if (descriptor == nullptr) return bad_handle(handle, "param");
  *descriptor = *place;
  return CUDNN_STATUS_SUCCESS;
}

// Position of a scalar among those of the variant pack, or -1. Labels may be any int.
int scalar_index(int label) {
  constexpr int first = CUDNN_SCALAR_SIZE_T_WORKSPACE_SIZE_IN_BYTES;
  return label < first ? -1 : label - first;
}

cudnnStatus_t unknown_label() {
  return fail(CUDNN_STATUS_BAD_PARAM, "paramLabel is none of those of the pack's fused operation");
}

}  // namespace
}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::FusedConstPack;
using cpu::FusedPlan;
using cpu::FusedVariantPack;
using cpu::lookup;

cudnnStatus_t cudnnCreateFusedOpsConstParamPack(cudnnFusedOpsConstParamPack_t* constPack, cudnnFusedOps_t ops) {
  return cpu::create_for_operation<FusedConstPack>(constPack, ops, "constPack");
}

cudnnStatus_t cudnnDestroyFusedOpsConstParamPack(cudnnFusedOpsConstParamPack_t constPack) {
  return cpu::destroy_object<FusedConstPack>(constPack, "constPack");
}

cudnnStatus_t cudnnSetFusedOpsConstParamPackAttribute(cudnnFusedOpsConstParamPack_t constPack,
                                                      cudnnFusedOpsConstParamLabel_t paramLabel, const void* param) {
  auto* pack = lookup<FusedConstPack>(constPack);
  if (pack == nullptr) return bad_handle(constPack, "constPack");
  const int label = static_cast<int>(paramLabel);
  if (!cpu::contains(cpu::parts_of(pack->operation).labels, label)) return cpu::unknown_label();
  if (cpu::contains(cpu::tensor_labels, label)) return cpu::store(pack->tensors[label], param);
  if (cpu::contains(cpu::filter_labels, label)) return cpu::store(pack->filters[label], param);
  if (label == CUDNN_PARAM_CONV_DESC) return cpu::store(pack->convolution, param);
  if (label == CUDNN_PARAM_ACTIVATION_DESC) return cpu::store(pack->activation, param);
  pack->numbers[label] = param == nullptr ? 0 : *static_cast<const int*>(param);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetFusedOpsConstParamPackAttribute(const cudnnFusedOpsConstParamPack_t constPack,
                                                      cudnnFusedOpsConstParamLabel_t paramLabel, void* param,
                                                      int* isNULL) {
  const auto* pack = lookup<FusedConstPack>(constPack);
  if (pack == nullptr) return bad_handle(constPack, "constPack");
  if (any_null(param, isNULL)) return cpu::null_pointer(__func__);
  *isNULL = 0;
  const int label = static_cast<int>(paramLabel);
  // The real library takes this operation's parameters and hands none of them back.
  if (pack->operation == CUDNN_FUSED_CONV_SCALE_BIAS_ADD_ACTIVATION) return cpu::unknown_label();
  if (!cpu::contains(cpu::parts_of(pack->operation).labels, label)) return cpu::unknown_label();
  if (cpu::contains(cpu::tensor_labels, label)) return cpu::load(pack->tensors[label], param, isNULL);
  if (cpu::contains(cpu::filter_labels, label)) return cpu::load(pack->filters[label], param, isNULL);
  if (label == CUDNN_PARAM_CONV_DESC) return cpu::load(pack->convolution, param, isNULL);
  if (label == CUDNN_PARAM_ACTIVATION_DESC) return cpu::load(pack->activation, param, isNULL);
  *static_cast<int*>(param) = pack->numbers[label];
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateFusedOpsVariantParamPack(cudnnFusedOpsVariantParamPack_t* varPack, cudnnFusedOps_t ops) {
  return cpu::create_for_operation<FusedVariantPack>(varPack, ops, "varPack");
}

cudnnStatus_t cudnnDestroyFusedOpsVariantParamPack(cudnnFusedOpsVariantParamPack_t varPack) {
  return cpu::destroy_object<FusedVariantPack>(varPack, "varPack");
}

// Pointers are the value itself; scalars are read from where the pointer points.
cudnnStatus_t cudnnSetFusedOpsVariantParamPackAttribute(cudnnFusedOpsVariantParamPack_t varPack,
                                                        cudnnFusedOpsVariantParamLabel_t paramLabel, void* ptr) {
  auto* pack = lookup<FusedVariantPack>(varPack);
  if (pack == nullptr) return bad_handle(varPack, "varPack");
  const int label = static_cast<int>(paramLabel);
  const cpu::Part parts = cpu::parts_of(pack->operation);
  if (cpu::contains(parts.pointers, label)) {
    pack->pointers[label] = ptr;
    return CUDNN_STATUS_SUCCESS;
  }
  if (!cpu::contains(parts.scalars, cpu::scalar_index(label))) return cpu::unknown_label();
  if (ptr == nullptr) return cpu::null_pointer(__func__);
  switch (label) {
    case CUDNN_SCALAR_SIZE_T_WORKSPACE_SIZE_IN_BYTES:
      pack->workspace_bytes = *static_cast<const size_t*>(ptr);
      break;
    case CUDNN_SCALAR_INT64_T_BN_ACCUMULATION_COUNT:
      pack->accumulation_count = *static_cast<const int64_t*>(ptr);
      break;
    case CUDNN_SCALAR_DOUBLE_BN_EXP_AVG_FACTOR:
      pack->average_factor = *static_cast<const double*>(ptr);
      break;
    default:
      pack->epsilon = *static_cast<const double*>(ptr);
      break;
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetFusedOpsVariantParamPackAttribute(const cudnnFusedOpsVariantParamPack_t varPack,
                                                        cudnnFusedOpsVariantParamLabel_t paramLabel, void* ptr) {
  const auto* pack = lookup<FusedVariantPack>(varPack);
  if (pack == nullptr) return bad_handle(varPack, "varPack");
  if (ptr == nullptr) return cpu::null_pointer(__func__);
  const int label = static_cast<int>(paramLabel);
  // As with the constant parameters of another operation, the real library hands none of these back.
  if (pack->operation == CUDNN_FUSED_BN_FINALIZE_STATISTICS_INFERENCE) return cpu::unknown_label();
  const cpu::Part parts = cpu::parts_of(pack->operation);
  if (cpu::contains(parts.pointers, label)) {
    *static_cast<void**>(ptr) = pack->pointers[label];
    return CUDNN_STATUS_SUCCESS;
  }
  if (!cpu::contains(parts.scalars, cpu::scalar_index(label))) return cpu::unknown_label();
  switch (label) {
    case CUDNN_SCALAR_SIZE_T_WORKSPACE_SIZE_IN_BYTES:
      *static_cast<size_t*>(ptr) = pack->workspace_bytes;
      break;
    case CUDNN_SCALAR_INT64_T_BN_ACCUMULATION_COUNT:
      *static_cast<int64_t*>(ptr) = pack->accumulation_count;
      break;
    case CUDNN_SCALAR_DOUBLE_BN_EXP_AVG_FACTOR:
      *static_cast<double*>(ptr) = pack->average_factor;
      break;
    default:
      *static_cast<double*>(ptr) = pack->epsilon;
      break;
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateFusedOpsPlan(cudnnFusedOpsPlan_t* plan, cudnnFusedOps_t ops) {
  return cpu::create_for_operation<FusedPlan>(plan, ops, "plan");
}

cudnnStatus_t cudnnDestroyFusedOpsPlan(cudnnFusedOpsPlan_t plan) {
  return cpu::destroy_object<FusedPlan>(plan, "plan");
}

// As on a GPU that has no kernel for the fused operation: the answer is NOT_SUPPORTED and the caller falls back.
cudnnStatus_t cudnnMakeFusedOpsPlan(cudnnHandle_t handle, cudnnFusedOpsPlan_t plan,
                                    const cudnnFusedOpsConstParamPack_t constPack, size_t* workspaceSizeInBytes) {
  if (lookup<cpu::CudnnHandle>(handle) == nullptr) return bad_handle(handle, "handle");
  const auto* fused = lookup<FusedPlan>(plan);
  if (fused == nullptr) return bad_handle(plan, "plan");
  const auto* pack = lookup<FusedConstPack>(constPack);
  if (pack == nullptr) return bad_handle(constPack, "constPack");
  if (workspaceSizeInBytes == nullptr) return cpu::null_pointer(__func__);
  if (fused->operation != pack->operation) {
    return fail(CUDNN_STATUS_BAD_PARAM, "plan and constPack are of different fused operations");
  }
  return fail(CUDNN_STATUS_NOT_SUPPORTED,
              "the CPU device plans no cudnnFusedOps_t; describe the operation through the graph API");
}
