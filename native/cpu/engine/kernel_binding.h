// Turns a kernel's C++ function into a Kernel: its parameter table and a runner for whole launches, both from its type.
#pragma once

#include <omp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/fault_guard.h"
#include "engine/kernels.h"

namespace cpu::binding {

template <auto Body>
struct Bound;

template <class Block, class... Arguments, void (*Body)(Block, Arguments...)>
struct Bound<Body> {
  static constexpr std::array<ParameterInfo, sizeof...(Arguments)> make_parameters() {
    std::array<ParameterInfo, sizeof...(Arguments)> parameters{};
    size_t offset = 0;
    size_t i = 0;
    auto add = [&](size_t size, size_t alignment) {
      offset = (offset + alignment - 1) / alignment * alignment;
      parameters[i++] = {size, offset};
      offset += size;
    };
    (add(sizeof(Arguments), alignof(Arguments)), ...);
    return parameters;
  }
  static constexpr auto parameters = make_parameters();

  // A thread that meets no memory leaves its blocks where they stand, as a GPU would.
  template <size_t... I>
  static uintptr_t run_blocks(const LaunchShape& shape, void* const* arguments, std::index_sequence<I...>) {
    const int64_t blocks = shape.grid[0];
    const uint32_t size = shape.block[0];
    // Below a few thousand threads waking the pool costs more than the work.
    [[maybe_unused]] const bool parallel = blocks > 1 && blocks * size >= 8192;
    uintptr_t fault = kNoFault;
#pragma omp parallel if (parallel) reduction(min : fault)
    {
      const int64_t threads = omp_get_num_threads();
      const int64_t thread = omp_get_thread_num();
      const int64_t begin = blocks * thread / threads;
      const int64_t end = blocks * (thread + 1) / threads;
      fault = run_guarded([&] {
        for (int64_t block = begin; block < end; ++block) {
          Body(Block{static_cast<uint32_t>(block), size}, *static_cast<const Arguments*>(arguments[I])...);
        }
      });
    }
    return fault;
  }

  static uintptr_t run(const LaunchShape& shape, void* const* arguments) {
    return run_blocks(shape, arguments, std::index_sequence_for<Arguments...>{});
  }

  static constexpr Kernel kernel(std::string_view name) { return {name, parameters.size(), parameters.data(), &run}; }
};

}  // namespace cpu::binding
