"""What test suites of other bindings ask of the libraries, and people's programs before they trust a device: every
attribute, every function with nulls, stale handles, odd sizes, every order of destruction.
Usage: probing.py FOLDER-WITH-THE-FACTS"""

import ctypes
import itertools
import json
import os
import pathlib
import signal
import sys
import threading
from ctypes import byref, c_float, c_int, c_size_t, c_uint, c_ulonglong, c_void_p

facts = pathlib.Path(sys.argv[1])
cuda = ctypes.CDLL("libcuda.so.1")
cudnn = ctypes.CDLL("libcudnn.so.9")
cublas = ctypes.CDLL("libcublas.so.13")
libraries = {
    "libcuda.so.1": "driver.json",
    "libcudnn.so.9": "cudnn.json",
    "libcublas.so.13": "cublas.json",
    "libcublasLt.so.13": "cublaslt.json",
    "libnccl.so.2": "nccl.json",
    "libcudart.so.12": "cudart.json",
    "libcudart.so.13": "cudart.json",
}
failures = []

SUCCESS, INVALID_VALUE, NOT_INITIALIZED, INVALID_DEVICE, INVALID_CONTEXT = 0, 1, 3, 101, 201
INVALID_HANDLE, NOT_FOUND, NOT_READY, CONTEXT_DESTROYED, NOT_SUPPORTED = 400, 500, 600, 709, 801
CUDNN_BAD_PARAM = range(2000, 3000)
CUBLAS_NOT_INITIALIZED, CUBLAS_INVALID_VALUE = 1, 7


def expect(condition, what):
    if not condition:
        failures.append(what)
        print("not so:", what)


def ok(status, what):
    expect(status == SUCCESS, f"{what} returned {status}")


def use_context():
    context = c_void_p()
    cuda.cuInit(0)
    cuda.cuDevicePrimaryCtxRetain(byref(context), 0)
    cuda.cuCtxSetCurrent(context)
    return context


def values_of(enum, file="driver.json"):
    for item in json.loads((facts / file).read_text(encoding="utf-8"))["enums"]:
        if item["name"] == enum:
            return item["values"]
    raise SystemExit(f"the facts know no {enum}")


def functions(file):
    content = json.loads((facts / file).read_text(encoding="utf-8"))
    return [f for f in content["functions"] if f.get("exported", True)]


