// Calls the cuDNN descriptor functions in random order with random values: live handles, destroyed ones, handles of
// another kind, null, garbage, extreme numbers, from several threads at once. Meant to run under the sanitizers
// (-DSANITIZE=address, undefined or thread), and checks by itself that
//   - a handle that names no live object of the kind gets BAD_PARAM, and nothing is written through the other pointers,
//   - every failure has a name and leaves a text, and reading the text clears it,
//   - a getter answers what the last successful setter was given,
//   - sizes and output dimensions are those computed here with 128-bit numbers,
//   - arrays are written exactly as far as was asked for.
// Prints the calls of each function, and fails where one was never called with success, or never in vain.
// usage: descriptor_fuzz [--calls N] [--threads N] [--seed N]
#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "generated/cudnn.h"
#include "tests/command_line.h"
#include "tests/coverage.h"

namespace {

enum Kind {
  tensor,
  filter,
  convolution,
  pooling,
  activation,
  normalization,
  dropout,
  operation,
  reduction,
  transform,
  transformer,
  ctc_loss,
  rnn,
  rnn_data,
  seq_data,
  attention,
  const_pack,
  variant_pack,
  fused_plan,
  library,
  kind_count
};

std::atomic<bool> failed{false};
std::atomic<long> succeeded{0}, refused{0};

using Int128 = __int128;

constexpr int canary = static_cast<int>(0xA5A5A5A5);

class Fuzzer {
 public:
  Fuzzer(uint64_t seed, const std::vector<void*>& shared_tensors)
      : seed_(seed), random_(seed), shared_tensors_(shared_tensors) {}

  void run(long calls) {
    // What is named twice is drawn twice as often.
    // clang-format off
    static const std::vector<void (Fuzzer::*)()> actions = {
        &Fuzzer::create, &Fuzzer::create, &Fuzzer::destroy, &Fuzzer::set_tensor_4d, &Fuzzer::set_tensor_4d_ex,
        &Fuzzer::set_tensor_nd, &Fuzzer::set_tensor_nd, &Fuzzer::set_tensor_nd_ex, &Fuzzer::get_tensor,
        &Fuzzer::get_tensor, &Fuzzer::set_filter, &Fuzzer::get_filter, &Fuzzer::set_convolution,
        &Fuzzer::get_convolution, &Fuzzer::convolve, &Fuzzer::convolve, &Fuzzer::set_pooling, &Fuzzer::get_pooling,
        &Fuzzer::pool, &Fuzzer::set_activation, &Fuzzer::set_lrn, &Fuzzer::set_dropout, &Fuzzer::set_operation,
        &Fuzzer::set_reduction, &Fuzzer::reduction_sizes, &Fuzzer::set_transform, &Fuzzer::transform_shape,
        &Fuzzer::derive, &Fuzzer::set_transformer, &Fuzzer::set_ctc_loss, &Fuzzer::set_rnn, &Fuzzer::set_rnn_data,
        &Fuzzer::set_seq_data, &Fuzzer::set_attention, &Fuzzer::fused_constants, &Fuzzer::fused_variants,
        &Fuzzer::fused_plans, &Fuzzer::set_callback,        &Fuzzer::set_stream, &Fuzzer::last_error, &Fuzzer::read_shared,
    };
    // clang-format on
    for (long i = 0; i < calls && !failed; ++i) (this->*actions[random_() % actions.size()])();
    for (int kind = 0; kind < kind_count; ++kind) {
      while (!live_[kind].empty()) destroy_one(static_cast<Kind>(kind), live_[kind].size() - 1);
    }
  }

 private:
  struct Picked {
    void* handle;
    bool live;
    template <class T>
    T as() const {
      return static_cast<T>(handle);
    }
  };

  // ---- values
  // -----------------------------------------------------------------------------------------------------------
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  int number() {
    static constexpr int extremes[] = {INT_MIN, INT_MIN + 1, -65536, -2,    -1,    0,       1,      8,
                                       9,       46340,       46341,  65535, 65536, 1 << 30, INT_MAX};
    if (chance(12)) return extremes[random_() % std::size(extremes)];
    if (chance(3)) return static_cast<int>(random_());
    return static_cast<int>(random_() % 12) + (chance(80) ? 1 : 0);
  }
  int positive() { return chance(92) ? static_cast<int>(random_() % 9) + 1 : number(); }
  int enumerator(int last) { return chance(90) ? static_cast<int>(random_() % (last + 1)) : number(); }
  cudnnDataType_t type() { return static_cast<cudnnDataType_t>(chance(40) ? 0 : enumerator(9)); }
  double real() {
    static const double extremes[] = {0,      -1,   1e308, -1e308, HUGE_VAL, -HUGE_VAL, std::strtod("nan", nullptr),
                                      1e-300, 0.01, 1e-5};
    return chance(30) ? extremes[random_() % std::size(extremes)] : static_cast<double>(random_() % 1000) / 100;
  }
  std::vector<int> numbers(size_t count, bool mostly_positive = true) {
    std::vector<int> result(count);
    for (int& value : result) value = mostly_positive ? positive() : number();
    return result;
  }
  size_t length(int rank) { return static_cast<size_t>(std::clamp(rank, 0, 16)) + 1; }
  int rank() {
    return chance(88) ? static_cast<int>(random_() % 7) + 2 : chance(50) ? 9 : -static_cast<int>(random_() % 3);
  }

  // A number of array elements a getter may be asked for, with the array that goes with it.
  struct Output {
    explicit Output(int requested) : values(static_cast<size_t>(std::clamp(requested, 0, 16)) + 2, canary) {}
    int* data() { return values.data(); }
    bool untouched_from(int index) const {
      return std::all_of(values.begin() + std::clamp<int>(index, 0, static_cast<int>(values.size())), values.end(),
                         [](int value) { return value == canary; });
    }
    std::vector<int> values;
  };
  int requested() { return chance(90) ? static_cast<int>(random_() % 10) : chance(50) ? -1 : 16; }

  // ---- handles
  // ----------------------------------------------------------------------------------------------------------
  Picked pick(Kind kind) {
    const int draw = static_cast<int>(random_() % 100);
    if (draw < 85 && !live_[kind].empty()) return {live_[kind][random_() % live_[kind].size()], true};
    if (draw < 91 && !destroyed_.empty()) {
      void* handle = destroyed_[random_() % destroyed_.size()];
      // Its place may have been given to a new object.
      return is_live_anywhere(handle) ? Picked{nullptr, false} : Picked{handle, false};
    }
    if (draw < 94) {
      const Kind other = static_cast<Kind>(random_() % kind_count);
      if (other != kind && !live_[other].empty()) return {live_[other][random_() % live_[other].size()], false};
    }
    if (draw < 96) return {&random_, false};
    if (draw < 98) return {reinterpret_cast<void*>(random_()), false};
    return {nullptr, false};
  }

  bool is_live_anywhere(void* handle) const {
    for (const auto& handles : live_) {
      if (std::find(handles.begin(), handles.end(), handle) != handles.end()) return true;
    }
    return false;
  }

  // ---- checks
  // -----------------------------------------------------------------------------------------------------------
  void complain(const char* function, const char* what) {
    failed = true;
    std::fprintf(stderr, "seed %llu: %s: %s\n", static_cast<unsigned long long>(seed_), function, what);
  }

  // Returns whether the call succeeded.
  bool check(const char* function, cudnnStatus_t status, bool all_live) {
    if (std::strncmp(cudnnGetErrorString(status), "CUDNN_STATUS_", 13) != 0)
      complain(function, "a status without a name");
    if (!all_live && status != CUDNN_STATUS_BAD_PARAM && status != CUDNN_STATUS_NOT_SUPPORTED) {
      complain(function, "a handle that names no live object was accepted");
    }
    if (status != CUDNN_STATUS_SUCCESS) {
      char text[256];
      cudnnGetLastErrorString(text, sizeof text);
      if (text[0] == '\0') complain(function, "a failure without a text");
      cudnnGetLastErrorString(text, sizeof text);
      if (text[0] != '\0') complain(function, "reading the text did not clear it");
    }
    ++(status == CUDNN_STATUS_SUCCESS ? succeeded : refused);
    return status == CUDNN_STATUS_SUCCESS;
  }

  void expect(const char* function, bool condition, const char* what) {
    if (!condition) complain(function, what);
  }

