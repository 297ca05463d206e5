"""A program for cuDNN, cuBLAS and the driver through ctypes: a convolution and a matrix product checked against plain
loops, and two streams ordered by an event. It loads the libraries by their real names and needs nothing but Python."""

import ctypes
import sys
import threading
from ctypes import byref, c_float, c_int, c_size_t, c_void_p

cuda = ctypes.CDLL("libcuda.so.1")
cudnn = ctypes.CDLL("libcudnn.so.9")
cublas = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libcublas.so.13")

NOT_READY = 600
NON_BLOCKING = 1
HOST_FUNCTION = ctypes.CFUNCTYPE(None, c_void_p)


def ok(status, what):
    if status != 0:
        raise SystemExit(f"{what} returned {status}")


def numbers(count, seed):
    result = []
    for _ in range(count):
        seed = (seed * 1664525 + 1013904223) % 2**32
        result.append((seed >> 8) / 8388608.0 - 1.0)
    return list((c_float * count)(*result))


def to_device(values):
    host = (c_float * len(values))(*values)
    address = c_void_p()
    ok(cuda.cuMemAlloc_v2(byref(address), c_size_t(ctypes.sizeof(host))), "cuMemAlloc")
    ok(cuda.cuMemcpyHtoD_v2(address, host, c_size_t(ctypes.sizeof(host))), "cuMemcpyHtoD")
    return address


def from_device(address, count):
    host = (c_float * count)()
    ok(cuda.cuMemcpyDtoH_v2(host, address, c_size_t(ctypes.sizeof(host))), "cuMemcpyDtoH")
    return list(host)


def require_close(got, wanted, what):
    worst = max(abs(a - b) for a, b in zip(got, wanted, strict=True))
    largest = max(abs(b) for b in wanted)
    print(f"{what}: largest error {worst:.3g} of {largest:.3g}")
    if worst > 1e-5 * largest:
        raise SystemExit(f"{what} is wrong")


