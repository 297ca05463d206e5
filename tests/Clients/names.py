"""Every name that a header of NVIDIA's libraries declares is found under every file name, and behind all of them stands
one device. Usage: names.py FOLDER-WITH-THE-FACTS"""

import ctypes
import json
import pathlib
import sys
from ctypes import byref, c_int, c_size_t, c_void_p

facts = pathlib.Path(sys.argv[1])


def functions(file, major=None, part=None):
    content = json.loads((facts / file).read_text(encoding="utf-8"))
    order = content["versions"]
    for function in content["functions"]:
        if not function.get("exported", True) or (part and function.get("lib") != part):
            continue
        if major is not None:
            span = order[order.index(function["since"]) : order.index(function.get("until", order[-1])) + 1]
            if not any(version.startswith(f"{major}.") for version in span):
                continue
        yield function["name"]


libraries = {
    "libcuda.so.1": functions("driver.json"),
    "libcudnn.so.9": functions("cudnn.json"),
    "libnccl.so.2": functions("nccl.json"),
    **{f"libcudnn_{part}.so.9": functions("cudnn.json", part=part) for part in ("graph", "ops", "cnn", "adv")},
    **{
        f"libcudnn_{part}.so.9": ()
        for part in ("engines_precompiled", "engines_runtime_compiled", "engines_tensor_ir", "heuristic")
    },
}
for major in (12, 13):
    libraries[f"libcublas.so.{major}"] = functions("cublas.json", major)
    libraries[f"libcublasLt.so.{major}"] = functions("cublaslt.json", major)
    libraries[f"libcudart.so.{major}"] = functions("cudart.json", major)
for name in ("cuda", "cudnn", "cublas", "cublasLt", "nccl", "cudart"):
    libraries[f"lib{name}.so"] = ()

loaded = {}
missing = []
for soname, names in libraries.items():
    library = loaded[soname] = ctypes.CDLL(soname)
    count = 0
    for name in names:
        count += 1
        if not hasattr(library, name):
            missing.append(f"{soname}: {name}")
    print(f"{soname}: {count} names")
if missing:
    raise SystemExit("missing:\n" + "\n".join(missing))


def ok(status, what):
    if status != 0:
        raise SystemExit(f"{what} returned {status}")


# Memory of the driver is known to both runtimes, and one library of a process loads the device once.
cuda = loaded["libcuda.so.1"]
address, context = c_void_p(), c_void_p()
ok(cuda.cuInit(0), "cuInit")
ok(cuda.cuDevicePrimaryCtxRetain(byref(context), 0), "cuDevicePrimaryCtxRetain")
ok(cuda.cuCtxSetCurrent(context), "cuCtxSetCurrent")
ok(cuda.cuMemAlloc_v2(byref(address), c_size_t(100)), "cuMemAlloc")
for major in (12, 13):
    attributes = (c_int * 22)()
    ok(loaded[f"libcudart.so.{major}"].cudaPointerGetAttributes(attributes, address), "cudaPointerGetAttributes")
    if attributes[0] != 2:
        raise SystemExit(f"libcudart.so.{major} does not know the driver's memory")
for major in (12, 13):
    handle = c_void_p()
    ok(loaded[f"libcublas.so.{major}"].cublasCreate_v2(byref(handle)), "cublasCreate")
    ok(loaded[f"libcublas.so.{25 - major}"].cublasDestroy_v2(handle), "cublasDestroy through the other version")
handle = c_void_p()
ok(loaded["libcudnn_graph.so.9"].cudnnCreate(byref(handle)), "cudnnCreate")
ok(loaded["libcudnn.so.9"].cudnnDestroy(handle), "cudnnDestroy")
files = {line.split()[-1] for line in open("/proc/self/maps", encoding="utf-8") if "libcudnnnet_cpu" in line}
if len(files) != 1:
    raise SystemExit(f"the device was loaded as {sorted(files)}")
print("one device")
