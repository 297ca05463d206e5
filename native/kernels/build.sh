#!/usr/bin/env bash
# Compiles our kernels to PTX with clang-19, without NVIDIA's SDK: ./native/kernels/build.sh [output folder]
# The text repeats byte for byte, so the files in generated/ are checked in and a test compares them.
set -euo pipefail
cd "$(dirname "$0")"
output=${1:-generated}
mkdir -p "$output"
for source in *.cu; do
  # sm_75 and PTX 6.3: any driver since 2018 compiles it for any GPU since Turing.
  clang-19 -x cuda --cuda-device-only --cuda-gpu-arch=sm_75 --cuda-feature=+ptx63 --cuda-path=/nonexistent \
    -nocudainc -nocudalib -std=c++17 -O3 -Wall -Wextra -Werror -S "$source" -o "$output/${source%.cu}.ptx"
done
