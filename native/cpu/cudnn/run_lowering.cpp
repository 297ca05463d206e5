// cudnnIm2Col: the input of a convolution as a matrix.
#include "cudnn/convolution_descriptor.h"
#include "cudnn/run.h"
#include "engine/compute_lowering.h"

cudnnStatus_t cudnnIm2Col(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc, const void* x,
                          const cudnnFilterDescriptor_t wDesc, const cudnnConvolutionDescriptor_t convDesc,
                          void* colBuffer) {
  using namespace cpu;
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  compute::ConvolutionShape shape;
  shape.x = arguments.tensor(xDesc, "xDesc");
  shape.w = arguments.filter(wDesc, "wDesc");
  const auto* convolution = arguments.object<ConvolutionDescriptor>(convDesc, "convDesc");
  arguments.pointers(x, static_cast<const void*>(colBuffer));
  if (arguments.failed()) return arguments.status();
  shape.y.rank = shape.x.rank;
  const cudnnStatus_t status = convolution->output_dims(*lookup<TensorDescriptor>(xDesc),
                                                        *lookup<FilterDescriptor>(wDesc), shape.x.rank, shape.y.dims);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  shape.flips_filter = convolution->mode == CUDNN_CONVOLUTION;
  for (int i = 0; i < convolution->rank; ++i) {
    shape.padding[i] = convolution->padding[i];
    shape.stride[i] = convolution->stride[i];
    shape.dilation[i] = convolution->dilation[i];
  }
  const __int128 rows = static_cast<__int128>(shape.x.dims[1]) * shape.w.pixels();
  const __int128 columns = static_cast<__int128>(shape.x.dims[0]) * shape.y.pixels();
  const int64_t bytes = saturated_bytes(rows * columns, compute::element_size(shape.x.type));
  return enqueue(*cudnn, __func__, [=](const char* function) {
    if (touches(function, {extent_of("x", shape.x, x), extent_of("colBuffer", colBuffer, bytes)})) {
      compute::lower_convolution(shape, x, colBuffer);
    }
  });
}
