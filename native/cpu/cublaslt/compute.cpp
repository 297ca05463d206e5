#include "cublaslt/compute.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "cublas/element.h"
#include "cublas/gemm.h"
#include "cublaslt/epilogue.h"
#include "engine/compute_scratch.h"

namespace cpu::cublaslt {
namespace {

using cublas::is_complex;
using cublas::Real;

template <class T>
constexpr Number own_number = sizeof(Real<T>) == sizeof(float) ? Number::F32 : Number::F64;
template <class T>
constexpr int parts = is_complex<T> ? 2 : 1;

// A factor of the product as BLAS takes it.
template <class T>
struct Operand {
  const T* data;
  int leading;
  cublasOperation_t operation;
};

// A row-major matrix is the transpose of a column-major one. What cannot be handed on as it is, is converted: another
// type, or a conjugate that is not transposed.
template <class T>
Operand<T> take_operand(compute::Scratch& scratch, const MatrixShape& shape, bool transposed, bool conjugated,
                        const void* matrix) {
  const bool turned = transposed != shape.row_major;
  const cublasOperation_t operation = !turned ? CUBLAS_OP_N : conjugated ? CUBLAS_OP_C : CUBLAS_OP_T;
  const bool conjugates_here = conjugated && !turned;
  if (shape.type.number == own_number<T> && !conjugates_here) {
    return {static_cast<const T*>(matrix), static_cast<int>(shape.leading), operation};
  }
  const int64_t length = shape.length();
  T* copy = scratch.take<T>(length * shape.lines());
  for (int64_t line = 0; line < shape.lines(); ++line) {
    const auto* source = static_cast<const char*>(matrix) + line * shape.leading * shape.type.bytes();
    load_numbers(shape.type.number, source, 1, length * parts<T>, reinterpret_cast<Real<T>*>(copy + line * length));
    if constexpr (is_complex<T>) {
      for (int64_t i = 0; i < length && conjugates_here; ++i)
        copy[line * length + i] = std::conj(copy[line * length + i]);
    }
  }
  return {copy, static_cast<int>(std::max<int64_t>(length, 1)), operation};
}

// result = alpha op(A) op(B) + beta result, its lines as D's; of a row-major result the transpose of both sides.
template <class T>
void multiply(const Problem& problem, T alpha, const void* a, const void* b, T beta, T* result, int64_t leading) {
  compute::Scratch scratch;
  const int inner = alpha == T{0} ? 0 : static_cast<int>(problem.k);
  Operand<T> first{nullptr, 1, CUBLAS_OP_N};
  Operand<T> second = first;
  if (inner != 0) {
    first = take_operand<T>(scratch, problem.a, problem.transposed_a != problem.d.row_major, problem.conjugated_a, a);
    second = take_operand<T>(scratch, problem.b, problem.transposed_b != problem.d.row_major, problem.conjugated_b, b);
    if (problem.d.row_major) std::swap(first, second);
  }
  const cublas::GemmShape shape{first.operation,
                                second.operation,
                                static_cast<int>(problem.d.length()),
                                static_cast<int>(problem.d.lines()),
                                inner,
                                inner == 0 ? static_cast<int>(problem.d.length()) : first.leading,
                                inner == 0 ? 1 : second.leading,
                                static_cast<int>(leading)};
  cublas::run_gemm<T>(shape, alpha, first.data, second.data, beta, result);
}

template <class T>
T one_number(const Factor& factor) {
  const std::complex<double> number = factor.number();
  if constexpr (is_complex<T>) {
    return static_cast<T>(number);
  } else {
    return static_cast<T>(number.real());
  }
}

// Whether every row has a factor of its own.
bool is_vector(const Factor& factor) { return factor.place == ScalarPlace::DeviceVector; }

bool scales(const MatmulDescriptor& say) {
  return say.scale_a != 0 || say.scale_b != 0 || say.scale_c != 0 || say.scale_d != 0 || say.greatest_d != 0;
}

// One multiplication into a D that holds what is computed with, and nothing but the product.
template <class T>
void run_plain(const Problem& problem, T alpha, T beta, const Addresses& addresses) {
  T* d = static_cast<T*>(addresses.d);
  if (beta != T{0} && addresses.c != addresses.d) {
    for (int64_t line = 0; line < problem.d.lines(); ++line) {
      int64_t stride;
      const T* source =
          static_cast<const T*>(problem.c.line_of(addresses.c, false, problem.d.row_major, line, &stride));
      T* target = d + line * problem.d.leading;
      for (int64_t i = 0; i < problem.d.length(); ++i) target[i] = source[i * stride];
    }
  }
  multiply<T>(problem, alpha, addresses.a, addresses.b, beta, d, problem.d.leading);
}

// A vector of factors as T; its first element where it is one number.
template <class T>
const T* take_vector(compute::Scratch& scratch, const Factor& factor, int64_t rows, int64_t offset) {
  T* result = scratch.take<T>(rows);
  load_numbers(factor.type.number, static_cast<const char*>(factor.address) + offset * factor.type.bytes(), 1, rows,
               result);
  return result;
}

float scale_at(uint64_t address) { return address == 0 ? 1.0f : *reinterpret_cast<const float*>(address); }

// Sums a matrix op(X) of `rows` rows along its columns.
template <class T>
void sum_rows(const MatrixShape& shape, bool transposed, const void* matrix, int64_t rows, double* sums) {
  compute::Scratch scratch;
  T* line = scratch.take<T>(shape.length());
  std::fill_n(sums, rows, 0.0);
  const bool turned = transposed != shape.row_major;
  for (int64_t index = 0; index < shape.lines(); ++index) {
    load_numbers(shape.type.number, static_cast<const char*>(matrix) + index * shape.leading * shape.type.bytes(), 1,
                 shape.length(), line);
    for (int64_t i = 0; i < shape.length(); ++i) sums[turned ? index : i] += line[i];
  }
}

template <class T>
void store_sums(compute::Scratch& scratch, const double* sums, int64_t count, MatrixType type, void* target) {
  T* rounded = scratch.take<T>(count);
  for (int64_t i = 0; i < count; ++i) rounded[i] = static_cast<T>(sums[i]);
  store_numbers(type.number, rounded, target, 1, count);
}

// One real multiplication with everything that can follow it. Returns the greatest size in D and in what is kept aside.
template <class T>
Extremes run_general(const Multiplication& call, const Addresses& addresses, int64_t index) {
  const Problem& problem = call.problem;
  const MatmulDescriptor& say = problem.descriptor;
  const Epilogue& epilogue = problem.epilogue;
  const int64_t length = problem.d.length();
  const int64_t lines = problem.d.lines();
  compute::Scratch scratch;
  T* product = scratch.take<T>(length * lines);
  const bool reads = is_vector(call.alpha) || one_number<T>(call.alpha) != T{0};
  multiply<T>(problem, reads ? T{1} : T{0}, addresses.a, addresses.b, T{0}, product, std::max<int64_t>(length, 1));

  // The factors of the rows of D, and those of its columns.
  T* row_factors = scratch.take<T>(problem.m);
  T* column_factors = scratch.take<T>(problem.n);
  const int64_t vector_offset = index * say.alpha_stride;
  if (is_vector(call.alpha)) {
    std::copy_n(take_vector<T>(scratch, call.alpha, problem.m, vector_offset), problem.m, row_factors);
  } else {
    std::fill_n(row_factors, problem.m, one_number<T>(call.alpha));
  }
  std::fill_n(column_factors, problem.n, T{1});
  const auto scale_lines = [](T* factors, int64_t count, uint64_t address, int mode) {
    const auto* values = reinterpret_cast<const float*>(address);
    for (int64_t i = 0; i < count && address != 0; ++i) {
      factors[i] *= static_cast<T>(values[mode == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F ? i : 0]);
    }
  };
  scale_lines(row_factors, problem.m, say.scale_a, say.scale_mode_a);
  scale_lines(column_factors, problem.n, say.scale_b, say.scale_mode_b);
  const T one_beta = is_vector(call.beta) || call.beta.place == ScalarPlace::Zero ? T{0} : one_number<T>(call.beta);
  const T* betas = is_vector(call.beta) ? take_vector<T>(scratch, call.beta, problem.m, vector_offset) : nullptr;
  const T* bias = nullptr;
  if (epilogue.bias) {
    T* values = scratch.take<T>(problem.m);
    load_numbers(problem.bias_type.number,
                 reinterpret_cast<const char*>(say.bias) + index * say.bias_stride * problem.bias_type.bytes(), 1,
                 problem.m, values);
    bias = values;
  }

  const LineWork<T> work{problem, index, static_cast<T>(scale_at(say.scale_d)),
                         static_cast<T>(scale_at(say.scale_auxiliary))};
  const T scale_c = static_cast<T>(scale_at(say.scale_c));
  double greatest = 0;
  double greatest_auxiliary = 0;
#pragma omp parallel for schedule(static) if (length * lines > 16384) reduction(max : greatest, greatest_auxiliary)
  for (int64_t line = 0; line < lines; ++line) {
    compute::Scratch own;
    T* values = product + line * length;
    const bool rows_vary = !problem.d.row_major;
    // The factor that all numbers of the line share, and the one that varies along it.
    const T line_factor = rows_vary ? column_factors[line] : row_factors[line];
    const T* factors = rows_vary ? row_factors : column_factors;
    for (int64_t i = 0; i < length; ++i) values[i] = reads ? values[i] * line_factor * factors[i] : T{0};
    if (betas != nullptr || one_beta != T{0}) {
      T* prior = own.take<T>(length);
      int64_t stride;
      const void* source = problem.c.line_of(addresses.c, false, problem.d.row_major, line, &stride);
      load_numbers(problem.c.type.number, source, stride, length, prior);
      for (int64_t i = 0; i < length; ++i) {
        const T beta = betas == nullptr ? one_beta : betas[rows_vary ? i : line];
        if (beta != T{0}) values[i] += beta * scale_c * prior[i];
      }
    }
    for (int64_t i = 0; i < length && bias != nullptr; ++i) values[i] += bias[rows_vary ? i : line];
    work.activate(own, line, values, &greatest_auxiliary);
    work.store(own, line, values, addresses.d, &greatest);
  }

  if (epilogue.bias_gradient || epilogue.sums_a || epilogue.sums_b) {
    const int64_t count = epilogue.sums_b ? problem.n : problem.m;
    double* sums = scratch.take<double>(count);
    if (epilogue.sums_a) {
      sum_rows<T>(problem.a, problem.transposed_a, addresses.a, count, sums);
    } else if (epilogue.sums_b) {
      sum_rows<T>(problem.b, !problem.transposed_b, addresses.b, count, sums);
    } else {
      std::fill_n(sums, count, 0.0);
      for (int64_t line = 0; line < lines; ++line) {
        for (int64_t i = 0; i < length; ++i) sums[problem.d.row_major ? line : i] += product[line * length + i];
      }
    }
    store_sums<T>(scratch, sums, count, problem.bias_type,
                  reinterpret_cast<char*>(say.bias) + index * say.bias_stride * problem.bias_type.bytes());
  }
  return {greatest, greatest_auxiliary};
}

// What the operation touches besides its matrices.
std::vector<Extent> other_extents(const Multiplication& call) {
  const Problem& problem = call.problem;
  const MatmulDescriptor& say = problem.descriptor;
  const int64_t batch = problem.d.batch_count;
  const auto scale = [&](const char* name, uint64_t address, int64_t count) {
    return Extent{name, reinterpret_cast<const void*>(address),
                  address == 0 ? 0 : count * static_cast<int64_t>(sizeof(float))};
  };
  const auto vector = [](int mode, int64_t count) {
    return mode == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F ? count : 1;
  };
  std::vector<Extent> extents = {call.alpha.extent("alpha", problem.m, say.alpha_stride, batch),
                                 call.beta.extent("beta", problem.m, say.alpha_stride, batch),
                                 scale("A_SCALE_POINTER", say.scale_a, vector(say.scale_mode_a, problem.m)),
                                 scale("B_SCALE_POINTER", say.scale_b, vector(say.scale_mode_b, problem.n)),
                                 scale("C_SCALE_POINTER", say.scale_c, 1),
                                 scale("D_SCALE_POINTER", say.scale_d, 1),
                                 scale("AMAX_D_POINTER", say.greatest_d, 1),
                                 scale("EPILOGUE_AUX_SCALE_POINTER", say.scale_auxiliary, 1),
                                 scale("EPILOGUE_AUX_AMAX_POINTER", say.greatest_auxiliary, 1)};
  if (problem.epilogue.needs_bias()) {
    const int64_t count = problem.epilogue.sums_b ? problem.n : problem.m;
    extents.push_back({"BIAS_POINTER", reinterpret_cast<const void*>(say.bias),
                       saturated_bytes(static_cast<__int128>(say.bias_stride) * (batch - 1) + count,
                                       static_cast<size_t>(problem.bias_type.bytes()))});
  }
  if (problem.epilogue.needs_auxiliary()) extents.push_back(auxiliary_extent(problem));
  return extents;
}

template <class T>
void run_batch(const Multiplication& call) {
  const Problem& problem = call.problem;
  const MatmulDescriptor& say = problem.descriptor;
  const bool plain =
      is_complex<T> || (problem.epilogue.plain() && !is_vector(call.alpha) && !is_vector(call.beta) &&
                        problem.d.type.number == own_number<T> && problem.c.type == problem.d.type && !scales(say));
  // Read now: what lies on the device was written by operations before this one.
  const bool reads_product = problem.k != 0 && (is_vector(call.alpha) || one_number<T>(call.alpha) != T{0});
  const bool reads_operands = reads_product || problem.epilogue.sums_a || problem.epilogue.sums_b;
  const bool reads_c =
      call.beta.place != ScalarPlace::Zero && (is_vector(call.beta) || one_number<T>(call.beta) != T{0});
  const Extent whole[] = {problem.d.batch_extent("D", call.addresses.d),
                          reads_operands ? problem.a.batch_extent("A", call.addresses.a) : Extent{"A", nullptr, 0},
                          reads_operands ? problem.b.batch_extent("B", call.addresses.b) : Extent{"B", nullptr, 0},
                          reads_c ? problem.c.batch_extent("C", call.addresses.c) : Extent{"C", nullptr, 0}};
  if (!accessible(call.function, whole)) return;
  Extremes extremes;
  for (int64_t index = 0; index < problem.d.batch_count; ++index) {
    const Addresses one{reads_operands ? problem.a.at(call.addresses.a, index) : nullptr,
                        reads_operands ? problem.b.at(call.addresses.b, index) : nullptr,
                        reads_c ? problem.c.at(call.addresses.c, index) : nullptr,
                        const_cast<void*>(problem.d.at(call.addresses.d, index))};
    const Extent touched[] = {problem.d.extent("a matrix of D", one.d),
                              reads_operands ? problem.a.extent("a matrix of A", one.a) : Extent{"A", nullptr, 0},
                              reads_operands ? problem.b.extent("a matrix of B", one.b) : Extent{"B", nullptr, 0},
                              reads_c ? problem.c.extent("a matrix of C", one.c) : Extent{"C", nullptr, 0}};
    if (!accessible(call.function, touched)) return;
    if (plain) {
      run_plain<T>(problem, reads_product ? one_number<T>(call.alpha) : T{0}, reads_c ? one_number<T>(call.beta) : T{0},
                   one);
    } else if constexpr (!is_complex<T>) {
      const Extremes own = run_general<T>(call, one, index);
      extremes.result = std::max(extremes.result, own.result);
      extremes.auxiliary = std::max(extremes.auxiliary, own.auxiliary);
    }
  }
  if (say.greatest_d != 0) *reinterpret_cast<float*>(say.greatest_d) = static_cast<float>(extremes.result);
  if (say.greatest_auxiliary != 0) {
    *reinterpret_cast<float*>(say.greatest_auxiliary) = static_cast<float>(extremes.auxiliary);
  }
}

}  // namespace

void Multiplication::run() const {
  if (!accessible(function, other_extents(*this))) return;
  if (problem.d.type.complex) {
    problem.wide ? run_batch<std::complex<double>>(*this) : run_batch<std::complex<float>>(*this);
  } else {
    problem.wide ? run_batch<double>(*this) : run_batch<float>(*this);
  }
}

}  // namespace cpu::cublaslt
