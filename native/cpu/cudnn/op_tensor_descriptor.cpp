#include "cudnn/op_tensor_descriptor.h"

#include "cudnn/data_type.h"
#include "cudnn/object_handles.h"

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::OpTensorDescriptor;

cudnnStatus_t cudnnCreateOpTensorDescriptor(cudnnOpTensorDescriptor_t* opTensorDesc) {
  return cpu::create_object<OpTensorDescriptor>(opTensorDesc, "opTensorDesc");
}

cudnnStatus_t cudnnDestroyOpTensorDescriptor(cudnnOpTensorDescriptor_t opTensorDesc) {
  return cpu::destroy_object<OpTensorDescriptor>(opTensorDesc, "opTensorDesc");
}

cudnnStatus_t cudnnSetOpTensorDescriptor(cudnnOpTensorDescriptor_t opTensorDesc, cudnnOpTensorOp_t opTensorOp,
                                         cudnnDataType_t opTensorCompType, cudnnNanPropagation_t opTensorNanOpt) {
  auto* operation = lookup<OpTensorDescriptor>(opTensorDesc);
  if (operation == nullptr) return bad_handle(opTensorDesc, "opTensorDesc");
  if (!cpu::is_between(opTensorOp, CUDNN_OP_TENSOR_ADD, CUDNN_OP_TENSOR_NOT)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "opTensorOp is no cudnnOpTensorOp_t");
  }
  if (!cpu::is_float_type(opTensorCompType)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "opTensorCompType is none of FLOAT, DOUBLE, HALF");
  }
  if (!cpu::is_nan_propagation(opTensorNanOpt)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "opTensorNanOpt is no cudnnNanPropagation_t");
  }
  operation->operation = opTensorOp;
  operation->compute_type = opTensorCompType;
  operation->nan_propagation = opTensorNanOpt;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetOpTensorDescriptor(const cudnnOpTensorDescriptor_t opTensorDesc, cudnnOpTensorOp_t* opTensorOp,
                                         cudnnDataType_t* opTensorCompType, cudnnNanPropagation_t* opTensorNanOpt) {
  const auto* operation = lookup<OpTensorDescriptor>(opTensorDesc);
  if (operation == nullptr) return bad_handle(opTensorDesc, "opTensorDesc");
  if (any_null(opTensorOp, opTensorCompType, opTensorNanOpt)) return cpu::null_pointer(__func__);
  *opTensorOp = operation->operation;
  *opTensorCompType = operation->compute_type;
  *opTensorNanOpt = operation->nan_propagation;
  return CUDNN_STATUS_SUCCESS;
}
