// Times oneDNN's own convolutions in the layouts oneDNN prefers, direct ones and, in f32, those by Winograd's
// transformation: the yardstick the CPU device's training step is held against.
//
//   direct_sum [f32|bf16] [threads]
//
// Standard input: first the problems, one a line, then any number of lines "go".
//   DIRECTION N C H W K R S PADDING STRIDE COUNT      DIRECTION: forward, data or filter
// COUNT is how often the network contains the convolution: it multiplies the measured time in the total.
// Each "go" runs every problem once (no layout changes in the timed part) and prints
//   total MILLISECONDS                                of the direct ones
//   best MILLISECONDS                                 of the faster one of each problem
//   problem INDEX MILLISECONDS IMPLEMENTATION         direct, for each problem, COUNT not applied
//   winograd INDEX MILLISECONDS IMPLEMENTATION        for each problem that has it
//   end
// and flushes, so that another program can interleave its own measurements. The first "go" is preceded by one untimed
// round.
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "oneapi/dnnl/dnnl.hpp"

namespace {

using dnnl::memory;

struct Problem {
  std::string direction;
  int64_t n, c, h, w, k, r, s, padding, stride;
  int count;
};

struct Prepared {
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;
  std::string implementation;
};

struct Buffer {
  void* data = nullptr;
  size_t size = 0;
};

/// Grows to the largest request; all problems share one buffer a role, as only one runs at a time.
void reserve(Buffer& buffer, size_t bytes) {
  if (bytes <= buffer.size) return;
  std::free(buffer.data);
  buffer.size = (bytes + 4095) / 4096 * 4096;
  buffer.data = std::aligned_alloc(4096, buffer.size);
  if (buffer.data == nullptr) {
    std::fprintf(stderr, "direct_sum: no memory for %zu bytes\n", buffer.size);
    std::exit(1);
  }
}

void fill(Buffer& buffer, bool narrow) {
  uint64_t state = 1;
  auto next = [&] {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<float>(static_cast<int64_t>(state >> 40) - (1 << 23)) / (1 << 23);
  };
  if (narrow) {
    auto* values = static_cast<uint16_t*>(buffer.data);
    for (size_t i = 0; i < buffer.size / 2; ++i) {
      const float value = next();
      uint32_t bits;
      __builtin_memcpy(&bits, &value, 4);
      values[i] = static_cast<uint16_t>(bits >> 16);
    }
  } else {
    auto* values = static_cast<float*>(buffer.data);
    for (size_t i = 0; i < buffer.size / 4; ++i) values[i] = next();
  }
}

class Bench {
 public:
  explicit Bench(memory::data_type type) : type_(type), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

  void add(const Problem& problem) { problems_.push_back(problem); }

  void prepare() {
    if (!prepared_.empty()) return;
    for (const Problem& problem : problems_) {
      prepared_.push_back(make(problem, dnnl::algorithm::convolution_direct));
      transformed_.push_back(make_transformed(problem));
    }
    reserve(source_, 64);
    reserve(filter_, 64);
    reserve(gradient_, 64);
    fill(gradient_, type_ == memory::data_type::bf16);
    fill(source_, type_ == memory::data_type::bf16);
    fill(filter_, type_ == memory::data_type::bf16);
    for (size_t i = 0; i < problems_.size(); ++i) {
      place(problems_[i], prepared_[i]);
      if (transformed_[i].primitive) place(problems_[i], transformed_[i]);
    }
    run();
  }

  void run() {
    std::vector<double> direct, winograd;
    double total = 0, best = 0;
    for (size_t i = 0; i < problems_.size(); ++i) {
      direct.push_back(time(prepared_[i]));
      winograd.push_back(transformed_[i].primitive ? time(transformed_[i]) : 0);
      total += direct.back() * problems_[i].count;
      best +=
          (transformed_[i].primitive ? std::min(direct.back(), winograd.back()) : direct.back()) * problems_[i].count;
    }
    if (!warm_) {
      warm_ = true;
      return;
    }
    std::printf("total %.4f\nbest %.4f\n", total, best);
    for (size_t i = 0; i < problems_.size(); ++i) {
      std::printf("problem %zu %.4f %s\n", i, direct[i], prepared_[i].implementation.c_str());
      if (transformed_[i].primitive) {
        std::printf("winograd %zu %.4f %s\n", i, winograd[i], transformed_[i].implementation.c_str());
      }
    }
    std::printf("end\n");
    std::fflush(stdout);
  }

 private:
  void place(const Problem& problem, Prepared& prepared) {
    for (auto& [argument, mem] : prepared.arguments) {
      const bool is_filter = argument == DNNL_ARG_WEIGHTS || argument == DNNL_ARG_DIFF_WEIGHTS;
      const bool is_result = (argument == DNNL_ARG_DST && problem.direction == "forward") ||
                             argument == DNNL_ARG_DIFF_SRC || argument == DNNL_ARG_DIFF_WEIGHTS;
      mem.set_data_handle(is_result ? result_.data : is_filter ? filter_.data : data(argument));
    }
  }