  // ---- life
  // -------------------------------------------------------------------------------------------------------------
  template <class Handle, class Create>
  static cudnnStatus_t make(void** out, Create function) {
    if (out == nullptr) return function(static_cast<Handle*>(nullptr));
    Handle handle = nullptr;
    const cudnnStatus_t status = function(&handle);
    *out = handle;
    return status;
  }

  static cudnnStatus_t create_kind(Kind kind, void** out, cudnnFusedOps_t ops) {
    switch (kind) {
      case tensor:
        return make<cudnnTensorDescriptor_t>(
            out, [](cudnnTensorDescriptor_t* handle) { return CALL(cudnnCreateTensorDescriptor, handle); });
      case filter:
        return make<cudnnFilterDescriptor_t>(
            out, [](cudnnFilterDescriptor_t* handle) { return CALL(cudnnCreateFilterDescriptor, handle); });
      case convolution:
        return make<cudnnConvolutionDescriptor_t>(
            out, [](cudnnConvolutionDescriptor_t* handle) { return CALL(cudnnCreateConvolutionDescriptor, handle); });
      case pooling:
        return make<cudnnPoolingDescriptor_t>(
            out, [](cudnnPoolingDescriptor_t* handle) { return CALL(cudnnCreatePoolingDescriptor, handle); });
      case activation:
        return make<cudnnActivationDescriptor_t>(
            out, [](cudnnActivationDescriptor_t* handle) { return CALL(cudnnCreateActivationDescriptor, handle); });
      case normalization:
        return make<cudnnLRNDescriptor_t>(
            out, [](cudnnLRNDescriptor_t* handle) { return CALL(cudnnCreateLRNDescriptor, handle); });
      case dropout:
        return make<cudnnDropoutDescriptor_t>(
            out, [](cudnnDropoutDescriptor_t* handle) { return CALL(cudnnCreateDropoutDescriptor, handle); });
      case operation:
        return make<cudnnOpTensorDescriptor_t>(
            out, [](cudnnOpTensorDescriptor_t* handle) { return CALL(cudnnCreateOpTensorDescriptor, handle); });
      case reduction:
        return make<cudnnReduceTensorDescriptor_t>(
            out, [](cudnnReduceTensorDescriptor_t* handle) { return CALL(cudnnCreateReduceTensorDescriptor, handle); });
      case transform:
        return make<cudnnTensorTransformDescriptor_t>(out, [](cudnnTensorTransformDescriptor_t* handle) {
          return CALL(cudnnCreateTensorTransformDescriptor, handle);
        });
      case transformer:
        return make<cudnnSpatialTransformerDescriptor_t>(out, [](cudnnSpatialTransformerDescriptor_t* handle) {
          return CALL(cudnnCreateSpatialTransformerDescriptor, handle);
        });
      case ctc_loss:
        return make<cudnnCTCLossDescriptor_t>(
            out, [](cudnnCTCLossDescriptor_t* handle) { return CALL(cudnnCreateCTCLossDescriptor, handle); });
      case rnn:
        return make<cudnnRNNDescriptor_t>(
            out, [](cudnnRNNDescriptor_t* handle) { return CALL(cudnnCreateRNNDescriptor, handle); });
      case rnn_data:
        return make<cudnnRNNDataDescriptor_t>(
            out, [](cudnnRNNDataDescriptor_t* handle) { return CALL(cudnnCreateRNNDataDescriptor, handle); });
      case seq_data:
        return make<cudnnSeqDataDescriptor_t>(
            out, [](cudnnSeqDataDescriptor_t* handle) { return CALL(cudnnCreateSeqDataDescriptor, handle); });
      case attention:
        return make<cudnnAttnDescriptor_t>(
            out, [](cudnnAttnDescriptor_t* handle) { return CALL(cudnnCreateAttnDescriptor, handle); });
      case const_pack:
        return make<cudnnFusedOpsConstParamPack_t>(
            out, [&](auto* handle) { return CALL(cudnnCreateFusedOpsConstParamPack, handle, ops); });
      case variant_pack:
        return make<cudnnFusedOpsVariantParamPack_t>(
            out, [&](auto* handle) { return CALL(cudnnCreateFusedOpsVariantParamPack, handle, ops); });
      case fused_plan:
        return make<cudnnFusedOpsPlan_t>(out, [&](auto* handle) { return CALL(cudnnCreateFusedOpsPlan, handle, ops); });
      default:
        return make<cudnnHandle_t>(out, [](cudnnHandle_t* handle) { return CALL(cudnnCreate, handle); });
    }
  }

  static cudnnStatus_t destroy_kind(Kind kind, void* handle) {
    switch (kind) {
      case tensor:
        return CALL(cudnnDestroyTensorDescriptor, static_cast<cudnnTensorDescriptor_t>(handle));
      case filter:
        return CALL(cudnnDestroyFilterDescriptor, static_cast<cudnnFilterDescriptor_t>(handle));
      case convolution:
        return CALL(cudnnDestroyConvolutionDescriptor, static_cast<cudnnConvolutionDescriptor_t>(handle));
      case pooling:
        return CALL(cudnnDestroyPoolingDescriptor, static_cast<cudnnPoolingDescriptor_t>(handle));
      case activation:
        return CALL(cudnnDestroyActivationDescriptor, static_cast<cudnnActivationDescriptor_t>(handle));
      case normalization:
        return CALL(cudnnDestroyLRNDescriptor, static_cast<cudnnLRNDescriptor_t>(handle));
      case dropout:
        return CALL(cudnnDestroyDropoutDescriptor, static_cast<cudnnDropoutDescriptor_t>(handle));
      case operation:
        return CALL(cudnnDestroyOpTensorDescriptor, static_cast<cudnnOpTensorDescriptor_t>(handle));
      case reduction:
        return CALL(cudnnDestroyReduceTensorDescriptor, static_cast<cudnnReduceTensorDescriptor_t>(handle));
      case transform:
        return CALL(cudnnDestroyTensorTransformDescriptor, static_cast<cudnnTensorTransformDescriptor_t>(handle));
      case transformer:
        return CALL(cudnnDestroySpatialTransformerDescriptor, static_cast<cudnnSpatialTransformerDescriptor_t>(handle));
      case ctc_loss:
        return CALL(cudnnDestroyCTCLossDescriptor, static_cast<cudnnCTCLossDescriptor_t>(handle));
      case rnn:
        return CALL(cudnnDestroyRNNDescriptor, static_cast<cudnnRNNDescriptor_t>(handle));
      case rnn_data:
        return CALL(cudnnDestroyRNNDataDescriptor, static_cast<cudnnRNNDataDescriptor_t>(handle));
      case seq_data:
        return CALL(cudnnDestroySeqDataDescriptor, static_cast<cudnnSeqDataDescriptor_t>(handle));
      case attention:
        return CALL(cudnnDestroyAttnDescriptor, static_cast<cudnnAttnDescriptor_t>(handle));
      case const_pack:
        return CALL(cudnnDestroyFusedOpsConstParamPack, static_cast<cudnnFusedOpsConstParamPack_t>(handle));
      case variant_pack:
        return CALL(cudnnDestroyFusedOpsVariantParamPack, static_cast<cudnnFusedOpsVariantParamPack_t>(handle));
      case fused_plan:
        return CALL(cudnnDestroyFusedOpsPlan, static_cast<cudnnFusedOpsPlan_t>(handle));
      default:
        return CALL(cudnnDestroy, static_cast<cudnnHandle_t>(handle));
    }
  }

  void create() {
    const Kind kind = static_cast<Kind>(random_() % kind_count);
    if (live_[kind].size() > 12) return;
    if (chance(5)) {
      check("create", create_kind(kind, nullptr, static_cast<cudnnFusedOps_t>(enumerator(6))), false);
      return;
    }
    void* handle = nullptr;
    const cudnnStatus_t status = create_kind(kind, &handle, static_cast<cudnnFusedOps_t>(enumerator(6)));
    if (!check("create", status, true)) return;
    expect("create", handle != nullptr, "success without a handle");
    live_[kind].push_back(handle);
    tensors_.erase(handle);
  }

  void destroy_one(Kind kind, size_t index) {
    void* handle = live_[kind][index];
    live_[kind].erase(live_[kind].begin() + static_cast<std::ptrdiff_t>(index));
    tensors_.erase(handle);
    check("destroy", destroy_kind(kind, handle), true);
    check("destroy again", destroy_kind(kind, handle), false);
    if (destroyed_.size() < 200)
      destroyed_.push_back(handle);
    else
      destroyed_[random_() % destroyed_.size()] = handle;
  }