def in_child(work):
    """Runs work in a child process with a pipe for what it is at; returns (how it ended, the last message)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(60)
        try:
            work(lambda text: os.write(writer, text.encode() + b"\n"))
            os._exit(0)
        except BaseException as error:  # a child must not go on with the parent's program
            os.write(writer, repr(error).encode() + b"\n")
            os._exit(9)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        messages = pipe.read().decode().splitlines()
    status = os.waitpid(child, 0)[1]
    return status, messages[-1] if messages else ""


def nulls():
    """Every function with null and zero arguments, in a context and before cuInit: an answer, not a crash."""
    # These have no arguments that could be null, or are called by compilers alone.
    skipped = {"cudaCreateChannelDesc", "cublasXerbla"}
    for soname, file in libraries.items():
        library = ctypes.CDLL(soname)
        todo = [f for f in functions(file) if hasattr(library, f["name"]) and f["name"] not in skipped]
        for initialized in (False, True):
            remaining = list(todo)
            while remaining:

                def work(at, rest=remaining, initialized=initialized, library=library):
                    for function in rest:
                        at(function["name"])
                        if initialized:
                            use_context()
                        zeros = [c_ulonglong(0) for _ in function["params"]]
                        getattr(library, function["name"])(*zeros)

                status, last = in_child(work)
                if status == 0:
                    break
                expect(False, f"{soname}: {last}(null, ...) ended the process with {status}")
                names = [f["name"] for f in remaining]
                remaining = remaining[names.index(last) + 1 :] if last in names else []


def devices():
    value, count = c_int(), c_int()
    ok(cuda.cuDeviceGetCount(byref(count)), "cuDeviceGetCount")
    for name, number in values_of("CUdevice_attribute").items():
        if not name.endswith("_MAX") and number > 0:
            ok(cuda.cuDeviceGetAttribute(byref(value), number, 0), f"cuDeviceGetAttribute({name})")
    for number in (0, -1, 100000):
        expect(cuda.cuDeviceGetAttribute(byref(value), number, 0) == INVALID_VALUE, f"attribute {number} is none")
    for device in (-1, count.value, 1 << 20):
        expect(cuda.cuDeviceGetAttribute(byref(value), 1, device) == INVALID_DEVICE, f"there is no device {device}")
    name = ctypes.create_string_buffer(4)
    ok(cuda.cuDeviceGetName(name, 4, 0), "cuDeviceGetName")
    expect(name.raw[3] == 0, "a name that is cut ends with a zero byte")
    identity = (ctypes.c_ubyte * 16)()
    ok(cuda.cuDeviceGetUuid_v2(identity, 0), "cuDeviceGetUuid")
    expect(any(identity), "a device's identity is not all zeros")
    version = c_int()
    ok(cuda.cuDriverGetVersion(byref(version)), "cuDriverGetVersion")
    expect(12000 <= version.value < 20000, "the version is that of a CUDA")
    bus = ctypes.create_string_buffer(13)
    ok(cuda.cuDeviceGetPCIBusId(bus, 13, 0), "cuDeviceGetPCIBusId")
    ok(cuda.cuDeviceGetByPCIBusId(byref(value), bus), "cuDeviceGetByPCIBusId")
    expect(value.value == 0, "the bus address leads back to the device")
    text = ctypes.c_char_p()
    for status in values_of("CUresult").values():
        ok(cuda.cuGetErrorName(status, byref(text)), f"cuGetErrorName({status})")
        ok(cuda.cuGetErrorString(status, byref(text)), f"cuGetErrorString({status})")
    expect(cuda.cuGetErrorName(424242, byref(text)) == INVALID_VALUE, "there is no status 424242")


def entry_points():
    """cuGetProcAddress: what a binding resolves at its start, in each version it may have been made for."""
    function, result = c_void_p(), c_int()
    names = {f.get("api_name", f["name"]) for f in functions("driver.json") if f.get("kind") == "default"}
    for name in names:
        for flags in (0, 1, 2):
            status = cuda.cuGetProcAddress_v2(name.encode(), byref(function), 13050, c_ulonglong(flags), byref(result))
            ok(status, f"cuGetProcAddress({name})")
            expect((result.value == 0) == (function.value is not None), f"{name}: an address and its status agree")
    for name in ("cuInit", "cuMemAlloc", "cuCtxCreate", "cuLaunchKernel", "cuMemcpyHtoDAsync", "cuStreamBeginCapture"):
        for version in (12000, 12040, 12080, 13000):
            ok(cuda.cuGetProcAddress_v2(name.encode(), byref(function), version, c_ulonglong(0), None), name)
            expect(function.value, f"{name} is found in {version}")
    missing = cuda.cuGetProcAddress_v2(b"cuNothing", byref(function), 13000, c_ulonglong(0), None)
    expect(missing == NOT_FOUND and not function.value, "a name that is none is not found")


def contexts():
    context, current, other = use_context(), c_void_p(), c_void_p()
    device = c_int(-1)
    ok(cuda.cuCtxGetDevice(byref(device)), "cuCtxGetDevice")
    value = c_size_t()
    for limit in range(7):
        ok(cuda.cuCtxGetLimit(byref(value), limit), f"cuCtxGetLimit({limit})")
        ok(cuda.cuCtxSetLimit(limit, value), f"cuCtxSetLimit({limit})")
    expect(cuda.cuCtxGetLimit(byref(value), 99) != SUCCESS, "there is no limit 99")
    ok(cuda.cuCtxCreate_v2(byref(other), 0, 0), "cuCtxCreate")
    ok(cuda.cuCtxGetCurrent(byref(current)), "cuCtxGetCurrent")
    expect(current.value == other.value, "a new context is current")
    stream, address = c_void_p(), c_void_p()
    ok(cuda.cuStreamCreate(byref(stream), 0), "cuStreamCreate")
    ok(cuda.cuMemAlloc_v2(byref(address), c_size_t(64)), "cuMemAlloc")
    ok(cuda.cuCtxDestroy_v2(other), "cuCtxDestroy with everything in it")
    expect(cuda.cuCtxDestroy_v2(other) == INVALID_CONTEXT, "a context is destroyed once")
    ok(cuda.cuCtxSetCurrent(context), "cuCtxSetCurrent")
    expect(cuda.cuStreamDestroy_v2(stream) != SUCCESS, "its streams went with it")
    expect(cuda.cuMemFree_v2(address) != SUCCESS, "its memory went with it")
    expect(cuda.cuCtxSetCurrent(other) == INVALID_CONTEXT, "what is destroyed does not become current")

    def without_context():
        pointer = c_void_p()
        expect(cuda.cuMemAlloc_v2(byref(pointer), c_size_t(8)) == INVALID_CONTEXT, "a new thread has no context")

    thread = threading.Thread(target=without_context)
    thread.start()
    thread.join()


def pointers():
    attributes = [n for k, n in values_of("CUpointer_attribute").items()]
    device, pinned, managed, stream = (c_void_p() for _ in range(4))
    ok(cuda.cuMemAlloc_v2(byref(device), c_size_t(1000)), "cuMemAlloc")
    ok(cuda.cuMemAllocHost_v2(byref(pinned), c_size_t(1000)), "cuMemAllocHost")
    ok(cuda.cuMemAllocManaged(byref(managed), c_size_t(1000), 1), "cuMemAllocManaged")
    ok(cuda.cuStreamCreate(byref(stream), 1), "cuStreamCreate")
    pooled = c_void_p()
    ok(cuda.cuMemAllocAsync(byref(pooled), c_size_t(1000), stream), "cuMemAllocAsync")
    unknown = ctypes.create_string_buffer(64)
    # The answer to an attribute has eight bytes at most; a guard behind it must stay.
    for place in (device, pinned, managed, pooled):
        for attribute in attributes:
            answer = (ctypes.c_ubyte * 24)(*[0xA5] * 24)
            cuda.cuPointerGetAttribute(answer, attribute, place)
            expect(all(b == 0xA5 for b in answer[8:]), f"pointer attribute {attribute} writes eight bytes at most")
    kinds = [(device, 2, 0), (pinned, 1, 0), (managed, 2, 1), (pooled, 2, 0)]
    for place, kind, is_managed in kinds:
        got, flag = c_uint(), c_uint(7)
        ok(cuda.cuPointerGetAttribute(byref(got), 2, place), "the memory type")
        ok(cuda.cuPointerGetAttribute(byref(flag), 8, place), "whether it is managed")
        expect((got.value, flag.value & 0xFF) == (kind, is_managed), f"memory of type {kind}, managed {is_managed}")
    got = c_uint(9)
    expect(cuda.cuPointerGetAttribute(byref(got), 2, unknown) == INVALID_VALUE, "the host's own memory is unknown")
    several = (c_int * 2)(2, 9)
    kind, ordinal = c_uint(9), c_int(9)
    places = (c_void_p * 2)(ctypes.addressof(kind), ctypes.addressof(ordinal))
    ok(cuda.cuPointerGetAttributes(2, several, places, unknown), "cuPointerGetAttributes of unknown memory")
    expect(kind.value == 0, "unknown memory has no type")
    base, size = c_void_p(), c_size_t()
    inside = c_void_p(device.value + 999)
    ok(cuda.cuMemGetAddressRange_v2(byref(base), byref(size), inside), "cuMemGetAddressRange")
    expect((base.value, size.value) == (device.value, 1000), "the range is the allocation")
    ok(cuda.cuMemFreeAsync(pooled, stream), "cuMemFreeAsync")
    ok(cuda.cuMemFree_v2(device), "cuMemFree")
    expect(cuda.cuMemFree_v2(device) == INVALID_VALUE, "memory is freed once")
    expect(cuda.cuMemFree_v2(c_void_p(managed.value + 8)) == INVALID_VALUE, "memory is freed at its start")
    ok(cuda.cuMemFree_v2(managed), "cuMemFree of managed memory")
    ok(cuda.cuMemFreeHost(pinned), "cuMemFreeHost")
    ok(cuda.cuMemFree_v2(None), "cuMemFree of nothing")
    ok(cuda.cuStreamDestroy_v2(stream), "cuStreamDestroy")
    expect(cuda.cuMemAlloc_v2(byref(device), c_size_t(0)) == INVALID_VALUE, "no bytes cannot be allocated")
    expect(cuda.cuMemAlloc_v2(byref(device), c_size_t(1 << 60)) == 2, "nor more than there are")
    for address, bytes_ in ((None, 0), (None, 8), (unknown, 8)):
        cuda.cuMemsetD8_v2(address, 1, c_size_t(bytes_))


def pools():
    pool, created = c_void_p(), c_void_p()
    ok(cuda.cuDeviceGetDefaultMemPool(byref(pool), 0), "cuDeviceGetDefaultMemPool")
    ok(cuda.cuDeviceGetMemPool(byref(created), 0), "cuDeviceGetMemPool")
    expect(pool.value == created.value, "the default pool is the current one")
    for name, attribute in values_of("CUmemPool_attribute").items():
        answer = (ctypes.c_ubyte * 24)(*[0xA5] * 24)
        status = cuda.cuMemPoolGetAttribute(pool, attribute, answer)
        expect(status in (SUCCESS, INVALID_VALUE, NOT_SUPPORTED), f"cuMemPoolGetAttribute({name}) returned {status}")
        expect(all(b == 0xA5 for b in answer[8:]), f"{name} writes eight bytes at most")
    properties = (ctypes.c_ubyte * 88)()
    properties[0], properties[8] = 1, 1  # pinned memory, on a device: number 0
    ok(cuda.cuMemPoolCreate(byref(created), properties), "cuMemPoolCreate")
    address, stream = c_void_p(), c_void_p()
    ok(cuda.cuStreamCreate(byref(stream), 1), "cuStreamCreate")
    ok(cuda.cuMemAllocFromPoolAsync(byref(address), c_size_t(1 << 20), created, stream), "cuMemAllocFromPoolAsync")
    # The pool first, then what came from it.
    ok(cuda.cuMemPoolDestroy(created), "cuMemPoolDestroy")
    ok(cuda.cuMemFreeAsync(address, stream), "cuMemFreeAsync after its pool")
    ok(cuda.cuStreamSynchronize(stream), "cuStreamSynchronize")
    ok(cuda.cuMemPoolTrimTo(pool, c_size_t(0)), "cuMemPoolTrimTo")
    ok(cuda.cuStreamDestroy_v2(stream), "cuStreamDestroy")


def streams():
    attributes = values_of("CUlaunchAttributeID")
    stream, event = c_void_p(), c_void_p()
    ok(cuda.cuStreamCreateWithPriority(byref(stream), 1, -100), "cuStreamCreateWithPriority beyond the range")
    for handle in (stream, c_void_p(0), c_void_p(1), c_void_p(2)):
        number, flags, priority, context = c_ulonglong(), c_uint(), c_int(), c_void_p()
        ok(cuda.cuStreamGetId(handle, byref(number)), "cuStreamGetId")
        ok(cuda.cuStreamGetFlags(handle, byref(flags)), "cuStreamGetFlags")
        ok(cuda.cuStreamGetPriority(handle, byref(priority)), "cuStreamGetPriority")
        ok(cuda.cuStreamGetCtx(handle, byref(context)), "cuStreamGetCtx")
        for name, attribute in attributes.items():
            answer = (ctypes.c_ubyte * 96)(*[0xA5] * 96)
            cuda.cuStreamGetAttribute(handle, attribute, answer)
            expect(all(b == 0xA5 for b in answer[64:]), f"{name} writes its union and no more")
        for variant in ("cuStreamQuery", "cuStreamQuery_ptsz", "cuStreamSynchronize", "cuStreamSynchronize_ptsz"):
            ok(getattr(cuda, variant)(handle), variant)
    for flags in range(8):
        status = cuda.cuEventCreate(byref(event), flags)
        expect(status == SUCCESS or flags >= 4, f"cuEventCreate({flags}) returned {status}")
        if status == SUCCESS:
            ok(cuda.cuEventQuery(event), "cuEventQuery of an event that was never recorded")
            ok(cuda.cuStreamWaitEvent(stream, event, 0), "cuStreamWaitEvent for it")
            ok(cuda.cuEventRecord(event, stream), "cuEventRecord")
            # The event ends while it may still be on its way.
            ok(cuda.cuEventDestroy_v2(event), "cuEventDestroy")
            expect(cuda.cuEventDestroy_v2(event) == INVALID_HANDLE, "an event is destroyed once")
            expect(cuda.cuEventRecord(event, stream) == INVALID_HANDLE, "a stale event is refused")
    ok(cuda.cuStreamDestroy_v2(stream), "cuStreamDestroy")
    for call in (cuda.cuStreamDestroy_v2, cuda.cuStreamSynchronize, cuda.cuStreamQuery):
        expect(call(stream) == INVALID_HANDLE, "a stale stream is refused")
    expect(cuda.cuStreamDestroy_v2(None) != SUCCESS, "the default stream is not destroyed")
    for garbage in (3, 0x1000, 0xDEADBEEF, 2**63):
        expect(cuda.cuStreamSynchronize(c_void_p(garbage)) == INVALID_HANDLE, "an address that is no stream is refused")
    expect(cuda.cuStreamBeginCapture_v2(None, 0) == 900, "the legacy default stream is not captured")


def module_functions():
    ptx = (facts.parent / "kernels" / "generated" / "training.ptx").read_bytes()
    module, function = c_void_p(), c_void_p()
    ok(cuda.cuModuleLoadData(byref(module), ptx), "cuModuleLoadData")
    ok(cuda.cuModuleGetFunction(byref(function), module, b"advance_step"), "cuModuleGetFunction")
    expect(cuda.cuModuleGetFunction(byref(c_void_p()), module, b"none") == NOT_FOUND, "a kernel that is none")
    expect(cuda.cuModuleGetGlobal_v2(byref(c_void_p()), byref(c_size_t()), module, b"none") == NOT_FOUND, "a global")
    value = c_int()
    for name, attribute in values_of("CUfunction_attribute").items():
        status = cuda.cuFuncGetAttribute(byref(value), attribute, function)
        expect(status == SUCCESS or name.endswith("_MAX") or attribute > 15, f"cuFuncGetAttribute({name}): {status}")
    for source in (b".version 8.0\n.target sm_90\n.visible .entry k() { ret; }", b"not ptx", b"\x7fELF", b""):
        status = cuda.cuModuleLoadData(byref(c_void_p()), source)
        expect(status in (200, 209, 218), f"foreign code is refused by {status}")
    launch = [c_uint(n) for n in (1, 1, 1, 1, 1, 1, 0)]
    counter = c_void_p()
    ok(cuda.cuMemAlloc_v2(byref(counter), c_size_t(4)), "cuMemAlloc")
    ok(cuda.cuMemsetD32_v2(counter, 0, c_size_t(1)), "cuMemsetD32")
    arguments = (c_void_p * 1)(ctypes.addressof(counter))
    for variant in (cuda.cuLaunchKernel, cuda.cuLaunchKernel_ptsz):
        ok(variant(function, *launch, None, arguments, None), "cuLaunchKernel")
        ok(cuda.cuCtxSynchronize(), "cuCtxSynchronize")
    # A launch may still be on its way when its module goes.
    ok(cuda.cuLaunchKernel(function, *launch, None, arguments, None), "cuLaunchKernel")
    ok(cuda.cuModuleUnload(module), "cuModuleUnload")
    expect(cuda.cuLaunchKernel(function, *launch, None, arguments, None) == INVALID_HANDLE, "a stale kernel is refused")
    expect(cuda.cuModuleUnload(module) == INVALID_HANDLE, "a module is unloaded once")
    ok(cuda.cuCtxSynchronize(), "cuCtxSynchronize")
    ok(cuda.cuMemcpyDtoH_v2(byref(value), counter, c_size_t(4)), "cuMemcpyDtoH")
    expect(value.value == 3, "three launches have counted to three")
    ok(cuda.cuMemFree_v2(counter), "cuMemFree")


def destruction():
    """A handful of objects, destroyed in every order."""

    def graph(kind):
        handle = c_void_p()
        ok(cuda.cuGraphCreate(byref(handle), 0), "cuGraphCreate")
        return handle

    makers = {
        "stream": (lambda: make(cuda.cuStreamCreate, 1), cuda.cuStreamDestroy_v2),
        "event": (lambda: make(cuda.cuEventCreate, 2), cuda.cuEventDestroy_v2),
        "graph": (lambda: graph(0), cuda.cuGraphDestroy),
        "cudnn": (lambda: make(cudnn.cudnnCreate), cudnn.cudnnDestroy),
        "cublas": (lambda: make(cublas.cublasCreate_v2), cublas.cublasDestroy_v2),
    }

    def make(function, *arguments):
        handle = c_void_p()
        ok(function(byref(handle), *arguments), function.__name__)
        return handle

    for order in itertools.permutations(makers):
        objects = {name: maker() for name, (maker, _) in makers.items()}
        ok(cudnn.cudnnSetStream(objects["cudnn"], objects["stream"]), "cudnnSetStream")
        ok(cublas.cublasSetStream_v2(objects["cublas"], objects["stream"]), "cublasSetStream")
        ok(cuda.cuEventRecord(objects["event"], objects["stream"]), "cuEventRecord")
        for name in order:
            ok(makers[name][1](objects[name]), f"destroying {name} in the order {order}")
            expect(makers[name][1](objects[name]) != SUCCESS, f"{name} is destroyed once")


def larger_than_memory():
    """A shape larger than its memory ends in an error of the call or of the context, as on a GPU."""

    def work(_):
        use_context()
        handle, big, place = c_void_p(), c_void_p(), c_void_p()
        one, zero = c_float(1), c_float(0)
        cudnn.cudnnCreate(byref(handle))
        cudnn.cudnnCreateTensorDescriptor(byref(big))
        cudnn.cudnnSetTensor4dDescriptor(big, 0, 0, 512, 512, 64, 64)
        cuda.cuMemAlloc_v2(byref(place), c_size_t(1 << 12))
        status = cudnn.cudnnSoftmaxForward(handle, 1, 1, byref(one), big, place, byref(zero), big, place)
        later = cuda.cuCtxSynchronize()
        if status == SUCCESS and later == SUCCESS:
            raise RuntimeError("a softmax over memory that is not there succeeded")
        cuda.cuDevicePrimaryCtxReset_v2(0)
        use_context()
        ok(cuda.cuMemAlloc_v2(byref(place), c_size_t(1 << 12)), "cuMemAlloc after the reset")

    status, last = in_child(work)
    expect(status == 0, f"a shape larger than its memory ended the process with {status}: {last}")


def faults():
    """A fault of one operation is the runtime's error of every later call, until the device is reset."""

    def work(_):
        runtime = ctypes.CDLL("libcudart.so.13")
        handle, small = c_void_p(), c_void_p()
        one = c_float(1)
        ok(runtime.cudaMalloc(byref(small), c_size_t(64)), "cudaMalloc")
        ok(cublas.cublasCreate_v2(byref(handle)), "cublasCreate")
        size = 1000  # a matrix of a million numbers in memory for sixteen
        cublas.cublasSgemm_v2(handle, 0, 0, size, size, size, byref(one), small, size, small, size, byref(one), small,
                              size)
        illegal = 700
        for _ in range(3):
            if runtime.cudaDeviceSynchronize() != illegal or runtime.cudaGetLastError() != illegal:
                raise RuntimeError("the fault is not the error of the device")
            if runtime.cudaGetLastError() != illegal or runtime.cudaMalloc(byref(small), c_size_t(64)) != illegal:
                raise RuntimeError("a fault went away when it was asked for")
        if runtime.cudaDeviceReset() or runtime.cudaGetLastError() or runtime.cudaMalloc(byref(small), c_size_t(64)):
            raise RuntimeError("the device does not work after its reset")

    status, last = in_child(work)
    expect(status == 0, f"after a fault: {last or status}")


