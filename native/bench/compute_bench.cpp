// Times the engine of the CPU device on the layers of ResNet-18, channels last, f32.
//
//   compute_bench [cifar|imagenet] [batch] [rounds]
//
// For each convolution and direction: the engine (layout changes of filter and activations included), direct and by
// Winograd's transformation where there is one, against oneDNN's direct convolution in the layouts oneDNN prefers (no
// layout changes), interleaved, best of all rounds. Then batch
// normalisation, ReLU, addition and pooling, with the memory they touch a second.
#include <omp.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "engine/compute_convolution.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_normalization.h"
#include "engine/compute_pooling.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace {

using namespace cpu::compute;
using dnnl::memory;

/// With one OpenMP thread, that thread's processor time: other programs on the machine disturb it less.
double now() {
  timespec time;
  clock_gettime(omp_get_max_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

double milliseconds(const std::function<void()>& body) {
  const double start = now();
  body();
  return now() - start;
}

struct Layer {
  int c, size, k, filter, stride, count;
};

float* filled(size_t bytes) {
  auto* data = static_cast<float*>(std::aligned_alloc(4096, (bytes + 8191) / 4096 * 4096));
  uint32_t state = 1;
  for (size_t i = 0; i < bytes / 4; ++i) {
    state = state * 1664525 + 1013904223;
    data[i] = static_cast<float>(static_cast<int32_t>(state)) * 0x1p-31f;
  }
  return data;
}

Tensor tensor(int n, int c, int h, int w) {
  Tensor result;
  result.rank = 4;
  result.dims[0] = n;
  result.dims[1] = c;
  result.dims[2] = h;
  result.dims[3] = w;
  return channels_last(result, ElementType::F32);
}

/// oneDNN's own primitive in its own layouts.
struct Yardstick {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;

  Yardstick(ConvolutionDirection direction, const ConvolutionShape& shape, float* first, float* second, float* result) {
    auto any = [](const Tensor& t) {
      return memory::desc(memory::dims(t.dims, t.dims + t.rank), memory::data_type::f32, memory::format_tag::any);
    };
    const auto x = any(shape.x), w = any(shape.w), y = any(shape.y);
    const memory::dims stride{shape.stride[0], shape.stride[1]}, padding{shape.padding[0], shape.padding[1]};
    const auto kind = dnnl::algorithm::convolution_direct;
    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, kind, x, w, y, stride, padding, padding}, engine);
    if (direction == ConvolutionDirection::Forward) {
      primitive = dnnl::convolution_forward(forward);
      arguments = {{DNNL_ARG_SRC, {forward.src_desc(), engine, first}},
                   {DNNL_ARG_WEIGHTS, {forward.weights_desc(), engine, second}},
                   {DNNL_ARG_DST, {forward.dst_desc(), engine, result}}};
    } else if (direction == ConvolutionDirection::BackwardData) {
      const dnnl::convolution_backward_data::primitive_desc backward({kind, x, w, y, stride, padding, padding}, engine,
                                                                     forward);
      primitive = dnnl::convolution_backward_data(backward);
      arguments = {{DNNL_ARG_DIFF_DST, {backward.diff_dst_desc(), engine, first}},
                   {DNNL_ARG_WEIGHTS, {backward.weights_desc(), engine, second}},
                   {DNNL_ARG_DIFF_SRC, {backward.diff_src_desc(), engine, result}}};
    } else {
      const dnnl::convolution_backward_weights::primitive_desc backward({kind, x, w, y, stride, padding, padding},
                                                                        engine, forward);
      primitive = dnnl::convolution_backward_weights(backward);
      arguments = {{DNNL_ARG_SRC, {backward.src_desc(), engine, first}},
                   {DNNL_ARG_DIFF_DST, {backward.diff_dst_desc(), engine, second}},
                   {DNNL_ARG_DIFF_WEIGHTS, {backward.diff_weights_desc(), engine, result}}};
    }
  }

  void run() {
    primitive.execute(stream, arguments);
    stream.wait();
  }
};

