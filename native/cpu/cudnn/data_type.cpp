#include "cudnn/data_type.h"

namespace cpu {

size_t data_type_size(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return 4;
    case CUDNN_DATA_DOUBLE:
      return 8;
    case CUDNN_DATA_HALF:
      return 2;
    case CUDNN_DATA_BFLOAT16:
      return 2;
    case CUDNN_DATA_INT8:
      return 1;
    case CUDNN_DATA_UINT8:
      return 1;
    case CUDNN_DATA_INT32:
      return 4;
    case CUDNN_DATA_INT8x4:
      return 4;
    case CUDNN_DATA_UINT8x4:
      return 4;
    case CUDNN_DATA_INT8x32:
      return 32;
    default:
      return 0;
  }
}

int channels_per_vector(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_INT8x4:
      return 4;
    case CUDNN_DATA_UINT8x4:
      return 4;
    case CUDNN_DATA_INT8x32:
      return 32;
    default:
      return 0;
  }
}

}  // namespace cpu