def cudnn_shapes():
    """Odd strides, and a workspace of no bytes."""
    handle, x, y, weights, operation, pooling = (c_void_p() for _ in range(6))
    ok(cudnn.cudnnCreate(byref(handle)), "cudnnCreate")
    for descriptor in (x, y):
        ok(cudnn.cudnnCreateTensorDescriptor(byref(descriptor)), "cudnnCreateTensorDescriptor")
    ok(cudnn.cudnnCreateFilterDescriptor(byref(weights)), "cudnnCreateFilterDescriptor")
    ok(cudnn.cudnnCreateConvolutionDescriptor(byref(operation)), "cudnnCreateConvolutionDescriptor")
    ok(cudnn.cudnnCreatePoolingDescriptor(byref(pooling)), "cudnnCreatePoolingDescriptor")
    one, zero = c_float(1), c_float(0)
    memory = c_void_p()
    ok(cuda.cuMemAlloc_v2(byref(memory), c_size_t(1 << 16)), "cuMemAlloc")
    ok(cudnn.cudnnSetFilter4dDescriptor(weights, 0, 0, 4, 4, 3, 3), "cudnnSetFilter4dDescriptor")
    ok(cudnn.cudnnSetConvolution2dDescriptor(operation, 1, 1, 1, 1, 1, 1, 1, 0), "cudnnSetConvolution2dDescriptor")
    size = c_size_t()
    for strides in ((256, 64, 8, 1), (64, 64, 8, 1), (1024, 256, 16, 2), (256, 1, 32, 4), (0, 64, 8, 1)):
        status = cudnn.cudnnSetTensor4dDescriptorEx(x, 0, 2, 4, 8, 8, *strides)
        if status != SUCCESS:
            expect(status in CUDNN_BAD_PARAM or status in range(3000, 4000), f"strides {strides} returned {status}")
            continue
        ok(cudnn.cudnnSetTensor4dDescriptor(y, 0, 0, 2, 4, 8, 8), "cudnnSetTensor4dDescriptor")
        for algorithm in range(8):
            status = cudnn.cudnnGetConvolutionForwardWorkspaceSize(
                handle, x, weights, operation, y, algorithm, byref(size)
            )
            cudnn.cudnnConvolutionForward(
                handle, byref(one), x, memory, weights, memory, operation, algorithm, None, c_size_t(0), byref(zero), y,
                c_void_p(memory.value + (1 << 15)),
            )
    ok(cuda.cuCtxSynchronize(), "cuCtxSynchronize after odd strides")
    for shape in ((0, 1, 1, 1), (1, -1, 1, 1), (1, 1, 1 << 30, 1 << 30)):
        expect(cudnn.cudnnSetTensor4dDescriptor(x, 0, 0, *shape) != SUCCESS, f"the shape {shape} is refused")
    for order in ((handle, 0), (operation, 1), (weights, 2), (x, 3), (y, 3), (pooling, 4)):
        destroy = (
            cudnn.cudnnDestroy, cudnn.cudnnDestroyConvolutionDescriptor, cudnn.cudnnDestroyFilterDescriptor,
            cudnn.cudnnDestroyTensorDescriptor, cudnn.cudnnDestroyPoolingDescriptor,
        )[order[1]]
        ok(destroy(order[0]), destroy.__name__)
    ok(cuda.cuMemFree_v2(memory), "cuMemFree")