  double time(Prepared& prepared) {
    using clock = std::chrono::steady_clock;
    const auto start = clock::now();
    prepared.primitive.execute(stream_, prepared.arguments);
    stream_.wait();
    return std::chrono::duration<double, std::milli>(clock::now() - start).count();
  }

  /// Sources and gradients of results are read in the same problem by the filter gradient: two buffers.
  void* data(int argument) { return argument == DNNL_ARG_DIFF_DST ? gradient_.data : source_.data; }

  /// Without a primitive where oneDNN has none.
  Prepared make_transformed(const Problem& problem) {
    if (type_ != memory::data_type::f32) return {};
    try {
      return make(problem, dnnl::algorithm::convolution_winograd);
    } catch (const dnnl::error&) {
      return {};
    }
  }

  Prepared make(const Problem& p, dnnl::algorithm algorithm) {
    const int64_t out_h = (p.h + 2 * p.padding - p.r) / p.stride + 1;
    const int64_t out_w = (p.w + 2 * p.padding - p.s) / p.stride + 1;
    const auto any = memory::format_tag::any;
    const memory::desc src({p.n, p.c, p.h, p.w}, type_, any);
    const memory::desc weights({p.k, p.c, p.r, p.s}, type_, any);
    const memory::desc dst({p.n, p.k, out_h, out_w}, type_, any);
    const memory::dims strides{p.stride, p.stride}, padding{p.padding, p.padding};
    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, algorithm, src, weights, dst, strides, padding, padding}, engine_);
    Prepared prepared;
    auto take = [&](int argument, const memory::desc& desc, Buffer& buffer) {
      reserve(buffer, desc.get_size());
      prepared.arguments.emplace(argument, memory(desc, engine_, nullptr));
    };
    if (p.direction == "forward") {
      prepared.primitive = dnnl::convolution_forward(forward);
      prepared.implementation = forward.impl_info_str();
      take(DNNL_ARG_SRC, forward.src_desc(), source_);
      take(DNNL_ARG_WEIGHTS, forward.weights_desc(), filter_);
      take(DNNL_ARG_DST, forward.dst_desc(), result_);
    } else if (p.direction == "data") {
      const dnnl::convolution_backward_data::primitive_desc backward(
          {algorithm, src, weights, dst, strides, padding, padding}, engine_, forward);
      prepared.primitive = dnnl::convolution_backward_data(backward);
      prepared.implementation = backward.impl_info_str();
      take(DNNL_ARG_DIFF_DST, backward.diff_dst_desc(), gradient_);
      take(DNNL_ARG_WEIGHTS, backward.weights_desc(), filter_);
      take(DNNL_ARG_DIFF_SRC, backward.diff_src_desc(), result_);
    } else {
      const dnnl::convolution_backward_weights::primitive_desc backward(
          {algorithm, src, weights, dst, strides, padding, padding}, engine_, forward);
      prepared.primitive = dnnl::convolution_backward_weights(backward);
      prepared.implementation = backward.impl_info_str();
      take(DNNL_ARG_SRC, backward.src_desc(), source_);
      take(DNNL_ARG_DIFF_DST, backward.diff_dst_desc(), gradient_);
      take(DNNL_ARG_DIFF_WEIGHTS, backward.diff_weights_desc(), result_);
    }
    return prepared;
  }

  memory::data_type type_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Problem> problems_;
  std::vector<Prepared> prepared_, transformed_;
  Buffer source_, filter_, gradient_, result_;
  bool warm_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string type = argc > 1 ? argv[1] : "f32";
  if (type != "f32" && type != "bf16") {
    std::fprintf(stderr, "direct_sum: the type is f32 or bf16, not '%s'\n", type.c_str());
    return 2;
  }
  if (argc > 2) omp_set_num_threads(std::atoi(argv[2]));
  Bench bench(type == "bf16" ? memory::data_type::bf16 : memory::data_type::f32);
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.empty() || line[0] == '#') continue;
    try {
      if (line == "go") {
        bench.prepare();
        bench.run();
        continue;
      }
      Problem p;
      std::istringstream fields(line);
      fields >> p.direction >> p.n >> p.c >> p.h >> p.w >> p.k >> p.r >> p.s >> p.padding >> p.stride >> p.count;
      if (!fields || (p.direction != "forward" && p.direction != "data" && p.direction != "filter")) {
        std::fprintf(stderr,
                     "direct_sum: expected 'go' or 'forward|data|filter N C H W K R S PADDING STRIDE COUNT', found "
                     "'%s'\n",
                     line.c_str());
        return 2;
      }
      bench.add(p);
    } catch (const dnnl::error& error) {
      std::fprintf(stderr, "direct_sum: '%s': oneDNN says %s\n", line.c_str(), error.what());
      return 1;
    }
  }
  return 0;
}