  void destroy() {
    const Kind kind = static_cast<Kind>(random_() % kind_count);
    if (!live_[kind].empty() && chance(70)) return destroy_one(kind, random_() % live_[kind].size());
    const Picked picked = pick(kind);
    // Null may be destroyed; anything else that is not live may not.
    if (!picked.live && picked.handle != nullptr) check("destroy", destroy_kind(kind, picked.handle), false);
  }

  // ---- tensors
  // ----------------------------------------------------------------------------------------------------------
  struct Shape {
    cudnnDataType_t type;
    std::vector<int> dims, strides;
    int width;
  };

  static int width_of(cudnnDataType_t type) {
    return type == CUDNN_DATA_INT8x32 ? 32 : type == CUDNN_DATA_INT8x4 || type == CUDNN_DATA_UINT8x4 ? 4 : 1;
  }

  void remember(void* handle, bool success, Shape shape) {
    if (success)
      tensors_[handle] = std::move(shape);
    else
      tensors_.erase(handle);
  }

  void set_tensor_4d() {
    const Picked picked = pick(tensor);
    const auto format = static_cast<cudnnTensorFormat_t>(enumerator(2));
    const cudnnDataType_t data_type = type();
    const std::vector<int> dims = numbers(4);
    const bool success = check(__func__,
                               CALL(cudnnSetTensor4dDescriptor, picked.as<cudnnTensorDescriptor_t>(), format, data_type,
                                    dims[0], dims[1], dims[2], dims[3]),
                               picked.live);
    if (!picked.live) return;
    remember(picked.handle, success,
             {data_type, dims, {}, format == CUDNN_TENSOR_NCHW_VECT_C ? width_of(data_type) : 1});
  }

  void set_tensor_4d_ex() {
    const Picked picked = pick(tensor);
    const cudnnDataType_t data_type = type();
    const std::vector<int> dims = numbers(4), strides = numbers(4, false);
    const bool success = check(__func__,
                               CALL(cudnnSetTensor4dDescriptorEx, picked.as<cudnnTensorDescriptor_t>(), data_type,
                                    dims[0], dims[1], dims[2], dims[3], strides[0], strides[1], strides[2], strides[3]),
                               picked.live);
    if (picked.live) remember(picked.handle, success, {data_type, dims, strides, 1});
  }

  void set_tensor_nd() {
    const Picked picked = pick(tensor);
    const cudnnDataType_t data_type = type();
    const int count = rank();
    std::vector<int> dims = numbers(length(count)), strides = numbers(length(count), false);
    const bool null = chance(3);
    const bool success = check(__func__,
                               CALL(cudnnSetTensorNdDescriptor, picked.as<cudnnTensorDescriptor_t>(), data_type, count,
                                    dims.data(), null ? nullptr : strides.data()),
                               picked.live);
    if (!picked.live || null) return;
    dims.resize(static_cast<size_t>(std::max(count, 0)));
    strides.resize(dims.size());
    remember(picked.handle, success, {data_type, dims, strides, 1});
  }

  void set_tensor_nd_ex() {
    const Picked picked = pick(tensor);
    const auto format = static_cast<cudnnTensorFormat_t>(enumerator(2));
    const cudnnDataType_t data_type = type();
    const int count = rank();
    std::vector<int> dims = numbers(length(count));
    if (dims.size() > 1 && chance(30)) dims[1] = 32 * static_cast<int>(random_() % 3 + 1);
    const bool success = check(
        __func__,
        CALL(cudnnSetTensorNdDescriptorEx, picked.as<cudnnTensorDescriptor_t>(), format, data_type, count, dims.data()),
        picked.live);
    dims.resize(static_cast<size_t>(std::max(count, 0)));
    if (picked.live) {
      remember(picked.handle, success,
               {data_type, dims, {}, format == CUDNN_TENSOR_NCHW_VECT_C ? width_of(data_type) : 1});
    }
  }

  void get_tensor() {
    const Picked picked = pick(tensor);
    const auto descriptor = picked.as<cudnnTensorDescriptor_t>();
    const int count = requested();
    Output dims(count), strides(count);
    auto data_type = static_cast<cudnnDataType_t>(canary);
    int exists = canary;
    const bool success = check(
        __func__, CALL(cudnnGetTensorNdDescriptor, descriptor, count, &data_type, &exists, dims.data(), strides.data()),
        picked.live);
    size_t size = 77;
    const bool sized = check(__func__, CALL(cudnnGetTensorSizeInBytes, descriptor, &size), picked.live);
    expect(__func__, success == picked.live && sized == picked.live,
           "success without a descriptor, or a failure with one");
    int d[8];
    cudnnDataType_t also;
    check(__func__,
          CALL(cudnnGetTensor4dDescriptor, descriptor, &also, &d[0], &d[1], &d[2], &d[3], &d[4], &d[5], &d[6], &d[7]),
          picked.live);
    if (!success) {
      expect(__func__, exists == canary && dims.untouched_from(0) && strides.untouched_from(0) && size == 77,
             "a failing getter wrote something");
      return;
    }
    expect(__func__, exists >= 0 && exists <= 8, "an impossible number of dimensions");
    expect(__func__, dims.untouched_from(std::min(count, exists)) && strides.untouched_from(std::min(count, exists)),
           "more was written than asked for");
    const auto known = tensors_.find(picked.handle);
    if (known == tensors_.end()) return;
    const Shape& shape = known->second;
    expect(__func__, data_type == shape.type && exists == static_cast<int>(shape.dims.size()),
           "another shape than was set");
    const int seen = std::clamp(count, 0, exists);
    for (int i = 0; i < seen; ++i) {
      expect(__func__, dims.values[i] == shape.dims[i], "another dimension than was set");
      if (!shape.strides.empty())
        expect(__func__, strides.values[i] == shape.strides[i], "another stride than was set");
    }
    if (seen == exists) expect(__func__, static_cast<Int128>(size) == bytes(shape, strides.values), "another size");
  }

  static Int128 bytes(const Shape& shape, const std::vector<int>& strides) {
    static constexpr int sizes[] = {4, 8, 2, 1, 4, 4, 1, 4, 32, 2};
    Int128 elements = 1;
    for (size_t i = 0; i < shape.dims.size(); ++i) {
      const Int128 positions = i == 1 ? shape.dims[i] / shape.width : shape.dims[i];
      const Int128 stride = strides[i];
      elements += (positions - 1) * (stride < 0 ? -stride : stride);
    }
    return elements * sizes[static_cast<int>(shape.type)];
  }

  void derive() {
    const Picked to = pick(tensor), from = pick(tensor), second = pick(tensor);
    const auto source = from.as<cudnnTensorDescriptor_t>();
    if (chance(60)) {
      const auto mode = static_cast<cudnnBatchNormMode_t>(enumerator(2));
      check(__func__, CALL(cudnnDeriveBNTensorDescriptor, to.as<cudnnTensorDescriptor_t>(), source, mode),
            to.live && from.live);
    } else {
      const auto mode = static_cast<cudnnNormMode_t>(enumerator(1));
      check(__func__,
            CALL(cudnnDeriveNormTensorDescriptor, to.as<cudnnTensorDescriptor_t>(),
                 second.as<cudnnTensorDescriptor_t>(), source, mode, chance(80) ? 1 : number()),
            to.live && from.live && second.live);
      tensors_.erase(second.handle);
    }
    tensors_.erase(to.handle);
  }

  // ---- filters, convolutions, pooling
  // -----------------------------------------------------------------------------------
  void set_filter() {
    const Picked picked = pick(filter);
    const auto descriptor = picked.as<cudnnFilterDescriptor_t>();
    const auto format = static_cast<cudnnTensorFormat_t>(enumerator(2));
    const cudnnDataType_t data_type = type();
    const int count = rank();
    const std::vector<int> dims = numbers(std::max<size_t>(length(count), 4));
    if (chance(50)) {
      check(__func__,
            CALL(cudnnSetFilter4dDescriptor, descriptor, data_type, format, dims[0], dims[1], dims[2], dims[3]),
            picked.live);
    } else {
      check(__func__, CALL(cudnnSetFilterNdDescriptor, descriptor, data_type, format, count, dims.data()), picked.live);
    }
  }