def cublas_sizes():
    handle, memory = c_void_p(), c_void_p()
    one = c_float(1)
    expect(cublas.cublasSgemm_v2(None, 0, 0, 1, 1, 1, None, None, 1, None, 1, None, None, 1) == CUBLAS_NOT_INITIALIZED,
           "a null handle is not initialised")
    ok(cublas.cublasCreate_v2(byref(handle)), "cublasCreate")
    ok(cuda.cuMemAlloc_v2(byref(memory), c_size_t(4096)), "cuMemAlloc")
    for m, n, k in itertools.product((0, 1, 4), repeat=3):
        ok(cublas.cublasSgemm_v2(handle, 0, 0, m, n, k, byref(one), memory, 4, memory, 4, byref(one), memory, 4),
           f"cublasSgemm of {m} x {n} x {k}")
    bad = [(-1, 1, 1, 4, 4, 4), (4, 4, 4, 3, 4, 4), (4, 4, 4, 4, 3, 4), (4, 4, 4, 4, 4, 3)]
    for m, n, k, lda, ldb, ldc in bad:
        status = cublas.cublasSgemm_v2(
            handle, 0, 0, m, n, k, byref(one), memory, lda, memory, ldb, byref(one), memory, ldc
        )
        expect(status == CUBLAS_INVALID_VALUE, f"cublasSgemm with {(m, n, k, lda, ldb, ldc)} returned {status}")
    ok(cublas.cublasSgemmStridedBatched(handle, 0, 0, 4, 4, 4, byref(one), memory, 4, c_ulonglong(16), memory, 4,
                                        c_ulonglong(16), byref(one), memory, 4, c_ulonglong(16), 0), "no batch")
    for mode in (0, 1):
        ok(cublas.cublasSetPointerMode_v2(handle, mode), "cublasSetPointerMode")
    ok(cublas.cublasSetPointerMode_v2(handle, 0), "cublasSetPointerMode")
    expect(cublas.cublasSetPointerMode_v2(handle, 9) != SUCCESS, "there is no pointer mode 9")
    ok(cublas.cublasSetWorkspace_v2(handle, memory, c_size_t(0)), "a workspace of no bytes")
    result = c_int(-1)
    ok(cublas.cublasIsamax_v2(handle, 0, memory, 1, byref(result)), "cublasIsamax of nothing")
    expect(result.value == 0, "nothing has no largest element")
    ok(cublas.cublasDestroy_v2(handle), "cublasDestroy")
    expect(cublas.cublasDestroy_v2(handle) == CUBLAS_NOT_INITIALIZED, "a handle is destroyed once")
    ok(cuda.cuMemFree_v2(memory), "cuMemFree")


def main():
    expect(cuda.cuInit(1) == INVALID_VALUE, "cuInit takes no flags")
    # Children must be made before this process has a context of its own.
    nulls()
    larger_than_memory()
    faults()
    use_context()
    for part in (devices, entry_points, contexts, pointers, pools, streams, module_functions, destruction,
                 cudnn_shapes, cublas_sizes):
        part()
        ok(cuda.cuCtxSynchronize(), f"cuCtxSynchronize after {part.__name__}")
        print(part.__name__)
    if failures:
        raise SystemExit(f"{len(failures)} failures")
    print("no failures")


main()
