// Which of the exported symbols somebody has implemented.
#pragma once

namespace cpu {

// One symbol of the ABI: the address programs get, and the address of the stub behind it. They are equal until a strong
// definition takes the symbol over.
struct ExportedSymbol {
  const char* name;
  const void* symbol;
  const void* stub;
};

// The tables of generated/exports_*.cpp, each sorted by name.
extern const ExportedSymbol k_driver_symbols[];
extern const int k_driver_symbol_count;
extern const ExportedSymbol k_cublas_symbols[];
extern const int k_cublas_symbol_count;
extern const ExportedSymbol k_cublaslt_symbols[];
extern const int k_cublaslt_symbol_count;
extern const ExportedSymbol k_cudnn_symbols[];
extern const int k_cudnn_symbol_count;
extern const ExportedSymbol k_nccl_symbols[];
extern const int k_nccl_symbol_count;

}  // namespace cpu