  void get_filter() {
    const Picked picked = pick(filter);
    const auto descriptor = picked.as<cudnnFilterDescriptor_t>();
    const int count = requested();
    Output dims(count);
    cudnnDataType_t data_type;
    cudnnTensorFormat_t format;
    int exists = canary;
    const bool success =
        check(__func__, CALL(cudnnGetFilterNdDescriptor, descriptor, count, &data_type, &format, &exists, dims.data()),
              picked.live);
    expect(__func__, dims.untouched_from(success ? count : 0), "more was written than asked for");
    int k, c, h, w;
    check(__func__, CALL(cudnnGetFilter4dDescriptor, descriptor, &data_type, &format, &k, &c, &h, &w), picked.live);
    size_t size;
    check(__func__, CALL(cudnnGetFilterSizeInBytes, descriptor, &size), picked.live);
  }

  void set_convolution() {
    const Picked picked = pick(convolution);
    const auto descriptor = picked.as<cudnnConvolutionDescriptor_t>();
    const int count = chance(85) ? static_cast<int>(random_() % 3) + 1 : rank();
    const std::vector<int> padding = numbers(std::max<size_t>(length(count), 2)),
                           stride = numbers(std::max<size_t>(length(count), 2)),
                           dilation = numbers(std::max<size_t>(length(count), 2));
    const auto mode = static_cast<cudnnConvolutionMode_t>(enumerator(1));
    switch (random_() % 5) {
      case 0:
        check(__func__,
              CALL(cudnnSetConvolution2dDescriptor, descriptor, padding[0], padding[1], stride[0], stride[1],
                   dilation[0], dilation[1], mode, type()),
              picked.live);
        break;
      case 1:
        check(__func__,
              CALL(cudnnSetConvolutionNdDescriptor, descriptor, count, padding.data(), stride.data(), dilation.data(),
                   mode, type()),
              picked.live);
        break;
      case 2:
        check(__func__, CALL(cudnnSetConvolutionGroupCount, descriptor, positive()), picked.live);
        break;
      case 3:
        check(__func__, CALL(cudnnSetConvolutionMathType, descriptor, static_cast<cudnnMathType_t>(enumerator(3))),
              picked.live);
        break;
      default:
        check(__func__,
              CALL(cudnnSetConvolutionReorderType, descriptor, static_cast<cudnnReorderType_t>(enumerator(1))),
              picked.live);
    }
  }

  void get_convolution() {
    const Picked picked = pick(convolution);
    const auto descriptor = picked.as<cudnnConvolutionDescriptor_t>();
    const int count = requested();
    Output padding(count), stride(count), dilation(count);
    int exists = canary, groups = canary;
    cudnnConvolutionMode_t mode;
    cudnnDataType_t data_type;
    const bool success = check(__func__,
                               CALL(cudnnGetConvolutionNdDescriptor, descriptor, count, &exists, padding.data(),
                                    stride.data(), dilation.data(), &mode, &data_type),
                               picked.live);
    const int end = success ? count : 0;
    expect(__func__, padding.untouched_from(end) && stride.untouched_from(end) && dilation.untouched_from(end),
           "more was written than asked for");
    int v[6];
    check(
        __func__,
        CALL(cudnnGetConvolution2dDescriptor, descriptor, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &mode, &data_type),
        picked.live);
    if (check(__func__, CALL(cudnnGetConvolutionGroupCount, descriptor, &groups), picked.live)) {
      expect(__func__, groups >= 1, "a group count below 1");
    }
    cudnnMathType_t math;
    check(__func__, CALL(cudnnGetConvolutionMathType, descriptor, &math), picked.live);
    cudnnReorderType_t reorder;
    check(__func__, CALL(cudnnGetConvolutionReorderType, descriptor, &reorder), picked.live);
  }

  void convolve() {
    const Picked conv = pick(convolution), input = pick(tensor), weights = pick(filter);
    const auto descriptor = conv.as<cudnnConvolutionDescriptor_t>();
    const auto x = input.as<cudnnTensorDescriptor_t>();
    const auto w = weights.as<cudnnFilterDescriptor_t>();
    const bool live = conv.live && input.live && weights.live;
    int rank = 0;
    if (live && chance(60)) {
      // Three that mostly go together.
      rank = static_cast<int>(random_() % 4) + 1;
      const int groups = positive(), channels = positive();
      std::vector<int> dims = numbers(8), filter_dims = numbers(8);
      dims[1] = static_cast<int>(static_cast<unsigned>(groups) * static_cast<unsigned>(channels));
      filter_dims[1] = channels;
      const std::vector<int> padding = numbers(8), stride = numbers(8), dilation = numbers(8);
      const bool success = check(
          __func__, CALL(cudnnSetTensorNdDescriptorEx, x, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, rank + 2, dims.data()),
          true);
      remember(input.handle, success, {CUDNN_DATA_FLOAT, {dims.begin(), dims.begin() + rank + 2}, {}, 1});
      check(__func__,
            CALL(cudnnSetFilterNdDescriptor, w, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, rank + 2, filter_dims.data()),
            true);
      check(__func__,
            CALL(cudnnSetConvolutionNdDescriptor, descriptor, rank, padding.data(), stride.data(), dilation.data(),
                 CUDNN_CONVOLUTION, CUDNN_DATA_FLOAT),
            true);
      check(__func__, CALL(cudnnSetConvolutionGroupCount, descriptor, groups), true);
    }
    int n = canary, c = canary, h = canary, width = canary;
    if (check(__func__, CALL(cudnnGetConvolution2dForwardOutputDim, descriptor, x, w, &n, &c, &h, &width), live)) {
      expect(__func__, n > 0 && c > 0 && h > 0 && width > 0, "an output dimension below 1");
      int p[6], dims[4], strides[4], exists, k[4];
      cudnnDataType_t data_type;
      cudnnTensorFormat_t format;
      cudnnConvolutionMode_t mode;
      CALL(cudnnGetConvolution2dDescriptor, descriptor, &p[0], &p[1], &p[2], &p[3], &p[4], &p[5], &mode, &data_type);
      CALL(cudnnGetTensorNdDescriptor, x, 4, &data_type, &exists, dims, strides);
      CALL(cudnnGetFilter4dDescriptor, w, &data_type, &format, &k[0], &k[1], &k[2], &k[3]);
      const Int128 rows = (Int128{dims[2]} + 2 * Int128{p[0]} - (Int128{k[2]} - 1) * p[4] - 1) / p[2] + 1;
      const Int128 columns = (Int128{dims[3]} + 2 * Int128{p[1]} - (Int128{k[3]} - 1) * p[5] - 1) / p[3] + 1;
      expect(__func__, n == dims[0] && c == k[0] && h == rows && width == columns, "another output shape");
    }
    const int count = rank != 0 && chance(50) ? rank + 2 : requested();
    Output out(count);
    const bool success =
        check(__func__, CALL(cudnnGetConvolutionNdForwardOutputDim, descriptor, x, w, count, out.data()), live);
    expect(__func__, out.untouched_from(success ? count : std::max(count, 0)), "more was written than asked for");
  }

  void set_pooling() {
    const Picked picked = pick(pooling);
    const auto descriptor = picked.as<cudnnPoolingDescriptor_t>();
    const auto mode = static_cast<cudnnPoolingMode_t>(enumerator(3));
    const auto nan = static_cast<cudnnNanPropagation_t>(enumerator(1));
    const int count = chance(85) ? static_cast<int>(random_() % 3) + 1 : rank();
    const size_t size = std::max<size_t>(length(count), 2);
    const std::vector<int> window = numbers(size), padding = numbers(size, false), stride = numbers(size);
    if (chance(50)) {
      check(__func__,
            CALL(cudnnSetPooling2dDescriptor, descriptor, mode, nan, window[0], window[1], padding[0], padding[1],
                 stride[0], stride[1]),
            picked.live);
    } else {
      check(
          __func__,
          CALL(cudnnSetPoolingNdDescriptor, descriptor, mode, nan, count, window.data(), padding.data(), stride.data()),
          picked.live);
    }
  }

  void get_pooling() {
    const Picked picked = pick(pooling);
    const auto descriptor = picked.as<cudnnPoolingDescriptor_t>();
    const int count = requested();
    Output window(count), padding(count), stride(count);
    cudnnPoolingMode_t mode;
    cudnnNanPropagation_t nan;
    int exists, v[6];
    const bool success = check(__func__,
                               CALL(cudnnGetPoolingNdDescriptor, descriptor, count, &mode, &nan, &exists, window.data(),
                                    padding.data(), stride.data()),
                               picked.live);
    const int end = success ? count : 0;
    expect(__func__, window.untouched_from(end) && padding.untouched_from(end) && stride.untouched_from(end),
           "more was written than asked for");
    check(__func__,
          CALL(cudnnGetPooling2dDescriptor, descriptor, &mode, &nan, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]),
          picked.live);
  }

