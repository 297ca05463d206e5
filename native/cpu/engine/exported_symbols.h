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

// What cuGetProcAddress answers for a C name from a CUDA version on (12080 is 12.8).
struct EntryPoint {
  const char* name;
  bool per_thread;
  int version;
  const void* symbol;
};

// Sorted by name, plain before per-thread, then by version.
extern const EntryPoint k_driver_entry_points[];
extern const int k_driver_entry_point_count;

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
