// Spatial transformer: grids from affine maps, and sampling at their positions.
#include "cudnn/run.h"
#include "cudnn/spatial_transformer_descriptor.h"
#include "engine/compute_sampler.h"

namespace cpu {
namespace {

/// The result's shape; its setter takes any number of dimensions and any sizes, sampling takes images.
compute::Tensor result_of(Arguments& arguments, cudnnSpatialTransformerDescriptor_t descriptor) {
  compute::Tensor result;
  const auto* found = arguments.object<SpatialTransformerDescriptor>(descriptor, "stDesc");
  if (found == nullptr || arguments.failed()) return result;
  arguments.require(found->rank == 4, CUDNN_STATUS_BAD_PARAM, "stDesc does not have 4 dimensions");
  __int128 elements = 1;
  for (int i = 0; i < 4; ++i) {
    arguments.require(found->dims[i] > 0, CUDNN_STATUS_BAD_PARAM, "stDesc has a dimension below 1");
    elements *= found->dims[i];
  }
  // Two coordinates a pixel.
  arguments.require(elements <= INT32_MAX && elements / (found->dims[1] > 0 ? found->dims[1] : 1) <= INT32_MAX / 2,
                    CUDNN_STATUS_NOT_SUPPORTED, "stDesc has more than 2^31 - 1 elements");
  if (arguments.failed()) return result;
  result.rank = 4;
  for (int i = 0; i < 4; ++i) result.dims[i] = found->dims[i];
  return compute::packed(result, *element_type(found->data_type));
}

/// The image sampled from: the result's samples, channels and type, of any size.
void require_image(Arguments& arguments, const compute::Tensor& image, const compute::Tensor& result,
                   std::string_view parameter) {
  arguments.require(image.rank == 4 && image.dims[0] == result.dims[0] && image.dims[1] == result.dims[1] &&
                        image.type == result.type,
                    CUDNN_STATUS_BAD_PARAM, parameter,
                    " does not have the samples, channels and data type of the spatial transformer");
}

void require_result(Arguments& arguments, const compute::Tensor& tensor, const compute::Tensor& result,
                    std::string_view parameter) {
  arguments.require(compute::same_dims(tensor, result) && tensor.type == result.type, CUDNN_STATUS_BAD_PARAM, parameter,
                    " does not have the dimensions and data type of the spatial transformer");
}

/// What a grid or the maps cover.
Extent values(const char* name, const void* data, const compute::Tensor& result, int64_t count) {
  return extent_of(name, data, saturated_bytes(count, compute::element_size(result.type)));
}
Extent grid_extent(const char* name, const void* data, const compute::Tensor& result) {
  return values(name, data, result, result.dims[0] * result.pixels() * 2);
}
Extent map_extent(const char* name, const void* data, const compute::Tensor& result) {
  return values(name, data, result, int64_t{result.dims[0]} * 6);
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;
using cpu::extent_of;
using cpu::touches;

cudnnStatus_t cudnnSpatialTfGridGeneratorForward(cudnnHandle_t handle, const cudnnSpatialTransformerDescriptor_t stDesc,
                                                 const void* theta, void* grid) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto result = cpu::result_of(arguments, stDesc);
  arguments.pointers(theta, static_cast<const void*>(grid));
  if (arguments.failed()) return arguments.status();
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {cpu::map_extent("theta", theta, result), cpu::grid_extent("grid", grid, result)})) return;
    cpu::compute::affine_grid(result, theta, grid);
  });
}

cudnnStatus_t cudnnSpatialTfGridGeneratorBackward(cudnnHandle_t handle,
                                                  const cudnnSpatialTransformerDescriptor_t stDesc, const void* dgrid,
                                                  void* dtheta) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto result = cpu::result_of(arguments, stDesc);
  arguments.pointers(dgrid, static_cast<const void*>(dtheta));
  if (arguments.failed()) return arguments.status();
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {cpu::grid_extent("dgrid", dgrid, result), cpu::map_extent("dtheta", dtheta, result)})) {
      return;
    }
    cpu::compute::affine_grid_gradient(result, dgrid, dtheta);
  });
}

cudnnStatus_t cudnnSpatialTfSamplerForward(cudnnHandle_t handle, cudnnSpatialTransformerDescriptor_t stDesc,
                                           const void* alpha, const cudnnTensorDescriptor_t xDesc, const void* x,
                                           const void* grid, const void* beta, cudnnTensorDescriptor_t yDesc, void* y) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto result = cpu::result_of(arguments, stDesc);
  const auto x_tensor = arguments.tensor(xDesc, "xDesc");
  const auto y_tensor = arguments.tensor(yDesc, "yDesc");
  arguments.pointers(alpha, x, grid, beta, static_cast<const void*>(y));
  if (arguments.failed()) return arguments.status();
  cpu::require_image(arguments, x_tensor, result, "xDesc");
  cpu::require_result(arguments, y_tensor, result, "yDesc");
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, y_tensor.type), b = cpu::scaling_factor(beta, y_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function,
                 {extent_of("x", x_tensor, x), cpu::grid_extent("grid", grid, result), extent_of("y", y_tensor, y)})) {
      return;
    }
    cpu::compute::sampler_forward(a, x_tensor, x, grid, b, y_tensor, y);
  });
}

cudnnStatus_t cudnnSpatialTfSamplerBackward(cudnnHandle_t handle, cudnnSpatialTransformerDescriptor_t stDesc,
                                            const void* alpha, const cudnnTensorDescriptor_t xDesc, const void* x,
                                            const void* beta, const cudnnTensorDescriptor_t dxDesc, void* dx,
                                            const void* alphaDgrid, const cudnnTensorDescriptor_t dyDesc,
                                            const void* dy, const void* grid, const void* betaDgrid, void* dgrid) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto result = cpu::result_of(arguments, stDesc);
  const auto x_tensor = arguments.tensor(xDesc, "xDesc");
  const auto dx_tensor = arguments.tensor(dxDesc, "dxDesc");
  const auto dy_tensor = arguments.tensor(dyDesc, "dyDesc");
  arguments.pointers(alpha, x, beta, static_cast<const void*>(dx), alphaDgrid, dy, grid, betaDgrid,
                     static_cast<const void*>(dgrid));
  if (arguments.failed()) return arguments.status();
  cpu::require_image(arguments, x_tensor, result, "xDesc");
  arguments.require(cpu::compute::same_dims(x_tensor, dx_tensor) && x_tensor.type == dx_tensor.type,
                    CUDNN_STATUS_BAD_PARAM, "xDesc and dxDesc differ in dimensions or data type");
  cpu::require_result(arguments, dy_tensor, result, "dyDesc");
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, result.type), b = cpu::scaling_factor(beta, result.type),
               grid_a = cpu::scaling_factor(alphaDgrid, result.type),
               grid_b = cpu::scaling_factor(betaDgrid, result.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("x", x_tensor, x), extent_of("dx", dx_tensor, dx), extent_of("dy", dy_tensor, dy),
                            cpu::grid_extent("grid", grid, result), cpu::grid_extent("dgrid", dgrid, result)})) {
      return;
    }
    cpu::compute::sampler_backward(a, x_tensor, x, b, dx_tensor, dx, grid_a, dy_tensor, dy, grid, grid_b, dgrid);
  });
}