  void pool() {
    const Picked picked = pick(pooling), input = pick(tensor);
    const auto descriptor = picked.as<cudnnPoolingDescriptor_t>();
    const auto x = input.as<cudnnTensorDescriptor_t>();
    int rank = 0;
    if (picked.live && input.live && chance(60)) {
      rank = static_cast<int>(random_() % 4) + 1;
      const std::vector<int> dims = numbers(8), window = numbers(8), padding = numbers(8), stride = numbers(8);
      const bool success =
          check(__func__,
                CALL(cudnnSetTensorNdDescriptorEx, x, CUDNN_TENSOR_NHWC, CUDNN_DATA_HALF, rank + 2, dims.data()), true);
      remember(input.handle, success, {CUDNN_DATA_HALF, {dims.begin(), dims.begin() + rank + 2}, {}, 1});
      check(__func__,
            CALL(cudnnSetPoolingNdDescriptor, descriptor, CUDNN_POOLING_MAX, CUDNN_PROPAGATE_NAN, rank, window.data(),
                 padding.data(), stride.data()),
            true);
    }
    int n, c, h, w;
    if (check(__func__, CALL(cudnnGetPooling2dForwardOutputDim, descriptor, x, &n, &c, &h, &w),
              picked.live && input.live)) {
      expect(__func__, n > 0 && c > 0 && h > 0 && w > 0, "an output dimension below 1");
    }
    const int count = rank != 0 && chance(50) ? rank + 2 : requested();
    Output out(count);
    check(__func__, CALL(cudnnGetPoolingNdForwardOutputDim, descriptor, x, count, out.data()),
          picked.live && input.live);
    expect(__func__, out.untouched_from(std::max(count, 0)), "more was written than asked for");
  }

  // ---- the small ones
  // ---------------------------------------------------------------------------------------------------
  void set_activation() {
    const Picked picked = pick(activation);
    const auto descriptor = picked.as<cudnnActivationDescriptor_t>();
    const auto mode = static_cast<cudnnActivationMode_t>(enumerator(6));
    const auto nan = static_cast<cudnnNanPropagation_t>(enumerator(1));
    const double coefficient = real(), beta = real();
    const bool success =
        check(__func__, CALL(cudnnSetActivationDescriptor, descriptor, mode, nan, coefficient), picked.live);
    const bool has_beta = check(__func__, CALL(cudnnSetActivationDescriptorSwishBeta, descriptor, beta), picked.live);
    cudnnActivationMode_t mode_now;
    cudnnNanPropagation_t nan_now;
    double coefficient_now, beta_now;
    if (check(__func__, CALL(cudnnGetActivationDescriptor, descriptor, &mode_now, &nan_now, &coefficient_now),
              picked.live) &&
        success) {
      expect(__func__, mode_now == mode && nan_now == nan && same(coefficient_now, coefficient),
             "another value than was set");
    }
    if (check(__func__, CALL(cudnnGetActivationDescriptorSwishBeta, descriptor, &beta_now), picked.live) && has_beta) {
      expect(__func__, same(beta_now, beta), "another swish beta than was set");
    }
  }

