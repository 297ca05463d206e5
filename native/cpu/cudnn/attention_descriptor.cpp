#include "cudnn/attention_descriptor.h"

#include <algorithm>

#include "cudnn/data_type.h"
#include "cudnn/object_handles.h"

namespace cpu {
namespace {

bool is_precision_possible(cudnnDataType_t data, cudnnDataType_t compute) {
  switch (data) {
    case CUDNN_DATA_FLOAT:
      return compute == CUDNN_DATA_FLOAT;
    case CUDNN_DATA_DOUBLE:
      return compute == CUDNN_DATA_DOUBLE;
    case CUDNN_DATA_HALF:
      return compute == CUDNN_DATA_HALF || compute == CUDNN_DATA_FLOAT;
    default:
      return compute == CUDNN_DATA_FLOAT;
  }
}

cudnnStatus_t check_attention(const AttentionDescriptor& attention) {
  if ((attention.mode & ~(CUDNN_ATTN_QUERYMAP_ONE_TO_ONE | CUDNN_ATTN_ENABLE_PROJ_BIASES)) != 0) {
    return fail(CUDNN_STATUS_BAD_PARAM, "attnMode has unknown bits");
  }
  // Written so that NaN fails.
  if (!(attention.softmax_scale >= 0)) return fail(CUDNN_STATUS_BAD_PARAM, "smScaler is negative");
  if (!is_float_type(attention.data_type) && attention.data_type != CUDNN_DATA_BFLOAT16) {
    return fail(CUDNN_STATUS_BAD_PARAM, "dataType is none of FLOAT, DOUBLE, HALF, BFLOAT16");
  }
  if (!is_float_type(attention.compute_precision)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "computePrec is none of FLOAT, DOUBLE, HALF");
  }
  if (!is_between(attention.math_type, CUDNN_DEFAULT_MATH, CUDNN_FMA_MATH)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mathType is no cudnnMathType_t");
  }
  const int positive[] = {attention.heads,          attention.q_size,    attention.k_size,
                          attention.v_size,         attention.max_batch, attention.max_query_length,
                          attention.max_key_length, attention.max_beam};
  if (*std::min_element(std::begin(positive), std::end(positive)) < 1) {
    return fail(CUDNN_STATUS_BAD_PARAM, "the number of heads, a size or a maximum is below 1");
  }
  const int projections[] = {attention.q_projection, attention.k_projection, attention.v_projection,
                             attention.o_projection};
  if (*std::min_element(std::begin(projections), std::end(projections)) < 0) {
    return fail(CUDNN_STATUS_BAD_PARAM, "a projection size is negative");
  }
  // Queries and keys meet in a dot product.
  const int query = attention.q_projection > 0 ? attention.q_projection : attention.q_size;
  const int key = attention.k_projection > 0 ? attention.k_projection : attention.k_size;
  if (query != key) return fail(CUDNN_STATUS_BAD_PARAM, "queries and keys differ in size after their projections");
  if (!is_precision_possible(attention.data_type, attention.compute_precision)) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "dataType and computePrec do not go together");
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace
}  // namespace cpu

using cpu::any_null;
using cpu::AttentionDescriptor;
using cpu::bad_handle;
using cpu::lookup;

cudnnStatus_t cudnnCreateAttnDescriptor(cudnnAttnDescriptor_t* attnDesc) {
  return cpu::create_object<AttentionDescriptor>(attnDesc, "attnDesc");
}

cudnnStatus_t cudnnDestroyAttnDescriptor(cudnnAttnDescriptor_t attnDesc) {
  return cpu::destroy_object<AttentionDescriptor>(attnDesc, "attnDesc");
}

// A call that fails changes nothing.
cudnnStatus_t cudnnSetAttnDescriptor(cudnnAttnDescriptor_t attnDesc, unsigned int attnMode, int nHeads, double smScaler,
                                     cudnnDataType_t dataType, cudnnDataType_t computePrec, cudnnMathType_t mathType,
                                     cudnnDropoutDescriptor_t attnDropoutDesc, cudnnDropoutDescriptor_t postDropoutDesc,
                                     int qSize, int kSize, int vSize, int qProjSize, int kProjSize, int vProjSize,
                                     int oProjSize, int qoMaxSeqLength, int kvMaxSeqLength, int maxBatchSize,
                                     int maxBeamSize) {
  auto* attention = lookup<AttentionDescriptor>(attnDesc);
  if (attention == nullptr) return bad_handle(attnDesc, "attnDesc");
  const AttentionDescriptor wanted{attnMode,       nHeads,          smScaler,        dataType,   computePrec,
                                   mathType,       attnDropoutDesc, postDropoutDesc, qSize,      kSize,
                                   vSize,          qProjSize,       kProjSize,       vProjSize,  oProjSize,
                                   qoMaxSeqLength, kvMaxSeqLength,  maxBatchSize,    maxBeamSize};
  const cudnnStatus_t status = cpu::check_attention(wanted);
  if (status == CUDNN_STATUS_SUCCESS) *attention = wanted;
  return status;
}

cudnnStatus_t cudnnGetAttnDescriptor(cudnnAttnDescriptor_t attnDesc, unsigned int* attnMode, int* nHeads,
                                     double* smScaler, cudnnDataType_t* dataType, cudnnDataType_t* computePrec,
                                     cudnnMathType_t* mathType, cudnnDropoutDescriptor_t* attnDropoutDesc,
                                     cudnnDropoutDescriptor_t* postDropoutDesc, int* qSize, int* kSize, int* vSize,
                                     int* qProjSize, int* kProjSize, int* vProjSize, int* oProjSize,
                                     int* qoMaxSeqLength, int* kvMaxSeqLength, int* maxBatchSize, int* maxBeamSize) {
  const auto* attention = lookup<AttentionDescriptor>(attnDesc);
  if (attention == nullptr) return bad_handle(attnDesc, "attnDesc");
  if (any_null(attnMode, nHeads, smScaler, dataType, computePrec, mathType, attnDropoutDesc, postDropoutDesc, qSize,
               kSize, vSize, qProjSize, kProjSize, vProjSize, oProjSize, qoMaxSeqLength, kvMaxSeqLength, maxBatchSize,
               maxBeamSize)) {
    return cpu::null_pointer(__func__);
  }
  *attnMode = attention->mode;
  *nHeads = attention->heads;
  *smScaler = attention->softmax_scale;
  *dataType = attention->data_type;
  *computePrec = attention->compute_precision;
  *mathType = attention->math_type;
  *attnDropoutDesc = attention->attention_dropout;
  *postDropoutDesc = attention->post_dropout;
  *qSize = attention->q_size;
  *kSize = attention->k_size;
  *vSize = attention->v_size;
  *qProjSize = attention->q_projection;
  *kProjSize = attention->k_projection;
  *vProjSize = attention->v_projection;
  *oProjSize = attention->o_projection;
  *qoMaxSeqLength = attention->max_query_length;
  *kvMaxSeqLength = attention->max_key_length;
  *maxBatchSize = attention->max_batch;
  *maxBeamSize = attention->max_beam;
  return CUDNN_STATUS_SUCCESS;
}
