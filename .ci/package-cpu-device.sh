#!/usr/bin/env bash
# Makes what the package CudnnNet.CpuDevice delivers: .ci/package-cpu-device.sh LIBRARY README FOLDER
# FOLDER gets the library, which finds what it needs on any machine of its kind, and the readme, in which PACKAGES has become
# the Debian packages that this build needs and PROCESSOR the kind of machine.
set -euo pipefail
. "$(dirname "$0")/packages.sh"
library=$1 readme=$2 folder=$3

mkdir -p "$folder"
# The build's own search path names folders of the machine that built it.
cat >"$folder/search-path.cmake" <<END
file(COPY_FILE "\${LIBRARY}" "\${TARGET}")
file(RPATH_SET FILE "\${TARGET}" NEW_RPATH "\$ORIGIN/cpu-libraries:/usr/lib/$(uname -m)-linux-gnu/openblas-openmp")
END
cmake -DLIBRARY="$library" -DTARGET="$folder/libcudnnnet_cpu.so" -P "$folder/search-path.cmake"

# libgloo.so.0 of libgloo0 and so on; what .NET needs itself is there.
packages=$(
  LC_ALL=C readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | while read -r file; do
    comes_with_dotnet "$file" && continue
    path=$(ldd "$library" | awk -v file="$file" '$1 == file { print $3 }')
    package=$(debian_package "$path")
    if [ -z "$package" ]; then
      echo "no Debian package has $file ($path), which the CPU device needs" >&2
      exit 1
    fi
    echo "$package"
  done | sort -u | paste -sd ' '
)
sed "s/PACKAGES/$packages/; s/PROCESSOR/$PROCESSOR/" "$readme" >"$folder/README.md"
