// The random calls of driver_fuzz: modules, libraries, links and launches.
#include <cstdint>
#include <string>

#include "tests/driver_fuzz.h"

void DriverFuzzer::launch() {
  // Addresses that are not the thread's own memory are such that are surely nobody's.
  CUdeviceptr state = own_word_;
  if (chance(4)) state = chance(50) ? 0 : CUdeviceptr{1} << 46;
  CUdeviceptr target = state == own_word_ ? own_word_ + 32 : state;
  void* arguments[] = {&target};
  const CUfunction function = chance(95) ? function_ : wrong<CUfunction>();
  // Valid grids are small: billions of blocks would run, and take their time.
  const unsigned grid = chance(95) ? 1 : chance(50) ? number(64) : UINT32_MAX - number(4);
  call(cuLaunchKernel(function, grid, 1, 1, chance(95) ? 1 : any(), 1, 1, chance(95) ? 0 : any(), stream(),
                      chance(97) ? arguments : nullptr, nullptr));
}

void DriverFuzzer::old_launch() {
  call(cuFuncSetBlockShape(function_, chance(90) ? 1 : static_cast<int>(any()), 1, 1));
  call(cuParamSetSize(function_, chance(90) ? 8 : any()));
  CUdeviceptr target = own_word_ + 32;
  call(cuParamSetv(function_, chance(90) ? 0 : static_cast<int>(any()), &target, 8));
  call(cuParamSetv(function_, 0, &target, 8));
  call(cuLaunchGridAsync(function_, 1, 1, stream()));
}

void DriverFuzzer::module_use() {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  const CUmodule other = shared.modules[number(SharedObjects::count)].load();
  int value = 0;
  switch (number(4)) {
    case 0:
      if (in_shared_context_ && call(cuModuleLoadData(&module, ptx_.c_str())) == CUDA_SUCCESS) {
        share(shared.modules, module, cuModuleUnload);
      }
      break;
    case 1:
      if (call(cuModuleGetFunction(&function, other, chance(90) ? "advance_step" : "nothing")) == CUDA_SUCCESS) {
        call(cuFuncGetAttribute(&value, static_cast<CUfunction_attribute>(number(20)), function));
        CUdeviceptr target = own_word_ + 32;
        void* arguments[] = {&target};
        call(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream(), arguments, nullptr));
      }
      break;
    case 2:
      call(cuModuleLoadData(&module, chance(50) ? "no module" : ""));
      break;
    default:
      call(cuModuleUnload(wrong<CUmodule>()));
  }
}

void DriverFuzzer::library_use() {
  CUlibrary library = nullptr;
  CUkernel kernel = nullptr;
  CUfunction function = nullptr;
  if (libraries_.size() < 4 && chance(40)) {
    keep(call(cuLibraryLoadData(&library, ptx_.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0)), libraries_,
         library);
  } else if (chance(70)) {
    if (call(cuLibraryGetKernel(&kernel, pick(libraries_), "advance_step")) == CUDA_SUCCESS) {
      call(cuKernelGetFunction(&function, kernel));
    }
  } else {
    destroy_one(libraries_, cuLibraryUnload);
  }
}

void DriverFuzzer::link() {
  CUlinkState state = nullptr;
  void* image = nullptr;
  size_t bytes = 0;
  if (call(cuLinkCreate_v2(0, nullptr, nullptr, &state)) != CUDA_SUCCESS) return;
  // A size is never more than the text has, as the driver has to believe it.
  const std::string& text = chance(60) ? ptx_ : nonsense_;
  call(cuLinkAddData_v2(state, static_cast<CUjitInputType>(chance(80) ? 1 : number(8)), const_cast<char*>(text.c_str()),
                        chance(80) ? text.size() + 1 : number(7), nullptr, 0, nullptr, nullptr));
  call(cuLinkComplete(state, &image, &bytes));
  links_.push_back(state);
  if (chance(70)) destroy_one(links_, cuLinkDestroy);
}

void DriverFuzzer::drop_modules(bool all) {
  drop(libraries_, all, cuLibraryUnload);
  drop(links_, all, cuLinkDestroy);
  if (all && module_ != nullptr) call(cuModuleUnload(module_));
}
