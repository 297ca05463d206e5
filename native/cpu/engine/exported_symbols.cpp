#include "engine/exported_symbols.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace cpu {
namespace {

const ExportedSymbol* find(std::span<const ExportedSymbol> table, const char* name) {
  auto at = std::lower_bound(table.begin(), table.end(), name, [](const ExportedSymbol& entry, const char* key) {
    return std::strcmp(entry.name, key) < 0;
  });
  return at != table.end() && std::strcmp(at->name, name) == 0 ? &*at : nullptr;
}

}  // namespace
}  // namespace cpu

// 1: implemented; 0: exported, but answers NOT_SUPPORTED; -1: no such symbol in the ABI.
extern "C" __attribute__((visibility("default"))) int cudnnnetCpuIsImplemented(const char* symbol) {
  if (symbol == nullptr) return -1;
  const std::span<const cpu::ExportedSymbol> tables[] = {
      {cpu::k_driver_symbols, static_cast<std::size_t>(cpu::k_driver_symbol_count)},
      {cpu::k_cublas_symbols, static_cast<std::size_t>(cpu::k_cublas_symbol_count)},
      {cpu::k_cublaslt_symbols, static_cast<std::size_t>(cpu::k_cublaslt_symbol_count)},
      {cpu::k_cudnn_symbols, static_cast<std::size_t>(cpu::k_cudnn_symbol_count)},
      {cpu::k_nccl_symbols, static_cast<std::size_t>(cpu::k_nccl_symbol_count)},
  };
  for (const auto& table : tables) {
    if (const cpu::ExportedSymbol* found = cpu::find(table, symbol)) return found->symbol != found->stub ? 1 : 0;
  }
  return -1;
}
