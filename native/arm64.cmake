# For 64-bit ARM from another processor: cmake -S native -B build/arm64 -DCMAKE_TOOLCHAIN_FILE=native/arm64.cmake
# Needs Debian's g++-aarch64-linux-gnu and, for ctest, qemu-user. ARM64_ROOT is the folder with the arm64 libraries, laid
# out as Debian's packages are; .ci/arm64.sh fills it.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(ARM64_ROOT "${CMAKE_CURRENT_LIST_DIR}/../build/arm64-root" CACHE PATH "folder of Debian's unpacked arm64 packages")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ARM64_ROOT)
get_filename_component(ARM64_FOLDER "${ARM64_ROOT}" ABSOLUTE)

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH "${ARM64_FOLDER}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# One libgomp, that of the folder, which is also what the programs find.
set(OpenMP_gomp_LIBRARY "${ARM64_FOLDER}/usr/lib/aarch64-linux-gnu/libgomp.so.1" CACHE FILEPATH "")
# The compiler has a C library of its own; the folder adds what it lacks.
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES "${ARM64_FOLDER}/usr/include")
foreach(kind EXE SHARED)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT
    "-Wl,-rpath-link,${ARM64_FOLDER}/usr/lib/aarch64-linux-gnu -Wl,-rpath-link,${ARM64_FOLDER}/lib/aarch64-linux-gnu")
endforeach()

# ctest runs the programs so.
find_program(QEMU_AARCH64 qemu-aarch64)
if(QEMU_AARCH64)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${QEMU_AARCH64};-L;${ARM64_FOLDER}")
endif()
