// Turns a kernel's C++ function into a Kernel: its parameter table and a runner for whole launches, both from its type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

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

  template <size_t... I>
  static void run_blocks(const LaunchShape& shape, void* const* arguments, std::index_sequence<I...>) {
    const int64_t blocks = shape.grid[0];
    const uint32_t size = shape.block[0];
    // Below a few thousand threads waking the pool costs more than the work.
    [[maybe_unused]] const bool parallel = blocks > 1 && blocks * size >= 8192;
#pragma omp parallel for schedule(static) if (parallel)
    for (int64_t block = 0; block < blocks; ++block) {
      Body(Block{static_cast<uint32_t>(block), size}, *static_cast<const Arguments*>(arguments[I])...);
    }
  }

  static void run(const LaunchShape& shape, void* const* arguments) {
    run_blocks(shape, arguments, std::index_sequence_for<Arguments...>{});
  }

  static constexpr Kernel kernel(std::string_view name) { return {name, parameters.size(), parameters.data(), &run}; }
};

}  // namespace cpu::binding
