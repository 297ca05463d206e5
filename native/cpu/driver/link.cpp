// The linker. The CPU device runs modules that it finds by their PTX text, so "linking" takes one such text and gives
// it back as the image to load; anything else is refused with the reason in the logs.
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>

#include "driver/entry.h"
#include "driver/module.h"

namespace cpu {
namespace {

// CUlinkState.
struct LinkState {
  static constexpr HandleTag tag = HandleTag::LinkState;

  std::mutex mutex;
  driver::JitLogs logs;
  // The one input, ended by a zero byte.
  std::string image;
  bool complete = false;
};

}  // namespace
}  // namespace cpu

using namespace cpu;
using namespace cpu::driver;

namespace {

constexpr const char* kFound = "found among the modules that are compiled for this processor";

LinkState* find_state(CUlinkState handle) { return lookup<LinkState>(handle); }

CUresult add(LinkState& state, CUjitInputType type, std::string image) {
  if (type < CU_JIT_INPUT_CUBIN || type >= CU_JIT_NUM_INPUT_TYPES) {
    return fail(CUDA_ERROR_INVALID_VALUE, "there is no input type " + std::to_string(static_cast<int>(type)));
  }
  if (type != CU_JIT_INPUT_PTX) {
    return fail(CUDA_ERROR_NO_BINARY_FOR_GPU,
                "the input is no PTX text; the CPU device runs only CudnnNet's own modules, which it finds by that");
  }
  if (state.complete) return fail(CUDA_ERROR_INVALID_VALUE, "the linking is complete and takes no more inputs");
  if (!state.image.empty()) {
    return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device does not link several inputs to one module");
  }
  const KernelModule* kernels = nullptr;
  const CUresult status = find_kernels(image.c_str(), &kernels);
  if (status == CUDA_SUCCESS) state.image = std::move(image);
  return status;
}

// An addition, with the logs of the call's own options or those that the linking began with.
template <class Read>
CUresult add_input(const char* function, CUlinkState handle, CUjitInputType type, unsigned count, CUjit_option* options,
                   void** values, const Read& read) {
  return initialized(function, [&] {
    LinkState* state = find_state(handle);
    if (state == nullptr) return bad_handle("link state", handle);
    JitLogs own;
    CUresult status = own.read(count, options, values);
    if (status != CUDA_SUCCESS) return status;
    std::lock_guard lock(state->mutex);
    std::string image;
    status = read(&image);
    if (status == CUDA_SUCCESS) status = add(*state, type, std::move(image));
    (count != 0 ? own : state->logs).write(status, kFound);
    return status;
  });
}

}  // namespace

CUresult cuLinkCreate_v2(unsigned int numOptions, CUjit_option* options, void** optionValues, CUlinkState* stateOut) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (stateOut == nullptr) return null_argument("stateOut");
    auto state = std::make_unique<LinkState>();
    const CUresult status = state->logs.read(numOptions, options, optionValues);
    if (status == CUDA_SUCCESS) *stateOut = static_cast<CUlinkState>(make_handle(std::move(state)));
    return status;
  });
}

CUresult cuLinkCreate(unsigned int numOptions, CUjit_option* options, void** optionValues, CUlinkState* stateOut) {
  return cuLinkCreate_v2(numOptions, options, optionValues, stateOut);
}

CUresult cuLinkAddData_v2(CUlinkState state, CUjitInputType type, void* data, size_t size, const char*,
                          unsigned int numOptions, CUjit_option* options, void** optionValues) {
  CPU_COUNT_CALL();
  return add_input(__func__, state, type, numOptions, options, optionValues, [&](std::string* image) {
    if (data == nullptr || size == 0) return null_argument("data or its size");
    image->assign(static_cast<const char*>(data), size);
    // The size of a text may count its zero byte.
    while (!image->empty() && image->back() == '\0') image->pop_back();
    return CUDA_SUCCESS;
  });
}

CUresult cuLinkAddData(CUlinkState state, CUjitInputType type, void* data, size_t size, const char* name,
                       unsigned int numOptions, CUjit_option* options, void** optionValues) {
  return cuLinkAddData_v2(state, type, data, size, name, numOptions, options, optionValues);
}

CUresult cuLinkAddFile_v2(CUlinkState state, CUjitInputType type, const char* path, unsigned int numOptions,
                          CUjit_option* options, void** optionValues) {
  CPU_COUNT_CALL();
  return add_input(__func__, state, type, numOptions, options, optionValues, [&](std::string* image) {
    if (path == nullptr) return null_argument("path");
    std::ifstream file(path, std::ios::binary);
    image->assign(std::istreambuf_iterator<char>(file), {});
    if (file && !image->empty()) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_FILE_NOT_FOUND, "the file '" + std::string(path) + "' is empty or cannot be read");
  });
}

CUresult cuLinkAddFile(CUlinkState state, CUjitInputType type, const char* path, unsigned int numOptions,
                       CUjit_option* options, void** optionValues) {
  return cuLinkAddFile_v2(state, type, path, numOptions, options, optionValues);
}

// The image belongs to the state and ends with it.
CUresult cuLinkComplete(CUlinkState state, void** cubinOut, size_t* sizeOut) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    LinkState* object = find_state(state);
    if (object == nullptr) return bad_handle("link state", state);
    if (cubinOut == nullptr) return null_argument("cubinOut");
    std::lock_guard lock(object->mutex);
    if (object->image.empty()) {
      const CUresult status = fail(CUDA_ERROR_INVALID_VALUE, "nothing was added that could be linked");
      object->logs.write(status, "");
      return status;
    }
    object->complete = true;
    *cubinOut = object->image.data();
    if (sizeOut != nullptr) *sizeOut = object->image.size() + 1;
    return CUDA_SUCCESS;
  });
}

CUresult cuLinkDestroy(CUlinkState state) {
  CPU_COUNT_CALL();
  return initialized(__func__,
                     [&] { return release<LinkState>(state) ? CUDA_SUCCESS : bad_handle("link state", state); });
}
