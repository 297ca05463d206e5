// The data types of tensors: rounding, reading and writing.
#pragma once
#include "tests/backend/model.h"

namespace model {

size_t size_of(cudnnDataType_t type);
bool is_integer(cudnnDataType_t type);
/// Distance of 1 to the next number; 0 for integers.
double precision(cudnnDataType_t type);
/// The nearest number of the type; integers are rounded to even and saturate.
double rounded(cudnnDataType_t type, double value);
/// The number as a tensor of the type holds it, with the error that comes from rounding something inexact.
Number stored(cudnnDataType_t type, Number number);

double read(cudnnDataType_t type, const void* memory, int64_t element);
/// `value` must be a number of the type.
void write(cudnnDataType_t type, void* memory, int64_t element, double value);

/// Places of a tensor's elements in memory, in row-major order of the dimensions.
std::vector<int64_t> places(const Tensor& tensor);

}  // namespace model