  static bool same(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

  void set_lrn() {
    const Picked picked = pick(normalization);
    const auto descriptor = picked.as<cudnnLRNDescriptor_t>();
    check(__func__, CALL(cudnnSetLRNDescriptor, descriptor, static_cast<unsigned>(number()), real(), real(), real()),
          picked.live);
    unsigned n;
    double alpha, beta, k;
    if (check(__func__, CALL(cudnnGetLRNDescriptor, descriptor, &n, &alpha, &beta, &k), picked.live)) {
      expect(__func__, n >= 1 && n <= 16, "a window outside 1..16");
    }
  }

  void set_dropout() {
    const Picked picked = pick(dropout), handle = pick(library), input = pick(tensor);
    const auto descriptor = picked.as<cudnnDropoutDescriptor_t>();
    const auto owner = handle.as<cudnnHandle_t>();
    size_t size = 0;
    check(__func__, CALL(cudnnDropoutGetStatesSize, owner, &size), handle.live);
    check(__func__, CALL(cudnnDropoutGetReserveSpaceSize, input.as<cudnnTensorDescriptor_t>(), &size), input.live);
    // Without states nothing is written to the device.
    void* states = nullptr;
    check(__func__,
          CALL(cudnnSetDropoutDescriptor, descriptor, owner, static_cast<float>(real()), states, random_() % 512,
               random_()),
          picked.live && handle.live);
    float probability;
    void* states_now;
    unsigned long long seed;
    check(__func__, CALL(cudnnGetDropoutDescriptor, descriptor, owner, &probability, &states_now, &seed),
          picked.live && handle.live);
  }

  void set_operation() {
    const Picked picked = pick(operation);
    const auto descriptor = picked.as<cudnnOpTensorDescriptor_t>();
    check(__func__,
          CALL(cudnnSetOpTensorDescriptor, descriptor, static_cast<cudnnOpTensorOp_t>(enumerator(5)), type(),
               static_cast<cudnnNanPropagation_t>(enumerator(1))),
          picked.live);
    cudnnOpTensorOp_t op;
    cudnnDataType_t data_type;
    cudnnNanPropagation_t nan;
    check(__func__, CALL(cudnnGetOpTensorDescriptor, descriptor, &op, &data_type, &nan), picked.live);
  }

  void set_reduction() {
    const Picked picked = pick(reduction);
    const auto descriptor = picked.as<cudnnReduceTensorDescriptor_t>();
    check(__func__,
          CALL(cudnnSetReduceTensorDescriptor, descriptor, static_cast<cudnnReduceTensorOp_t>(enumerator(8)), type(),
               static_cast<cudnnNanPropagation_t>(enumerator(1)),
               static_cast<cudnnReduceTensorIndices_t>(enumerator(1)), static_cast<cudnnIndicesType_t>(enumerator(3))),
          picked.live);
    cudnnReduceTensorOp_t op;
    cudnnDataType_t data_type;
    cudnnNanPropagation_t nan;
    cudnnReduceTensorIndices_t indices;
    cudnnIndicesType_t index_type;
    check(__func__, CALL(cudnnGetReduceTensorDescriptor, descriptor, &op, &data_type, &nan, &indices, &index_type),
          picked.live);
  }

  void reduction_sizes() {
    const Picked handle = pick(library), picked = pick(reduction), a = pick(tensor), c = pick(tensor);
    const bool live = handle.live && picked.live && a.live && c.live;
    size_t size;
    check(__func__,
          CALL(cudnnGetReductionIndicesSize, handle.as<cudnnHandle_t>(), picked.as<cudnnReduceTensorDescriptor_t>(),
               a.as<cudnnTensorDescriptor_t>(), c.as<cudnnTensorDescriptor_t>(), &size),
          live);
    check(__func__,
          CALL(cudnnGetReductionWorkspaceSize, handle.as<cudnnHandle_t>(), picked.as<cudnnReduceTensorDescriptor_t>(),
               a.as<cudnnTensorDescriptor_t>(), c.as<cudnnTensorDescriptor_t>(), &size),
          live);
    check(__func__,
          CALL(cudnnGetBatchNormalizationTrainingExReserveSpaceSize, handle.as<cudnnHandle_t>(),
               static_cast<cudnnBatchNormMode_t>(enumerator(2)), static_cast<cudnnBatchNormOps_t>(enumerator(2)),
               nullptr, a.as<cudnnTensorDescriptor_t>(), &size),
          handle.live && a.live);
  }

  void set_transform() {
    const Picked picked = pick(transform);
    const auto descriptor = picked.as<cudnnTensorTransformDescriptor_t>();
    const int count = chance(60) ? 4 : rank();
    const std::vector<int> before = numbers(length(count), chance(80)), after = numbers(length(count), chance(80));
    std::vector<uint32_t> fold(length(count));
    for (uint32_t& factor : fold) factor = static_cast<uint32_t>(positive());
    check(__func__,
          CALL(cudnnSetTensorTransformDescriptor, descriptor, static_cast<uint32_t>(count),
               static_cast<cudnnTensorFormat_t>(enumerator(2)), chance(20) ? nullptr : before.data(),
               chance(20) ? nullptr : after.data(), chance(40) ? nullptr : fold.data(),
               static_cast<cudnnFoldingDirection_t>(enumerator(1))),
          picked.live);
    const int asked = requested();
    Output before_now(asked), after_now(asked), fold_now(asked);
    cudnnTensorFormat_t format;
    cudnnFoldingDirection_t direction;
    const bool success =
        check(__func__,
              CALL(cudnnGetTensorTransformDescriptor, descriptor, static_cast<uint32_t>(asked), &format,
                   before_now.data(), after_now.data(), reinterpret_cast<uint32_t*>(fold_now.data()), &direction),
              picked.live);
    expect(__func__, before_now.untouched_from(success ? asked : 0) && fold_now.untouched_from(success ? asked - 2 : 0),
           "more was written than asked for");
  }

  void transform_shape() {
    const Picked picked = pick(transform), from = pick(tensor), to = pick(tensor);
    size_t size;
    check(__func__,
          CALL(cudnnInitTransformDest, picked.as<cudnnTensorTransformDescriptor_t>(),
               from.as<cudnnTensorDescriptor_t>(), to.as<cudnnTensorDescriptor_t>(), &size),
          picked.live && from.live && to.live);
    tensors_.erase(to.handle);
  }

  void set_transformer() {
    const Picked picked = pick(transformer);
    const int count = rank();
    const std::vector<int> dims = numbers(length(count));
    check(__func__,
          CALL(cudnnSetSpatialTransformerNdDescriptor, picked.as<cudnnSpatialTransformerDescriptor_t>(),
               static_cast<cudnnSamplerType_t>(enumerator(0)), type(), count, dims.data()),
          picked.live);
  }

  void set_ctc_loss() {
    const Picked picked = pick(ctc_loss);
    const auto descriptor = picked.as<cudnnCTCLossDescriptor_t>();
    const auto normalize = static_cast<cudnnLossNormalizationMode_t>(number());
    const auto nan = static_cast<cudnnNanPropagation_t>(number());
    switch (random_() % 4) {
      case 0:
        check(__func__, CALL(cudnnSetCTCLossDescriptor, descriptor, type()), picked.live);
        break;
      case 1:
        check(__func__, CALL(cudnnSetCTCLossDescriptorEx, descriptor, type(), normalize, nan), picked.live);
        break;
      case 2:
        check(__func__, CALL(cudnnSetCTCLossDescriptor_v8, descriptor, type(), normalize, nan, number()), picked.live);
        break;
      default:
        check(__func__,
              CALL(cudnnSetCTCLossDescriptor_v9, descriptor, type(), normalize,
                   static_cast<cudnnCTCGradMode_t>(number()), number()),
              picked.live);
    }
    cudnnNanPropagation_t nan_now;
    int length;
    cudnnDataType_t data_type;
    cudnnLossNormalizationMode_t normalize_now;
    cudnnCTCGradMode_t gradient;
    int labels;
    check(__func__, CALL(cudnnGetCTCLossDescriptor, descriptor, &data_type), picked.live);
    check(__func__, CALL(cudnnGetCTCLossDescriptorEx, descriptor, &data_type, &normalize_now, &nan_now), picked.live);
    check(__func__, CALL(cudnnGetCTCLossDescriptor_v8, descriptor, &data_type, &normalize_now, &nan_now, &length),
          picked.live);
    check(__func__, CALL(cudnnGetCTCLossDescriptor_v9, descriptor, &data_type, &normalize_now, &gradient, &labels),
          picked.live);
  }

  // ---- sequences
  // --------------------------------------------------------------------------------------------------------
  void set_rnn() {
    const Picked picked = pick(rnn), drop = pick(dropout);
    const auto descriptor = picked.as<cudnnRNNDescriptor_t>();
    const int hidden = positive();
    if (chance(40)) {
      check(__func__,
            CALL(cudnnSetRNNDescriptor_v8, descriptor, CUDNN_RNN_ALGO_STANDARD,
                 static_cast<cudnnRNNMode_t>(enumerator(3)), static_cast<cudnnRNNBiasMode_t>(enumerator(3)),
                 static_cast<cudnnDirectionMode_t>(enumerator(1)), CUDNN_LINEAR_INPUT, CUDNN_DATA_FLOAT,
                 CUDNN_DATA_FLOAT, static_cast<cudnnMathType_t>(enumerator(3)), positive(), hidden, hidden, positive(),
                 nullptr, static_cast<uint32_t>(enumerator(1))),
            picked.live);
    }
    check(__func__,
          CALL(cudnnSetRNNDescriptor_v8, descriptor, static_cast<cudnnRNNAlgo_t>(enumerator(3)),
               static_cast<cudnnRNNMode_t>(enumerator(3)), static_cast<cudnnRNNBiasMode_t>(enumerator(3)),
               static_cast<cudnnDirectionMode_t>(enumerator(1)), static_cast<cudnnRNNInputMode_t>(enumerator(1)),
               type(), type(), static_cast<cudnnMathType_t>(enumerator(3)), positive(), positive(), positive(),
               positive(), drop.as<cudnnDropoutDescriptor_t>(), static_cast<uint32_t>(enumerator(1))),
          picked.live);
    check(__func__, CALL(cudnnRNNSetClip_v9, descriptor, static_cast<cudnnRNNClipMode_t>(number()), real(), real()),
          picked.live);
    cudnnRNNAlgo_t algorithm;
    cudnnRNNMode_t cell;
    cudnnRNNBiasMode_t bias;
    cudnnDirectionMode_t direction;
    cudnnRNNInputMode_t input;
    cudnnDataType_t data_type, precision;
    cudnnMathType_t math;
    int sizes[4];
    cudnnDropoutDescriptor_t drop_now;
    uint32_t flags;
    check(__func__,
          CALL(cudnnGetRNNDescriptor_v8, descriptor, &algorithm, &cell, &bias, &direction, &input, &data_type,
               &precision, &math, &sizes[0], &sizes[1], &sizes[2], &sizes[3], &drop_now, &flags),
          picked.live);
    cudnnRNNClipMode_t clip;
    cudnnNanPropagation_t clip_nan;
    double left, right;
    check(__func__,
          CALL(cudnnRNNSetClip_v8, descriptor, static_cast<cudnnRNNClipMode_t>(enumerator(1)),
               static_cast<cudnnNanPropagation_t>(enumerator(1)), -1.0, real()),
          picked.live);
    check(__func__, CALL(cudnnRNNGetClip_v8, descriptor, &clip, &clip_nan, &left, &right), picked.live);
    if (check(__func__, CALL(cudnnRNNGetClip_v9, descriptor, &clip, &left, &right), picked.live)) {
      expect(__func__, left <= right, "a clip range that is none");
    }
  }

  void set_rnn_data() {
    const Picked picked = pick(rnn_data);
    const auto descriptor = picked.as<cudnnRNNDataDescriptor_t>();
    // The batch says how many lengths are read, so it is one for which the array was made.
    const int batch = chance(90) ? static_cast<int>(random_() % 6) : -1;
    const std::vector<int> lengths = numbers(length(batch));
    double fill = real();
    check(__func__,
          CALL(cudnnSetRNNDataDescriptor, descriptor, type(), static_cast<cudnnRNNDataLayout_t>(enumerator(2)),
               positive(), batch, positive(), lengths.data(), chance(30) ? nullptr : static_cast<void*>(&fill)),
          picked.live);
    const int count = requested();
    Output lengths_now(count);
    cudnnDataType_t data_type;
    cudnnRNNDataLayout_t layout;
    int sizes[3];
    const bool success = check(__func__,
                               CALL(cudnnGetRNNDataDescriptor, descriptor, &data_type, &layout, &sizes[0], &sizes[1],
                                    &sizes[2], count, lengths_now.data(), &fill),
                               picked.live);
    expect(__func__, lengths_now.untouched_from(success ? count : 0), "more was written than asked for");
  }

  void set_seq_data() {
    const Picked picked = pick(seq_data);
    const auto descriptor = picked.as<cudnnSeqDataDescriptor_t>();
    const std::vector<int> dims = numbers(4);
    cudnnSeqDataAxis_t axes[4];
    for (int i = 0; i < 4; ++i) axes[i] = static_cast<cudnnSeqDataAxis_t>(chance(93) ? i : number());
    if (chance(50)) std::swap(axes[0], axes[1]);
    const Int128 sequences = Int128{dims[1]} * dims[2];
    const bool right = sequences > 0 && sequences < 500;
    const std::vector<int> lengths(right ? static_cast<size_t>(sequences) : 1, chance(90) ? 1 : number());
    double fill = real();
    check(__func__,
          CALL(cudnnSetSeqDataDescriptor, descriptor, type(), chance(90) ? 4 : number(), dims.data(), axes,
               lengths.size(), lengths.data(), chance(30) ? nullptr : static_cast<void*>(&fill)),
          picked.live);
    Output dims_now(4), lengths_now(8);
    cudnnDataType_t data_type;
    int exists;
    size_t length_count;
    const bool success = check(__func__,
                               CALL(cudnnGetSeqDataDescriptor, descriptor, &data_type, &exists, 4, dims_now.data(),
                                    axes, &length_count, 8, lengths_now.data(), &fill),
                               picked.live);
    expect(__func__, dims_now.untouched_from(success ? 4 : 0) && lengths_now.untouched_from(success ? 8 : 0),
           "more was written than asked for");
  }

  void set_attention() {
    const Picked picked = pick(attention);
    const auto descriptor = picked.as<cudnnAttnDescriptor_t>();
    const int projection = positive();
    check(__func__,
          CALL(cudnnSetAttnDescriptor, descriptor, static_cast<unsigned>(enumerator(3)), positive(), real(), type(),
               type(), static_cast<cudnnMathType_t>(enumerator(3)), nullptr, nullptr, positive(), positive(),
               positive(), projection, chance(80) ? projection : number(), positive(), positive(), positive(),
               positive(), positive(), positive()),
          picked.live);
    unsigned mode;
    double scale;
    cudnnDataType_t data_type, precision;
    cudnnMathType_t math;
    cudnnDropoutDescriptor_t first, second;
    int v[12];
    check(__func__,
          CALL(cudnnGetAttnDescriptor, descriptor, &mode, &v[0], &scale, &data_type, &precision, &math, &first, &second,
               &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10], &v[11]),
          picked.live);
  }

