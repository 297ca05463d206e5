// Which of the exported symbols somebody has implemented.
#pragma once

namespace cudart {

// One symbol: the address programs get, and the address of the stub behind it. They are equal until a strong definition
// takes the symbol over.
struct ExportedSymbol {
  const char* name;
  const void* symbol;
  const void* stub;
};

// The table of generated/exports_*.cpp, sorted by name.
extern const ExportedSymbol k_cudart_symbols[];
extern const int k_cudart_symbol_count;

}  // namespace cudart