void bench_convolutions(const std::vector<Layer>& layers, int batch, int rounds) {
  const char* names[] = {"forward", "data", "filter"};
  double engine_sum = 0, winograd_sum = 0, own_sum = 0;
  std::printf("%-34s %9s %9s %7s %11s %7s  %s\n", "convolution", "engine ms", "oneDNN ms", "ratio", "Winograd ms",
              "ratio", "kernel");
  for (const Layer& layer : layers) {
    const int padding = layer.filter / 2, out = (layer.size + 2 * padding - layer.filter) / layer.stride + 1;
    ConvolutionShape shape;
    shape.x = tensor(batch, layer.c, layer.size, layer.size);
    shape.w = tensor(layer.k, layer.c, layer.filter, layer.filter);
    shape.y = tensor(batch, layer.k, out, out);
    for (int i = 0; i < 2; ++i) {
      shape.padding[i] = padding;
      shape.stride[i] = layer.stride;
      shape.dilation[i] = 1;
    }
    const size_t largest =
        4 * static_cast<size_t>(std::max({shape.x.elements(), 4 * shape.w.elements(), shape.y.elements()})) * 6;
    float *x = filled(largest), *w = filled(largest), *y = filled(largest), *result = filled(largest);
    for (int d = 0; d < 3; ++d) {
      if (layer.c == 3 && d == 1) continue;  // nobody asks for the gradient of the images
      const auto direction = static_cast<ConvolutionDirection>(d);
      float* first = d == 1 ? y : x;
      float* second = d == 2 ? y : w;
      ConvolutionPlan* plan = find_convolution_plan(direction, ConvolutionAlgorithm::Direct, shape);
      ConvolutionPlan* transformed = find_convolution_plan(direction, ConvolutionAlgorithm::Winograd, shape);
      const size_t bytes =
          std::max(convolution_workspace(*plan), transformed != nullptr ? convolution_workspace(*transformed) : 0);
      float* workspace = filled(bytes + 64);
      Yardstick yardstick(direction, shape, first, second, result);
      double engine = 1e9, winograd = 1e9, own = 1e9;
      for (int round = 0; round <= rounds; ++round) {
        const auto time = [&](ConvolutionPlan& one) {
          return milliseconds([&] { run_convolution(one, 1, first, second, nullptr, 0, result, workspace, bytes); });
        };
        const double a = time(*plan);
        const double b = milliseconds([&] { yardstick.run(); });
        const double c = transformed != nullptr ? time(*transformed) : 1e9;
        if (round > 0) engine = std::min(engine, a), own = std::min(own, b), winograd = std::min(winograd, c);
      }
      engine_sum += engine * layer.count;
      own_sum += own * layer.count;
      winograd_sum += std::min(engine, winograd) * layer.count;
      char label[96];
      std::snprintf(label, sizeof label, "%-7s %4d %3dx%-3d ->%4d %dx%d/%d x%d", names[d], layer.c, layer.size,
                    layer.size, layer.k, layer.filter, layer.filter, layer.stride, layer.count);
      std::printf("%-34s %9.3f %9.3f %7.2f", label, engine, own, engine / own);
      if (transformed != nullptr) {
        std::printf(" %11.3f %7.2f  %s, %s\n", winograd, winograd / own, convolution_kernel(*plan),
                    convolution_kernel(*transformed));
      } else {
        std::printf(" %11s %7s  %s\n", "", "", convolution_kernel(*plan));
      }
      std::free(workspace);
    }
    for (float* buffer : {x, w, y, result}) std::free(buffer);
  }
  std::printf("sum over the network: engine %.1f ms, oneDNN %.1f ms, oneDNN / engine %.3f\n", engine_sum, own_sum,
              own_sum / engine_sum);
  std::printf("with Winograd where it is faster: engine %.1f ms, engine / oneDNN %.3f\n\n", winograd_sum,
              winograd_sum / own_sum);
}