  // ---- fused operations
  // -------------------------------------------------------------------------------------------------
  void fused_constants() {
    const Picked picked = pick(const_pack);
    const auto pack = picked.as<cudnnFusedOpsConstParamPack_t>();
    const int label = enumerator(38);
    static const std::map<int, Kind> kinds = {{CUDNN_PARAM_XDESC, tensor},
                                              {CUDNN_PARAM_BN_EQSCALEBIAS_DESC, tensor},
                                              {CUDNN_PARAM_YDESC, tensor},
                                              {CUDNN_PARAM_DYDESC, tensor},
                                              {CUDNN_PARAM_YSTATS_DESC, tensor},
                                              {CUDNN_PARAM_BN_SCALEBIAS_MEANVAR_DESC, tensor},
                                              {CUDNN_PARAM_ZDESC, tensor},
                                              {CUDNN_PARAM_BN_Z_EQSCALEBIAS_DESC, tensor},
                                              {CUDNN_PARAM_DXDESC, tensor},
                                              {CUDNN_PARAM_ACTIVATION_BITMASK_DESC, tensor},
                                              {CUDNN_PARAM_DZDESC, tensor},
                                              {CUDNN_PARAM_CONV_DESC, convolution},
                                              {CUDNN_PARAM_WDESC, filter},
                                              {CUDNN_PARAM_DWDESC, filter},
                                              {CUDNN_PARAM_ACTIVATION_DESC, activation}};
    const auto kind = kinds.find(label);
    int value = number(), is_null = canary;
    const Picked descriptor = kind != kinds.end() ? pick(kind->second) : Picked{&value, true};
    check(__func__,
          CALL(cudnnSetFusedOpsConstParamPackAttribute, pack, static_cast<cudnnFusedOpsConstParamLabel_t>(label),
               descriptor.handle),
          picked.live && (descriptor.live || descriptor.handle == nullptr));
    const Picked target = kind != kinds.end() ? pick(kind->second) : Picked{&value, true};
    check(__func__,
          CALL(cudnnGetFusedOpsConstParamPackAttribute, pack, static_cast<cudnnFusedOpsConstParamLabel_t>(label),
               target.handle, &is_null),
          picked.live);
    tensors_.erase(target.handle);
  }

  void fused_variants() {
    const Picked picked = pick(variant_pack);
    const auto pack = picked.as<cudnnFusedOpsVariantParamPack_t>();
    const int label = chance(70) ? enumerator(23) : 100 + static_cast<int>(random_() % 6);
    uint64_t value = random_();
    check(__func__,
          CALL(cudnnSetFusedOpsVariantParamPackAttribute, pack, static_cast<cudnnFusedOpsVariantParamLabel_t>(label),
               &value),
          picked.live);
    check(__func__,
          CALL(cudnnGetFusedOpsVariantParamPackAttribute, pack, static_cast<cudnnFusedOpsVariantParamLabel_t>(label),
               &value),
          picked.live);
  }

  // The CPU device has no plans; it says so, whatever it is given.
  void fused_plans() {
    const Picked plan = pick(fused_plan), pack = pick(const_pack), handle = pick(library);
    size_t bytes;
    check(__func__,
          CALL(cudnnMakeFusedOpsPlan, handle.as<cudnnHandle_t>(), plan.as<cudnnFusedOpsPlan_t>(),
               pack.as<cudnnFusedOpsConstParamPack_t>(), &bytes),
          plan.live && pack.live && handle.live);
  }

  // ---- the library
  // ------------------------------------------------------------------------------------------------------
  void set_stream() {
    const Picked picked = pick(library);
    const auto handle = picked.as<cudnnHandle_t>();
    // Only the default stream: others belong to the driver's functions.
    check(__func__, CALL(cudnnSetStream, handle, nullptr), picked.live);
    cudaStream_t stream = reinterpret_cast<cudaStream_t>(&stream);
    if (check(__func__, CALL(cudnnGetStream, handle, &stream), picked.live)) {
      expect(__func__, stream == nullptr, "another stream than was set");
    }
    cudnnStatus_t runtime;
    check(__func__,
          CALL(cudnnQueryRuntimeError, handle, &runtime, static_cast<cudnnErrQueryMode_t>(enumerator(2)), nullptr),
          picked.live);
  }

  void last_error() {
    check(__func__, CALL(cudnnSetTensor4dDescriptor, nullptr, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, 1, 1, 1), false);
    CALL(cudnnSetTensor4dDescriptor, nullptr, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, 1, 1, 1);
    char text[64];
    std::memset(text, 'x', sizeof text);
    const size_t size = random_() % 40;
    cudnnGetLastErrorString(text, size);
    for (size_t i = size; i < sizeof text; ++i)
      expect(__func__, text[i] == 'x', "more was written than the buffer holds");
    if (size > 0) expect(__func__, std::memchr(text, '\0', size) != nullptr, "a text without an end");
    cudnnGetLastErrorString(nullptr, size);
    cudnnGetErrorString(static_cast<cudnnStatus_t>(number()));
    int value;
    check(__func__, CALL(cudnnGetProperty, static_cast<libraryPropertyType>(enumerator(3)), &value), true);
  }

  void set_callback() {
    unsigned mask;
    void* data;
    cudnnCallback_t function;
    check(__func__, CALL(cudnnSetCallback, static_cast<unsigned>(number()), nullptr, nullptr), true);
    check(__func__, CALL(cudnnGetCallback, chance(80) ? &mask : nullptr, &data, &function), true);
    check(__func__, CALL(cudnnGraphVersionCheck), true);
    check(__func__, CALL(cudnnOpsVersionCheck), true);
    check(__func__, CALL(cudnnAdvVersionCheck), true);
    check(__func__, CALL(cudnnCnnVersionCheck), true);
    expect(__func__, cudnnGetVersion() > 0 && cudnnGetMaxDeviceVersion() > 0 && cudnnGetCudartVersion() > 0,
           "no version");
  }

  // Descriptors that no thread changes may be read by all.
  void read_shared() {
    if (shared_tensors_.empty()) return;
    const auto descriptor = static_cast<cudnnTensorDescriptor_t>(shared_tensors_[random_() % shared_tensors_.size()]);
    size_t size = 0;
    if (check(__func__, CALL(cudnnGetTensorSizeInBytes, descriptor, &size), true)) {
      expect(__func__, size == 2 * 3 * 4 * 5 * sizeof(float), "another size than was set");
    }
  }

  uint64_t seed_;
  std::mt19937_64 random_;
  const std::vector<void*>& shared_tensors_;
  std::vector<void*> live_[kind_count];
  std::vector<void*> destroyed_;
  // What the last successful setter of a tensor was given.
  std::map<void*, Shape> tensors_;
};

