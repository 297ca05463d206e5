#include "engine/compute_convolution_winograd.h"

#include "engine/compute_convolution_choice.h"
#include "engine/compute_convolution_onednn.h"

namespace cpu::compute {
namespace {

/// The channels that are divided: those of the filter's gradient and of the forward result are the filter's first
/// dimension, those of the image's gradient its second.
bool divides_inputs(ConvolutionDirection direction) { return direction == ConvolutionDirection::BackwardData; }

class PartsInTurn final : public ConvolutionKernel {
 public:
  PartsInTurn(std::unique_ptr<OnednnConvolution> part, ConvolutionDirection direction, const ConvolutionShape& shape,
              int channels)
      : ConvolutionKernel(part->name(), part->workspace()),
        part_(std::move(part)),
        direction_(direction),
        shape_(shape),
        channels_(channels) {}

  bool adds() const override { return part_->adds(); }

  void run(const void* first, const void* second, const void* bias, bool add, void* result, char* workspace) override {
    const bool is_filter = direction_ == ConvolutionDirection::BackwardFilter, of_inputs = divides_inputs(direction_);
    const Tensor &factor = second_of(direction_, shape_), &sum = result_of(direction_, shape_);
    const int64_t factor_stride = factor.strides[is_filter || of_inputs ? 1 : 0],
                  sum_stride = sum.strides[is_filter ? 0 : 1];
    const int all = of_inputs ? shape_.x.dims[1] : shape_.y.dims[1];
    for (int channel = 0; channel < all; channel += channels_) {
      part_->run(first, at(second, factor.type, channel * factor_stride),
                 bias == nullptr ? nullptr : at(bias, ElementType::F32, channel), add,
                 at(result, sum.type, channel * sum_stride), workspace);
    }
  }

 private:
  const std::unique_ptr<OnednnConvolution> part_;
  const ConvolutionDirection direction_;
  const ConvolutionShape shape_;
  const int channels_;
};

}  // namespace

std::unique_ptr<ConvolutionKernel> make_winograd_convolution(ConvolutionDirection direction, const UsedTaps& used,
                                                             const Epilogue& epilogue) {
  constexpr auto algorithm = ConvolutionAlgorithm::Winograd;
  const int channels = winograd_channels(direction, used.shape);
  const int all = divides_inputs(direction) ? used.shape.x.dims[1] : used.shape.y.dims[1];
  if (channels == all) return OnednnConvolution::make(direction, algorithm, used, epilogue);
  UsedTaps part = used;
  Tensor& image = divides_inputs(direction) ? part.shape.x : part.shape.y;
  image.dims[1] = part.shape.w.dims[divides_inputs(direction) ? 1 : 0] = channels;
  auto kernel = OnednnConvolution::make(direction, algorithm, part, epilogue);
  if (kernel == nullptr) return nullptr;
  return std::make_unique<PartsInTurn>(std::move(kernel), direction, used.shape, channels);
}

}  // namespace cpu::compute