void bench_others(int batch, int channels, int size, int rounds) {
  const Tensor x_tensor = tensor(batch, channels, size, size), half = tensor(batch, channels, size / 2, size / 2);
  const auto bytes = static_cast<size_t>(x_tensor.elements()) * 4;
  float *x = filled(bytes), *y = filled(bytes), *dy = filled(bytes), *dx = filled(bytes), *z = filled(bytes);
  float* parameter[8];
  for (float*& p : parameter) p = filled(static_cast<size_t>(channels) * 4);
  Normalization normalization;
  normalization.x = x_tensor;
  normalization.epsilon = 1e-5;
  Normalization with_relu = normalization;
  with_relu.relu = true;
  const NormalizationState state{parameter[2], parameter[3], parameter[4], parameter[5], 0.1};
  PoolingShape pooling;
  pooling.x = x_tensor;
  pooling.y = half;
  for (int i = 0; i < 2; ++i) {
    pooling.window[i] = 3;
    pooling.stride[i] = 2;
    pooling.padding[i] = 1;
  }
  ActivationParameters relu;
  relu.mode = Activation::Relu;
  const Tensor none;
  struct Case {
    const char* name;
    double tensors;
    std::function<void()> run;
  };
  const Case cases[] = {
      {"BN training", 3,
       [&] {
         normalization_training(normalization, 1, x, 0, x_tensor, y, none, nullptr, parameter[0], parameter[1], state);
       }},
      {"BN + add + ReLU training", 4,
       [&] {
         normalization_training(with_relu, 1, x, 0, x_tensor, y, x_tensor, z, parameter[0], parameter[1], state);
       }},
      {"BN backward", 5,
       [&] {
         normalization_backward(normalization, 1, 0, 1, 0, x,
                                {x_tensor, dy, none, nullptr, x_tensor, dx, none, nullptr}, parameter[0], parameter[6],
                                parameter[7], parameter[4], parameter[5]);
       }},
      {"BN + add + ReLU backward", 8,
       [&] {
         normalization_backward(with_relu, 1, 0, 1, 0, x, {x_tensor, dy, x_tensor, y, x_tensor, dx, x_tensor, z},
                                parameter[0], parameter[6], parameter[7], parameter[4], parameter[5]);
       }},
      {"ReLU", 2, [&] { activation_forward(relu, 1, x_tensor, x, 0, x_tensor, y); }},
      {"ReLU in place", 2, [&] { activation_forward(relu, 1, x_tensor, y, 0, x_tensor, y); }},
      {"ReLU backward", 3,
       [&] { activation_backward(relu, 1, x_tensor, y, x_tensor, dy, x_tensor, x, 0, x_tensor, dx); }},
      {"add", 3, [&] { blend_tensor(1, x_tensor, x, 1, x_tensor, dx); }},
      {"max-pool 3x3/2", 1.25, [&] { pooling_forward(pooling, 1, x, 0, y); }},
      {"max-pool 3x3/2 backward", 2.5, [&] { pooling_backward(pooling, 1, y, half, dy, x, 0, x_tensor, dx); }},
      {"copy", 2, [&] { blend_tensor(1, x_tensor, x, 0, x_tensor, y); }},
  };
  std::printf("%d x %d x %d x %d\n", batch, channels, size, size);
  for (const Case& one : cases) {
    double best = 1e9;
    for (int round = 0; round <= 5 * rounds; ++round) best = std::min(best, milliseconds(one.run));
    std::printf("%-28s %9.3f ms %7.1f GB/s\n", one.name, best, one.tensors * static_cast<double>(bytes) / best / 1e6);
  }
  for (float* buffer : {x, y, dy, dx, z}) std::free(buffer);
  for (float* p : parameter) std::free(p);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string stem = argc > 1 ? argv[1] : "cifar";
  const int batch = argc > 2 ? std::atoi(argv[2]) : 128, rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  if ((stem != "cifar" && stem != "imagenet") || batch < 1 || rounds < 1) {
    std::fprintf(stderr, "usage: compute_bench [cifar|imagenet] [batch] [rounds]\n");
    return 2;
  }
  const bool cifar = stem == "cifar";
  const int size = cifar ? 32 : 8;
  std::vector<Layer> layers;
  layers.push_back(cifar ? Layer{3, 32, 64, 3, 1, 1} : Layer{3, 32, 64, 7, 2, 1});
  layers.push_back({64, size, 64, 3, 1, 4});
  for (int stage = 1, c = 64, s = size; stage < 4; ++stage, c *= 2, s = (s + 1) / 2) {
    layers.push_back({c, s, 2 * c, 3, 2, 1});
    layers.push_back({c, s, 2 * c, 1, 2, 1});
    layers.push_back({2 * c, (s + 1) / 2, 2 * c, 3, 1, 3});
  }
  bench_convolutions(layers, batch, rounds);
  bench_others(batch, 64, cifar ? 32 : 16, rounds);
  return 0;
}