/// What these tests have to reach, each with success and in vain; the calculating functions are calculation_fuzz's.
constexpr const char* functions[] = {
    "cudnnAdvVersionCheck",
    "cudnnCnnVersionCheck",
    "cudnnCreate",
    "cudnnCreateActivationDescriptor",
    "cudnnCreateAttnDescriptor",
    "cudnnCreateCTCLossDescriptor",
    "cudnnCreateConvolutionDescriptor",
    "cudnnCreateDropoutDescriptor",
    "cudnnCreateFilterDescriptor",
    "cudnnCreateFusedOpsConstParamPack",
    "cudnnCreateFusedOpsPlan",
    "cudnnCreateFusedOpsVariantParamPack",
    "cudnnCreateLRNDescriptor",
    "cudnnCreateOpTensorDescriptor",
    "cudnnCreatePoolingDescriptor",
    "cudnnCreateRNNDataDescriptor",
    "cudnnCreateRNNDescriptor",
    "cudnnCreateReduceTensorDescriptor",
    "cudnnCreateSeqDataDescriptor",
    "cudnnCreateSpatialTransformerDescriptor",
    "cudnnCreateTensorDescriptor",
    "cudnnCreateTensorTransformDescriptor",
    "cudnnDeriveBNTensorDescriptor",
    "cudnnDeriveNormTensorDescriptor",
    "cudnnDestroy",
    "cudnnDestroyActivationDescriptor",
    "cudnnDestroyAttnDescriptor",
    "cudnnDestroyCTCLossDescriptor",
    "cudnnDestroyConvolutionDescriptor",
    "cudnnDestroyDropoutDescriptor",
    "cudnnDestroyFilterDescriptor",
    "cudnnDestroyFusedOpsConstParamPack",
    "cudnnDestroyFusedOpsPlan",
    "cudnnDestroyFusedOpsVariantParamPack",
    "cudnnDestroyLRNDescriptor",
    "cudnnDestroyOpTensorDescriptor",
    "cudnnDestroyPoolingDescriptor",
    "cudnnDestroyRNNDataDescriptor",
    "cudnnDestroyRNNDescriptor",
    "cudnnDestroyReduceTensorDescriptor",
    "cudnnDestroySeqDataDescriptor",
    "cudnnDestroySpatialTransformerDescriptor",
    "cudnnDestroyTensorDescriptor",
    "cudnnDestroyTensorTransformDescriptor",
    "cudnnDropoutGetReserveSpaceSize",
    "cudnnDropoutGetStatesSize",
    "cudnnGetActivationDescriptor",
    "cudnnGetActivationDescriptorSwishBeta",
    "cudnnGetAttnDescriptor",
    "cudnnGetBatchNormalizationTrainingExReserveSpaceSize",
    "cudnnGetCTCLossDescriptor",
    "cudnnGetCTCLossDescriptorEx",
    "cudnnGetCTCLossDescriptor_v8",
    "cudnnGetCTCLossDescriptor_v9",
    "cudnnGetCallback",
    "cudnnGetConvolution2dDescriptor",
    "cudnnGetConvolution2dForwardOutputDim",
    "cudnnGetConvolutionGroupCount",
    "cudnnGetConvolutionMathType",
    "cudnnGetConvolutionNdDescriptor",
    "cudnnGetConvolutionNdForwardOutputDim",
    "cudnnGetConvolutionReorderType",
    "cudnnGetDropoutDescriptor",
    "cudnnGetFilter4dDescriptor",
    "cudnnGetFilterNdDescriptor",
    "cudnnGetFilterSizeInBytes",
    "cudnnGetFusedOpsConstParamPackAttribute",
    "cudnnGetFusedOpsVariantParamPackAttribute",
    "cudnnGetLRNDescriptor",
    "cudnnGetOpTensorDescriptor",
    "cudnnGetPooling2dDescriptor",
    "cudnnGetPooling2dForwardOutputDim",
    "cudnnGetPoolingNdDescriptor",
    "cudnnGetPoolingNdForwardOutputDim",
    "cudnnGetProperty",
    "cudnnGetRNNDataDescriptor",
    "cudnnGetRNNDescriptor_v8",
    "cudnnGetReduceTensorDescriptor",
    "cudnnGetReductionIndicesSize",
    "cudnnGetReductionWorkspaceSize",
    "cudnnGetSeqDataDescriptor",
    "cudnnGetStream",
    "cudnnGetTensor4dDescriptor",
    "cudnnGetTensorNdDescriptor",
    "cudnnGetTensorSizeInBytes",
    "cudnnGetTensorTransformDescriptor",
    "cudnnGraphVersionCheck",
    "cudnnInitTransformDest",
    "cudnnOpsVersionCheck",
    "cudnnQueryRuntimeError",
    "cudnnRNNGetClip_v8",
    "cudnnRNNGetClip_v9",
    "cudnnRNNSetClip_v8",
    "cudnnRNNSetClip_v9",
    "cudnnSetActivationDescriptor",
    "cudnnSetActivationDescriptorSwishBeta",
    "cudnnSetAttnDescriptor",
    "cudnnSetCTCLossDescriptor",
    "cudnnSetCTCLossDescriptorEx",
    "cudnnSetCTCLossDescriptor_v8",
    "cudnnSetCTCLossDescriptor_v9",
    "cudnnSetCallback",
    "cudnnSetConvolution2dDescriptor",
    "cudnnSetConvolutionGroupCount",
    "cudnnSetConvolutionMathType",
    "cudnnSetConvolutionNdDescriptor",
    "cudnnSetConvolutionReorderType",
    "cudnnSetDropoutDescriptor",
    "cudnnSetFilter4dDescriptor",
    "cudnnSetFilterNdDescriptor",
    "cudnnSetFusedOpsConstParamPackAttribute",
    "cudnnSetFusedOpsVariantParamPackAttribute",
    "cudnnSetLRNDescriptor",
    "cudnnSetOpTensorDescriptor",
    "cudnnSetPooling2dDescriptor",
    "cudnnSetPoolingNdDescriptor",
    "cudnnSetRNNDataDescriptor",
    "cudnnSetRNNDescriptor_v8",
    "cudnnSetReduceTensorDescriptor",
    "cudnnSetSeqDataDescriptor",
    "cudnnSetSpatialTransformerNdDescriptor",
    "cudnnSetStream",
    "cudnnSetTensor4dDescriptor",
    "cudnnSetTensor4dDescriptorEx",
    "cudnnSetTensorNdDescriptor",
    "cudnnSetTensorNdDescriptorEx",
    "cudnnSetTensorTransformDescriptor",
};
constexpr const char* infallible[] = {"cudnnAdvVersionCheck", "cudnnCnnVersionCheck", "cudnnGraphVersionCheck",
                                      "cudnnOpsVersionCheck", "cudnnSetCallback"};

}  // namespace

int main(int count, char** values) {
  const long calls = argument(count, values, "--calls", 200000);
  const long threads = argument(count, values, "--threads", 4);
  const long seed = argument(count, values, "--seed", 1);
  std::printf("%ld threads, %ld steps each, seed %ld\n", threads, calls, seed);

  std::vector<void*> shared_tensors;
  for (int i = 0; i < 8; ++i) {
    cudnnTensorDescriptor_t descriptor = nullptr;
    if (CALL(cudnnCreateTensorDescriptor, &descriptor) != CUDNN_STATUS_SUCCESS ||
        CALL(cudnnSetTensor4dDescriptor, descriptor, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 2, 3, 4, 5) !=
            CUDNN_STATUS_SUCCESS) {
      std::fprintf(stderr, "no tensor descriptor could be made\n");
      return 1;
    }
    shared_tensors.push_back(descriptor);
  }
  std::vector<std::thread> workers;
  for (long i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] { Fuzzer(static_cast<uint64_t>(seed + i), shared_tensors).run(calls); });
  }
  for (std::thread& worker : workers) worker.join();
  for (void* descriptor : shared_tensors)
    CALL(cudnnDestroyTensorDescriptor, static_cast<cudnnTensorDescriptor_t>(descriptor));
  std::printf("%ld calls succeeded, %ld were refused: %s\n", succeeded.load(), refused.load(),
              failed ? "failed" : "nothing found");
  // Short runs do not reach everything.
  const bool complete = coverage::Table::instance().report(functions, infallible) || calls * threads < 20000;
  // A fuzzer that never gets past the handle checks would find nothing either.
  if (succeeded < calls * threads / 4) {
    std::fprintf(stderr, "too few calls succeeded for this to mean anything\n");
    return 1;
  }
  return failed || !complete ? 1 : 0;
}
