// Conversions for devices without double precision, of which there are none left: nothing is to be done.
#include "runtime.h"

#if CUDART_MAJOR == 12
cudaError_t cudaSetDoubleForDevice(double* d) {
  return cudart::finish(d == nullptr ? cudaErrorInvalidValue : cudaSuccess);
}

cudaError_t cudaSetDoubleForHost(double* d) {
  return cudart::finish(d == nullptr ? cudaErrorInvalidValue : cudaSuccess);
}
#endif
