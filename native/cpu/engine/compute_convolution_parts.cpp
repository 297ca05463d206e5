#include "engine/compute_convolution_parts.h"

#include <omp.h>

#include <algorithm>
#include <exception>

#include "engine/compute_convolution_choice.h"
#include "engine/compute_convolution_onednn.h"

namespace cpu::compute {
namespace {

constexpr auto direction = ConvolutionDirection::BackwardFilter;

/// While it lives, primitives are made for this thread alone: oneDNN shares out the work of filter gradients, and with
/// it the order of their sums, when it makes them.
class ForOneThread {
 public:
  ForOneThread() : threads_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~ForOneThread() { omp_set_num_threads(threads_); }
  ForOneThread(const ForOneThread&) = delete;
  ForOneThread& operator=(const ForOneThread&) = delete;

 private:
  const int threads_;
};

/// The gradient of so many output channels from so many images, which lie within the whole ones.
std::unique_ptr<OnednnConvolution> make_part(UsedTaps used, int64_t images, int channels, bool owns_result) {
  used.shape.x.dims[0] = used.shape.y.dims[0] = static_cast<int>(images);
  used.shape.y.dims[1] = used.shape.w.dims[0] = channels;
  const ForOneThread guard;
  return OnednnConvolution::make(direction, ConvolutionAlgorithm::Direct, used, {}, owns_result);
}

/// Calls body(number) for every part, each on one thread.
template <class Body>
void for_parts(int64_t parts, const Body& body) {
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < parts; ++i) {
    try {
      body(i);
    } catch (...) {
#pragma omp critical(convolution_part_failure)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

class PartsOfChannels final : public ConvolutionKernel {
 public:
  PartsOfChannels(std::unique_ptr<OnednnConvolution> part, const ConvolutionShape& shape, int channels)
      : ConvolutionKernel(part->name(), part->workspace() * static_cast<size_t>(shape.w.dims[0] / channels)),
        part_(std::move(part)),
        shape_(shape),
        channels_(channels) {}

  bool adds() const override { return part_->adds(); }

  void run(const void* first, const void* second, const void* bias, bool add, void* result, char* workspace) override {
    const Tensor &w = shape_.w, &y = shape_.y;
    for_parts(w.dims[0] / channels_, [&](int64_t i) {
      const int64_t channel = i * channels_;
      part_->run(first, at(second, y.type, channel * y.strides[1]), bias, add,
                 at(result, w.type, channel * w.strides[0]), workspace + part_->workspace() * static_cast<size_t>(i));
    });
  }

 private:
  const std::unique_ptr<OnednnConvolution> part_;
  const ConvolutionShape shape_;
  const int channels_;
};

/// The parts' sums are added up in their order.
class PartsOfImages final : public ConvolutionKernel {
 public:
  /// `last`: the last part where it has fewer images, else null.
  PartsOfImages(std::unique_ptr<OnednnConvolution> part, std::unique_ptr<OnednnConvolution> last,
                const ConvolutionShape& shape, int64_t images)
      : ConvolutionKernel(part->name(), 0),
        part_(std::move(part)),
        last_(std::move(last)),
        shape_(shape),
        images_(images),
        parts_(parts_of(shape.x.dims[0], images)),
        part_bytes_(last_ == nullptr ? part_->workspace() : std::max(part_->workspace(), last_->workspace())),
        sum_bytes_(whole_pages(part_->inner_result().get_size())) {
    workspace_ = (part_bytes_ + sum_bytes_) * static_cast<size_t>(parts_);
  }

  bool adds() const override { return part_->adds(); }

  void run(const void* first, const void* second, const void* bias, bool add, void* result, char* workspace) override {
    const Tensor &x = shape_.x, &y = shape_.y;
    char* sums = workspace + part_bytes_ * static_cast<size_t>(parts_);
    for_parts(parts_, [&](int64_t i) {
      OnednnConvolution& part = i == parts_ - 1 && last_ != nullptr ? *last_ : *part_;
      const int64_t image = i * images_;
      part.run_inner(at(first, x.type, image * x.strides[0]), at(second, y.type, image * y.strides[0]), bias,
                     sums + sum_bytes_ * static_cast<size_t>(i), workspace + part_bytes_ * static_cast<size_t>(i));
    });
    const bool reorders = part_->reorders_result();
    add_up(sums, static_cast<float*>(reorders ? static_cast<void*>(sums) : result));
    if (reorders) part_->finish(sums, add, result, workspace);
  }

 private:
  /// The first of the sums may be the target.
  void add_up(const char* sums, float* target) const {
    const auto elements = static_cast<int64_t>(part_->inner_result().get_size() / sizeof(float));
    const auto* first = reinterpret_cast<const float*>(sums);
    constexpr int64_t block = 4096;
#pragma omp parallel for schedule(static) if (elements > block)
    for (int64_t start = 0; start < elements; start += block) {
      const int64_t end = std::min(elements, start + block);
      if (target != first) std::copy(first + start, first + end, target + start);
      for (int64_t i = 1; i < parts_; ++i) {
        const auto* addend = reinterpret_cast<const float*>(sums + sum_bytes_ * static_cast<size_t>(i));
        for (int64_t e = start; e < end; ++e) target[e] += addend[e];
      }
    }
  }

  const std::unique_ptr<OnednnConvolution> part_, last_;
  const ConvolutionShape shape_;
  const int64_t images_, parts_;
  const size_t part_bytes_, sum_bytes_;
};

}  // namespace

std::unique_ptr<ConvolutionKernel> make_filter_gradient_in_parts(const ConvolutionShape& whole, const UsedTaps& used) {
  const ConvolutionShape& shape = used.shape;
  const int64_t all_images = shape.x.dims[0];
  const int all_channels = shape.w.dims[0];
  if (const int channels = channels_of_part(whole); channels != 0) {
    auto part = make_part(used, all_images, channels, true);
    return part == nullptr ? nullptr : std::make_unique<PartsOfChannels>(std::move(part), shape, channels);
  }
  const int64_t count = image_parts(whole), images = parts_of(all_images, count);
  auto part = make_part(used, images, all_channels, false);
  if (part == nullptr) return nullptr;
  std::unique_ptr<OnednnConvolution> last;
  if (const int64_t rest = all_images % images; rest != 0) {
    last = make_part(used, rest, all_channels, false);
    if (last == nullptr || last->inner_result() != part->inner_result()) return nullptr;
  }
  return std::make_unique<PartsOfImages>(std::move(part), std::move(last), shape, images);
}

}  // namespace cpu::compute