def convolution():
    n, c, h, w, k, r, s, pad, stride = 1, 2, 6, 7, 3, 3, 3, 1, 1
    handle, x_descriptor, y_descriptor, filter_descriptor, operation = (c_void_p() for _ in range(5))
    ok(cudnn.cudnnCreate(byref(handle)), "cudnnCreate")
    ok(cudnn.cudnnCreateTensorDescriptor(byref(x_descriptor)), "cudnnCreateTensorDescriptor")
    ok(cudnn.cudnnCreateTensorDescriptor(byref(y_descriptor)), "cudnnCreateTensorDescriptor")
    ok(cudnn.cudnnCreateFilterDescriptor(byref(filter_descriptor)), "cudnnCreateFilterDescriptor")
    ok(cudnn.cudnnCreateConvolutionDescriptor(byref(operation)), "cudnnCreateConvolutionDescriptor")
    ok(cudnn.cudnnSetTensor4dDescriptor(x_descriptor, 0, 0, n, c, h, w), "cudnnSetTensor4dDescriptor")
    ok(cudnn.cudnnSetTensor4dDescriptor(y_descriptor, 0, 0, n, k, h, w), "cudnnSetTensor4dDescriptor")
    ok(cudnn.cudnnSetFilter4dDescriptor(filter_descriptor, 0, 0, k, c, r, s), "cudnnSetFilter4dDescriptor")
    # Cross-correlation in float.
    ok(cudnn.cudnnSetConvolution2dDescriptor(operation, pad, pad, stride, stride, 1, 1, 1, 0), "cudnnSetConvolution")
    algorithm = 0  # implicit GEMM, which needs no workspace
    size = c_size_t(1)
    ok(
        cudnn.cudnnGetConvolutionForwardWorkspaceSize(
            handle, x_descriptor, filter_descriptor, operation, y_descriptor, algorithm, byref(size)
        ),
        "cudnnGetConvolutionForwardWorkspaceSize",
    )
    x, weights = numbers(n * c * h * w, 1), numbers(k * c * r * s, 2)
    workspace = to_device([0.0] * (size.value // 4 + 1))
    device_x, device_w, device_y = to_device(x), to_device(weights), to_device([float("nan")] * (n * k * h * w))
    one, zero = c_float(1), c_float(0)
    ok(
        cudnn.cudnnConvolutionForward(
            handle, byref(one), x_descriptor, device_x, filter_descriptor, device_w, operation, algorithm, workspace,
            size, byref(zero), y_descriptor, device_y,
        ),
        "cudnnConvolutionForward",
    )
    wanted = []
    for ik in range(k):
        for p in range(h):
            for q in range(w):
                total = 0.0
                for ic in range(c):
                    for ir in range(r):
                        for js in range(s):
                            row, column = p - pad + ir, q - pad + js
                            if 0 <= row < h and 0 <= column < w:
                                total += x[(ic * h + row) * w + column] * weights[((ik * c + ic) * r + ir) * s + js]
                wanted.append(total)
    require_close(from_device(device_y, len(wanted)), wanted, "convolution")
    ok(cudnn.cudnnDestroyConvolutionDescriptor(operation), "cudnnDestroyConvolutionDescriptor")
    ok(cudnn.cudnnDestroy(handle), "cudnnDestroy")
    for descriptor in (x_descriptor, y_descriptor):
        ok(cudnn.cudnnDestroyTensorDescriptor(descriptor), "cudnnDestroyTensorDescriptor")
    ok(cudnn.cudnnDestroyFilterDescriptor(filter_descriptor), "cudnnDestroyFilterDescriptor")
    for address in (device_x, device_w, device_y, workspace):
        ok(cuda.cuMemFree_v2(address), "cuMemFree")


def matrix_product():
    m, n, k = 9, 7, 13
    a, b, c = numbers(m * k, 3), numbers(k * n, 4), numbers(m * n, 5)
    device_a, device_b, device_c = to_device(a), to_device(b), to_device(c)
    handle = c_void_p()
    ok(cublas.cublasCreate_v2(byref(handle)), "cublasCreate")
    alpha, beta = c_float(0.5), c_float(-2)
    ok(
        cublas.cublasSgemm_v2(
            handle, 0, 1, m, n, k, byref(alpha), device_a, m, device_b, n, byref(beta), device_c, m
        ),
        "cublasSgemm",
    )
    wanted = [
        0.5 * sum(a[i * m + row] * b[i * n + column] for i in range(k)) - 2 * c[column * m + row]
        for column in range(n)
        for row in range(m)
    ]
    require_close(from_device(device_c, m * n), wanted, "matrix product")
    ok(cublas.cublasDestroy_v2(handle), "cublasDestroy")


def two_streams():
    count = 50000
    x = numbers(count, 6)
    device_x = to_device(x)
    result = ctypes.POINTER(c_float)()
    ok(cuda.cuMemAllocHost_v2(byref(result), c_size_t(4 * count)), "cuMemAllocHost")
    first, second, event, handle = (c_void_p() for _ in range(4))
    ok(cuda.cuStreamCreate(byref(first), NON_BLOCKING), "cuStreamCreate")
    ok(cuda.cuStreamCreate(byref(second), NON_BLOCKING), "cuStreamCreate")
    ok(cuda.cuEventCreate(byref(event), 2), "cuEventCreate")
    ok(cublas.cublasCreate_v2(byref(handle)), "cublasCreate")
    ok(cublas.cublasSetStream_v2(handle, first), "cublasSetStream")
    gate = threading.Event()
    wait = HOST_FUNCTION(lambda _: gate.wait(60))
    ok(cuda.cuLaunchHostFunc(first, wait, None), "cuLaunchHostFunc")
    two = c_float(2)
    ok(cublas.cublasSscal_v2(handle, count, byref(two), device_x, 1), "cublasSscal")
    ok(cuda.cuEventRecord(event, first), "cuEventRecord")
    ok(cuda.cuStreamWaitEvent(second, event, 0), "cuStreamWaitEvent")
    ok(cuda.cuMemcpyDtoHAsync_v2(result, device_x, c_size_t(4 * count), second), "cuMemcpyDtoHAsync")
    if cuda.cuStreamQuery(second) != NOT_READY:
        raise SystemExit("the second stream did not wait for the event")
    gate.set()
    ok(cuda.cuStreamSynchronize(second), "cuStreamSynchronize")
    if any(result[i] != 2 * x[i] for i in range(count)):
        raise SystemExit("the second stream copied before the first had doubled")
    print("two streams: in order")
    ok(cuda.cuStreamDestroy_v2(first), "cuStreamDestroy")
    ok(cuda.cuStreamDestroy_v2(second), "cuStreamDestroy")
    ok(cuda.cuEventDestroy_v2(event), "cuEventDestroy")
    ok(cublas.cublasDestroy_v2(handle), "cublasDestroy")
    ok(cuda.cuMemFreeHost(result), "cuMemFreeHost")


def main():
    ok(cuda.cuInit(0), "cuInit")
    device, context = c_int(), c_void_p()
    ok(cuda.cuDeviceGet(byref(device), 0), "cuDeviceGet")
    ok(cuda.cuDevicePrimaryCtxRetain(byref(context), device), "cuDevicePrimaryCtxRetain")
    ok(cuda.cuCtxSetCurrent(context), "cuCtxSetCurrent")
    convolution()
    matrix_product()
    two_streams()
    ok(cuda.cuDevicePrimaryCtxRelease_v2(device), "cuDevicePrimaryCtxRelease")


main()
