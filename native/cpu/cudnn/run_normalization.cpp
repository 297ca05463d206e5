// Batch normalisation: training, inference and gradient, alone and with addition and ReLU behind it.
#include "cudnn/normalization_shapes.h"
#include "cudnn/run.h"
#include "engine/compute_normalization.h"

namespace cpu {
namespace {

using compute::ElementType;
using compute::Normalization;
using compute::NormalizationGradient;
using compute::NormalizationState;
using compute::Tensor;

/// What is fused behind the normalisation, for both families of functions.
enum class Fused { Nothing, Activation, AddActivation };

std::optional<Fused> fused_of(cudnnBatchNormOps_t operations) {
  switch (operations) {
    case CUDNN_BATCHNORM_OPS_BN:
      return Fused::Nothing;
    case CUDNN_BATCHNORM_OPS_BN_ACTIVATION:
      return Fused::Activation;
    case CUDNN_BATCHNORM_OPS_BN_ADD_ACTIVATION:
      return Fused::AddActivation;
  }
  return std::nullopt;
}

std::optional<Fused> fused_of(cudnnNormOps_t operations) {
  switch (operations) {
    case CUDNN_NORM_OPS_NORM:
      return Fused::Nothing;
    case CUDNN_NORM_OPS_NORM_ACTIVATION:
      return Fused::Activation;
    case CUDNN_NORM_OPS_NORM_ADD_ACTIVATION:
      return Fused::AddActivation;
  }
  return std::nullopt;
}

void require_mode(Arguments& arguments, cudnnBatchNormMode_t mode) {
  arguments.require(is_between(mode, CUDNN_BATCHNORM_PER_ACTIVATION, CUDNN_BATCHNORM_SPATIAL_PERSISTENT),
                    CUDNN_STATUS_BAD_PARAM, "mode is no cudnnBatchNormMode_t");
}

void require_mode(Arguments& arguments, cudnnNormMode_t mode, cudnnNormAlgo_t algorithm) {
  arguments.require(is_between(mode, CUDNN_NORM_PER_ACTIVATION, CUDNN_NORM_PER_CHANNEL), CUDNN_STATUS_BAD_PARAM,
                    "mode is no cudnnNormMode_t");
  arguments.require(is_between(algorithm, CUDNN_NORM_ALGO_STANDARD, CUDNN_NORM_ALGO_PERSIST), CUDNN_STATUS_BAD_PARAM,
                    "algo is no cudnnNormAlgo_t");
}

/// Checks the parameters' descriptor against x.
Normalization normalization_of(Arguments& arguments, bool per_activation, cudnnTensorDescriptor_t x_desc,
                               cudnnTensorDescriptor_t parameter_desc, const char* parameter_name, double epsilon) {
  Normalization normalization;
  normalization.per_activation = per_activation;
  normalization.x = arguments.tensor(x_desc, "xDesc");
  normalization.epsilon = epsilon;
  const Tensor parameter = arguments.tensor(parameter_desc, parameter_name);
  if (arguments.failed()) return normalization;
  normalization.parameter_type = parameter.type;
  const Tensor& x = normalization.x;
  arguments.require(x.rank >= 4 && x.rank <= 5, CUDNN_STATUS_BAD_PARAM,
                    "a batch normalisation takes tensors of 4 or 5 dimensions");
  bool fits = parameter.rank == x.rank && parameter.dims[0] == 1;
  for (int i = 1; i < parameter.rank && fits; ++i) {
    fits = parameter.dims[i] == (i == 1 || per_activation ? x.dims[i] : 1);
  }
  arguments.require(fits, CUDNN_STATUS_BAD_PARAM,
                    "the descriptor of scale and bias is not what cudnnDeriveBNTensorDescriptor makes of xDesc");
  arguments.require(
      parameter.type == ElementType::F64 ? x.type == ElementType::F64
                                         : parameter.type == ElementType::F32 && x.type != ElementType::F64,
      CUDNN_STATUS_BAD_PARAM, "scale and bias are FLOAT for FLOAT and narrower tensors and DOUBLE for DOUBLE ones");
  arguments.require(epsilon >= CUDNN_BN_MIN_EPSILON, CUDNN_STATUS_BAD_PARAM, "epsilon is below CUDNN_BN_MIN_EPSILON");
  return normalization;
}

/// Bytes of each of scale, bias, means and variances.
int64_t parameter_bytes(const Normalization& normalization) {
  const Tensor& x = normalization.x;
  const int64_t count = normalization.per_activation ? x.elements() / x.dims[0] : x.dims[1];
  return count * static_cast<int64_t>(compute::element_size(normalization.parameter_type));
}

Tensor same_shape(Arguments& arguments, cudnnTensorDescriptor_t descriptor, const char* name, const Tensor& x) {
  const Tensor tensor = arguments.tensor(descriptor, name);
  arguments.require(arguments.failed() || compute::same_dims(tensor, x), CUDNN_STATUS_BAD_PARAM, name,
                    " and xDesc have different dimensions");
  return tensor;
}

void require_relu(Arguments& arguments, cudnnActivationDescriptor_t descriptor) {
  const auto* activation = arguments.object<ActivationDescriptor>(descriptor, "activationDesc");
  arguments.require(arguments.failed() || activation->mode == CUDNN_ACTIVATION_RELU, CUDNN_STATUS_NOT_SUPPORTED,
                    "batch normalisation fuses the activation RELU only");
}

/// Everything a forward pass is given; unused pointers and descriptors are null.
struct ForwardCall {
  const void *alpha, *beta;
  cudnnTensorDescriptor_t x_desc;
  const void* x;
  cudnnTensorDescriptor_t z_desc;
  const void* z;
  cudnnTensorDescriptor_t y_desc;
  void* y;
  cudnnTensorDescriptor_t parameter_desc;
  const void *scale, *bias;
  double epsilon;
  cudnnActivationDescriptor_t activation;
};

struct ForwardOperands {
  Normalization normalization;
  Tensor y, z;
  double alpha, beta;
};

ForwardOperands check_forward(Arguments& arguments, bool per_activation, std::optional<Fused> fused,
                              const ForwardCall& call) {
  ForwardOperands operands{};
  arguments.require(fused.has_value(), CUDNN_STATUS_BAD_PARAM, "the fused operations are no enumerator");
  operands.normalization = normalization_of(arguments, per_activation, call.x_desc, call.parameter_desc,
                                            "bnScaleBiasMeanVarDesc", call.epsilon);
  operands.y = same_shape(arguments, call.y_desc, "yDesc", operands.normalization.x);
  arguments.pointers(call.alpha, call.beta, call.x, static_cast<const void*>(call.y), call.scale, call.bias);
  if (arguments.failed()) return operands;
  if (*fused != Fused::Nothing) {
    require_relu(arguments, call.activation);
    operands.normalization.relu = true;
  }
  if (*fused == Fused::AddActivation) {
    operands.z = same_shape(arguments, call.z_desc, "zDesc", operands.normalization.x);
    arguments.pointers(call.z);
  }
  if (arguments.failed()) return operands;
  operands.alpha = scaling_factor(call.alpha, operands.normalization.x.type);
  operands.beta = scaling_factor(call.beta, operands.normalization.x.type);
  return operands;
}

cudnnStatus_t run_training(Arguments& arguments, const char* name, cudnnHandle_t handle, bool per_activation,
                           std::optional<Fused> fused, const ForwardCall& call, const NormalizationState& state) {
  const auto* cudnn = arguments.handle(handle);
  const ForwardOperands operands = check_forward(arguments, per_activation, fused, call);
  arguments.require((state.running_mean == nullptr) == (state.running_variance == nullptr) &&
                        (state.saved_mean == nullptr) == (state.saved_inverse_deviation == nullptr),
                    CUDNN_STATUS_BAD_PARAM, "of a mean and its variance one is null and the other is not");
  if (arguments.failed()) return arguments.status();
  const void* z = fused == Fused::AddActivation ? call.z : nullptr;
  return enqueue(
      *cudnn, name,
      [operands, state, z, x = call.x, y = call.y, scale = call.scale, bias = call.bias](const char* function) {
        const int64_t bytes = parameter_bytes(operands.normalization);
        if (!touches(function,
                     {extent_of("x", operands.normalization.x, x), extent_of("y", operands.y, y),
                      extent_of("z", operands.z, z), extent_of("scale", scale, bytes), extent_of("bias", bias, bytes),
                      extent_of("the running mean", state.running_mean, bytes),
                      extent_of("the running variance", state.running_variance, bytes),
                      extent_of("the saved mean", state.saved_mean, bytes),
                      extent_of("the saved inverse variance", state.saved_inverse_deviation, bytes)})) {
          return;
        }
        compute::normalization_training(operands.normalization, operands.alpha, x, operands.beta, operands.y, y,
                                        operands.z, z, scale, bias, state);
      });
}

cudnnStatus_t run_inference(Arguments& arguments, const char* name, cudnnHandle_t handle, bool per_activation,
                            std::optional<Fused> fused, const ForwardCall& call, const void* mean,
                            const void* variance) {
  const auto* cudnn = arguments.handle(handle);
  const ForwardOperands operands = check_forward(arguments, per_activation, fused, call);
  arguments.pointers(mean, variance);
  if (arguments.failed()) return arguments.status();
  const void* z = fused == Fused::AddActivation ? call.z : nullptr;
  return enqueue(*cudnn, name,
                 [operands, mean, variance, z, x = call.x, y = call.y, scale = call.scale,
                  bias = call.bias](const char* function) {
                   const int64_t bytes = parameter_bytes(operands.normalization);
                   if (!touches(function, {extent_of("x", operands.normalization.x, x), extent_of("y", operands.y, y),
                                           extent_of("z", operands.z, z), extent_of("scale", scale, bytes),
                                           extent_of("bias", bias, bytes), extent_of("the mean", mean, bytes),
                                           extent_of("the variance", variance, bytes)})) {
                     return;
                   }
                   compute::normalization_inference(operands.normalization, operands.alpha, x, operands.beta,
                                                    operands.y, y, operands.z, z, scale, bias, mean, variance);
                 });
}

struct BackwardCall {
  const void *alpha_data, *beta_data, *alpha_parameter, *beta_parameter;
  cudnnTensorDescriptor_t x_desc;
  const void* x;
  cudnnTensorDescriptor_t y_desc;
  const void* y;
  cudnnTensorDescriptor_t dy_desc;
  const void* dy;
  cudnnTensorDescriptor_t dz_desc;
  void* dz;
  cudnnTensorDescriptor_t dx_desc;
  void* dx;
  cudnnTensorDescriptor_t parameter_desc;
  const void* scale;
  void *dscale, *dbias;
  double epsilon;
  const void *saved_mean, *saved_inverse_deviation;
  cudnnActivationDescriptor_t activation;
};

cudnnStatus_t run_backward(Arguments& arguments, const char* name, cudnnHandle_t handle, bool per_activation,
                           std::optional<Fused> fused, const BackwardCall& call) {
  const auto* cudnn = arguments.handle(handle);
  arguments.require(fused.has_value(), CUDNN_STATUS_BAD_PARAM, "the fused operations are no enumerator");
  Normalization normalization =
      normalization_of(arguments, per_activation, call.x_desc, call.parameter_desc, "dBnScaleBiasDesc", call.epsilon);
  NormalizationGradient gradient{};
  gradient.dy_tensor = same_shape(arguments, call.dy_desc, "dyDesc", normalization.x);
  gradient.dx_tensor = same_shape(arguments, call.dx_desc, "dxDesc", normalization.x);
  gradient.dy = call.dy;
  gradient.dx = call.dx;
  arguments.pointers(call.alpha_data, call.beta_data, call.alpha_parameter, call.beta_parameter, call.x, call.dy,
                     static_cast<const void*>(call.dx), call.scale, static_cast<const void*>(call.dscale),
                     static_cast<const void*>(call.dbias));
  arguments.require((call.saved_mean == nullptr) == (call.saved_inverse_deviation == nullptr), CUDNN_STATUS_BAD_PARAM,
                    "of savedMean and savedInvVariance one is null and the other is not");
  if (arguments.failed()) return arguments.status();
  if (*fused != Fused::Nothing) {
    require_relu(arguments, call.activation);
    normalization.relu = true;
    gradient.y_tensor = same_shape(arguments, call.y_desc, "yDesc", normalization.x);
    gradient.y = call.y;
    arguments.pointers(call.y);
  }
  if (*fused == Fused::AddActivation) {
    gradient.dz_tensor = same_shape(arguments, call.dz_desc, "dzDesc", normalization.x);
    gradient.dz = call.dz;
    arguments.pointers(static_cast<const void*>(call.dz));
  }
  if (arguments.failed()) return arguments.status();
  const ElementType type = normalization.x.type;
  const double alpha_data = scaling_factor(call.alpha_data, type), beta_data = scaling_factor(call.beta_data, type),
               alpha_parameter = scaling_factor(call.alpha_parameter, type),
               beta_parameter = scaling_factor(call.beta_parameter, type);
  return enqueue(
      *cudnn, name,
      [normalization, gradient, alpha_data, beta_data, alpha_parameter, beta_parameter, x = call.x, scale = call.scale,
       dscale = call.dscale, dbias = call.dbias, mean = call.saved_mean,
       inverse = call.saved_inverse_deviation](const char* function) {
        const int64_t bytes = parameter_bytes(normalization);
        if (!touches(
                function,
                {extent_of("x", normalization.x, x), extent_of("dy", gradient.dy_tensor, gradient.dy),
                 extent_of("y", gradient.y_tensor, gradient.y), extent_of("dx", gradient.dx_tensor, gradient.dx),
                 extent_of("dz", gradient.dz_tensor, gradient.dz), extent_of("scale", scale, bytes),
                 extent_of("dscale", dscale, bytes), extent_of("dbias", dbias, bytes),
                 extent_of("the saved mean", mean, bytes), extent_of("the saved inverse variance", inverse, bytes)})) {
          return;
        }
        compute::normalization_backward(normalization, alpha_data, beta_data, alpha_parameter, beta_parameter, x,
                                        gradient, scale, dscale, dbias, mean, inverse);
      });
}

/// Normalisations of several groups do not exist in the library this device stands for.
void require_one_group(Arguments& arguments, int groups) {
  arguments.require(groups == 1, CUDNN_STATUS_NOT_SUPPORTED, "groupCnt is not 1");
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;

cudnnStatus_t cudnnBatchNormalizationForwardTraining(cudnnHandle_t handle, cudnnBatchNormMode_t mode, const void* alpha,
                                                     const void* beta, const cudnnTensorDescriptor_t xDesc,
                                                     const void* x, const cudnnTensorDescriptor_t yDesc, void* y,
                                                     const cudnnTensorDescriptor_t bnScaleBiasMeanVarDesc,
                                                     const void* bnScale, const void* bnBias,
                                                     double exponentialAverageFactor, void* resultRunningMean,
                                                     void* resultRunningVariance, double epsilon, void* resultSaveMean,
                                                     void* resultSaveInvVariance) {
  Arguments arguments(__func__);
  cpu::require_mode(arguments, mode);
  return cpu::run_training(
      arguments, __func__, handle, mode == CUDNN_BATCHNORM_PER_ACTIVATION, cpu::Fused::Nothing,
      {alpha, beta, xDesc, x, nullptr, nullptr, yDesc, y, bnScaleBiasMeanVarDesc, bnScale, bnBias, epsilon, nullptr},
      {resultRunningMean, resultRunningVariance, resultSaveMean, resultSaveInvVariance, exponentialAverageFactor});
}

cudnnStatus_t cudnnBatchNormalizationForwardTrainingEx(
    cudnnHandle_t handle, cudnnBatchNormMode_t mode, cudnnBatchNormOps_t bnOps, const void* alpha, const void* beta,
    const cudnnTensorDescriptor_t xDesc, const void* xData, const cudnnTensorDescriptor_t zDesc, const void* zData,
    const cudnnTensorDescriptor_t yDesc, void* yData, const cudnnTensorDescriptor_t bnScaleBiasMeanVarDesc,
    const void* bnScale, const void* bnBias, double exponentialAverageFactor, void* resultRunningMean,
    void* resultRunningVariance, double epsilon, void* resultSaveMean, void* resultSaveInvVariance,
    cudnnActivationDescriptor_t activationDesc, void* /*workspace*/, size_t /*workSpaceSizeInBytes*/,
    void* /*reserveSpace*/, size_t /*reserveSpaceSizeInBytes*/) {
  Arguments arguments(__func__);
  cpu::require_mode(arguments, mode);
  return cpu::run_training(
      arguments, __func__, handle, mode == CUDNN_BATCHNORM_PER_ACTIVATION, cpu::fused_of(bnOps),
      {alpha, beta, xDesc, xData, zDesc, zData, yDesc, yData, bnScaleBiasMeanVarDesc, bnScale, bnBias, epsilon,
       activationDesc},
      {resultRunningMean, resultRunningVariance, resultSaveMean, resultSaveInvVariance, exponentialAverageFactor});
}

cudnnStatus_t cudnnBatchNormalizationForwardInference(
    cudnnHandle_t handle, cudnnBatchNormMode_t mode, const void* alpha, const void* beta,
    const cudnnTensorDescriptor_t xDesc, const void* x, const cudnnTensorDescriptor_t yDesc, void* y,
    const cudnnTensorDescriptor_t bnScaleBiasMeanVarDesc, const void* bnScale, const void* bnBias,
    const void* estimatedMean, const void* estimatedVariance, double epsilon) {
  Arguments arguments(__func__);
  cpu::require_mode(arguments, mode);
  return cpu::run_inference(
      arguments, __func__, handle, mode == CUDNN_BATCHNORM_PER_ACTIVATION, cpu::Fused::Nothing,
      {alpha, beta, xDesc, x, nullptr, nullptr, yDesc, y, bnScaleBiasMeanVarDesc, bnScale, bnBias, epsilon, nullptr},
      estimatedMean, estimatedVariance);
}

cudnnStatus_t cudnnBatchNormalizationBackward(
    cudnnHandle_t handle, cudnnBatchNormMode_t mode, const void* alphaDataDiff, const void* betaDataDiff,
    const void* alphaParamDiff, const void* betaParamDiff, const cudnnTensorDescriptor_t xDesc, const void* x,
    const cudnnTensorDescriptor_t dyDesc, const void* dy, const cudnnTensorDescriptor_t dxDesc, void* dx,
    const cudnnTensorDescriptor_t dBnScaleBiasDesc, const void* bnScale, void* dBnScaleResult, void* dBnBiasResult,
    double epsilon, const void* savedMean, const void* savedInvVariance) {
  Arguments arguments(__func__);
  cpu::require_mode(arguments, mode);
  return cpu::run_backward(arguments, __func__, handle, mode == CUDNN_BATCHNORM_PER_ACTIVATION, cpu::Fused::Nothing,
                           {alphaDataDiff,
                            betaDataDiff,
                            alphaParamDiff,
                            betaParamDiff,
                            xDesc,
                            x,
                            nullptr,
                            nullptr,
                            dyDesc,
                            dy,
                            nullptr,
                            nullptr,
                            dxDesc,
                            dx,
                            dBnScaleBiasDesc,
                            bnScale,
                            dBnScaleResult,
                            dBnBiasResult,
                            epsilon,
                            savedMean,
                            savedInvVariance,
                            nullptr});
}

cudnnStatus_t cudnnBatchNormalizationBackwardEx(
    cudnnHandle_t handle, cudnnBatchNormMode_t mode, cudnnBatchNormOps_t bnOps, const void* alphaDataDiff,
    const void* betaDataDiff, const void* alphaParamDiff, const void* betaParamDiff,
    const cudnnTensorDescriptor_t xDesc, const void* xData, const cudnnTensorDescriptor_t yDesc, const void* yData,
    const cudnnTensorDescriptor_t dyDesc, const void* dyData, const cudnnTensorDescriptor_t dzDesc, void* dzData,
    const cudnnTensorDescriptor_t dxDesc, void* dxData, const cudnnTensorDescriptor_t dBnScaleBiasDesc,
    const void* bnScaleData, const void* /*bnBiasData*/, void* dBnScaleData, void* dBnBiasData, double epsilon,
    const void* savedMean, const void* savedInvVariance, cudnnActivationDescriptor_t activationDesc,
    void* /*workSpace*/, size_t /*workSpaceSizeInBytes*/, void* /*reserveSpace*/, size_t /*reserveSpaceSizeInBytes*/) {
  Arguments arguments(__func__);
  cpu::require_mode(arguments, mode);
  return cpu::run_backward(arguments, __func__, handle, mode == CUDNN_BATCHNORM_PER_ACTIVATION, cpu::fused_of(bnOps),
                           {alphaDataDiff, betaDataDiff, alphaParamDiff,   betaParamDiff, xDesc,        xData,
                            yDesc,         yData,        dyDesc,           dyData,        dzDesc,       dzData,
                            dxDesc,        dxData,       dBnScaleBiasDesc, bnScaleData,   dBnScaleData, dBnBiasData,
                            epsilon,       savedMean,    savedInvVariance, activationDesc});
}

cudnnStatus_t cudnnNormalizationForwardTraining(
    cudnnHandle_t handle, cudnnNormMode_t mode, cudnnNormOps_t normOps, cudnnNormAlgo_t algo, const void* alpha,
    const void* beta, const cudnnTensorDescriptor_t xDesc, const void* xData,
    const cudnnTensorDescriptor_t normScaleBiasDesc, const void* normScale, const void* normBias,
    double exponentialAverageFactor, const cudnnTensorDescriptor_t normMeanVarDesc, void* resultRunningMean,
    void* resultRunningVariance, double epsilon, void* resultSaveMean, void* resultSaveInvVariance,
    cudnnActivationDescriptor_t activationDesc, const cudnnTensorDescriptor_t zDesc, const void* zData,
    const cudnnTensorDescriptor_t yDesc, void* yData, void* /*workspace*/, size_t /*workSpaceSizeInBytes*/,
    void* /*reserveSpace*/, size_t /*reserveSpaceSizeInBytes*/, int groupCnt) {
  Arguments arguments(__func__);
  cpu::require_one_group(arguments, groupCnt);
  cpu::require_mode(arguments, mode, algo);
  arguments.tensor(normMeanVarDesc, "normMeanVarDesc");
  return cpu::run_training(
      arguments, __func__, handle, mode == CUDNN_NORM_PER_ACTIVATION, cpu::fused_of(normOps),
      {alpha, beta, xDesc, xData, zDesc, zData, yDesc, yData, normScaleBiasDesc, normScale, normBias, epsilon,
       activationDesc},
      {resultRunningMean, resultRunningVariance, resultSaveMean, resultSaveInvVariance, exponentialAverageFactor});
}

cudnnStatus_t cudnnNormalizationForwardInference(
    cudnnHandle_t handle, cudnnNormMode_t mode, cudnnNormOps_t normOps, cudnnNormAlgo_t algo, const void* alpha,
    const void* beta, const cudnnTensorDescriptor_t xDesc, const void* x,
    const cudnnTensorDescriptor_t normScaleBiasDesc, const void* normScale, const void* normBias,
    const cudnnTensorDescriptor_t normMeanVarDesc, const void* estimatedMean, const void* estimatedVariance,
    const cudnnTensorDescriptor_t zDesc, const void* z, cudnnActivationDescriptor_t activationDesc,
    const cudnnTensorDescriptor_t yDesc, void* y, double epsilon, int groupCnt) {
  Arguments arguments(__func__);
  cpu::require_one_group(arguments, groupCnt);
  cpu::require_mode(arguments, mode, algo);
  arguments.tensor(normMeanVarDesc, "normMeanVarDesc");
  return cpu::run_inference(
      arguments, __func__, handle, mode == CUDNN_NORM_PER_ACTIVATION, cpu::fused_of(normOps),
      {alpha, beta, xDesc, x, zDesc, z, yDesc, y, normScaleBiasDesc, normScale, normBias, epsilon, activationDesc},
      estimatedMean, estimatedVariance);
}

cudnnStatus_t cudnnNormalizationBackward(
    cudnnHandle_t handle, cudnnNormMode_t mode, cudnnNormOps_t normOps, cudnnNormAlgo_t algo, const void* alphaDataDiff,
    const void* betaDataDiff, const void* alphaParamDiff, const void* betaParamDiff,
    const cudnnTensorDescriptor_t xDesc, const void* xData, const cudnnTensorDescriptor_t yDesc, const void* yData,
    const cudnnTensorDescriptor_t dyDesc, const void* dyData, const cudnnTensorDescriptor_t dzDesc, void* dzData,
    const cudnnTensorDescriptor_t dxDesc, void* dxData, const cudnnTensorDescriptor_t dNormScaleBiasDesc,
    const void* normScaleData, const void* /*normBiasData*/, void* dNormScaleData, void* dNormBiasData, double epsilon,
    const cudnnTensorDescriptor_t normMeanVarDesc, const void* savedMean, const void* savedInvVariance,
    cudnnActivationDescriptor_t activationDesc, void* /*workSpace*/, size_t /*workSpaceSizeInBytes*/,
    void* /*reserveSpace*/, size_t /*reserveSpaceSizeInBytes*/, int groupCnt) {
  Arguments arguments(__func__);
  cpu::require_one_group(arguments, groupCnt);
  cpu::require_mode(arguments, mode, algo);
  arguments.tensor(normMeanVarDesc, "normMeanVarDesc");
  return cpu::run_backward(arguments, __func__, handle, mode == CUDNN_NORM_PER_ACTIVATION, cpu::fused_of(normOps),
                           {alphaDataDiff, betaDataDiff,   alphaParamDiff,
                            betaParamDiff, xDesc,          xData,
                            yDesc,         yData,          dyDesc,
                            dyData,        dzDesc,         dzData,
                            dxDesc,        dxData,         dNormScaleBiasDesc,
                            normScaleData, dNormScaleData, dNormBiasData,
                            epsilon,       savedMean,      savedInvVariance,
                            activationDesc});
}
