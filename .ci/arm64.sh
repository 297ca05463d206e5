# The CPU device for 64-bit ARM, built on a Debian machine of another kind and tested under an emulator. To be sourced from
# the repository root, after packages.sh. Debian's arm64 packages are unpacked below build/; the machine's own stay as they are.
arm64_root=build/arm64-root

# The libraries for arm64 with all they need, by an apt that knows nothing of this machine but its sources.
fetch_arm64_libraries() {
  local list
  list=$(echo "${LIBRARY_PACKAGES[@]}" libstdc++6)
  [ "$(cat "$arm64_root/packages.txt" 2>/dev/null)" = "$list" ] && return 0
  rm -rf "$arm64_root"
  local apt=$PWD/$arm64_root/apt
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/state/status"
  local options=(-qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State="$apt/state"
    -o Dir::State::status="$apt/state/status" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=)
  echo "fetching arm64 packages: $list" >&2
  apt-get "${options[@]}" update >&2
  # shellcheck disable=SC2086
  apt-get "${options[@]}" install -y --no-install-recommends --download-only -o Dpkg::Use-Pty=0 $list >&2
  local package
  for package in "$apt"/cache/archives/*.deb; do dpkg -x "$package" "$arm64_root"; done
  rm -rf "$apt"
  echo "$list" >"$arm64_root/packages.txt"
}

# Programs of native/tests with the arguments that let each end within minutes, as an emulator is some 20 times slower.
# interprocess_test is not among them: what the emulator tells a process of its start is not what others read of it.
arm64_tests=(
  "device_test"
  "compute_rows_test"
  "compute_test"
  "compute_layers_test --share 20"
  "compute_products_test --share 20"
  "driver_test"
  "graph_test"
  "failure_test"
  "foreign_caller_test"
  "cudart_12_test"
  "cudart_13_test"
  "cublas_test --rounds 20"
  "cublaslt_test --rounds 20"
  "stream_stress --rounds 20"
)
# One processor with vectors of 128 bits and one with SVE's of 512: oneDNN has other code for each.
arm64_processors=(cortex-a72 max)

run_arm64() {
  if [ "$(uname -m)" = aarch64 ]; then
    echo "this machine is 64-bit ARM: ./test.sh alone builds and tests for it" >&2
    return 2
  fi
  ensure_packages "${NATIVE_PACKAGES[@]}" g++-aarch64-linux-gnu qemu-user
  fetch_arm64_libraries
  mkdir -p build/arm64
  local log=build/arm64/build.log
  echo "building for arm64 (log: $log) ..." >&2
  if ! { cmake -S native -B build/arm64 -DCMAKE_TOOLCHAIN_FILE="$PWD/native/arm64.cmake" -DARM64_ROOT="$PWD/$arm64_root" &&
    cmake --build build/arm64 --parallel "$(nproc)"; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    return 1
  fi
  local processor test runs=0 failed=0
  for processor in "${arm64_processors[@]}"; do
    for test in "${arm64_tests[@]}"; do
      runs=$((runs + 1))
      # shellcheck disable=SC2086
      if QEMU_CPU=$processor OMP_NUM_THREADS=1 timeout 1200 qemu-aarch64 -L "$arm64_root" build/arm64/$test >build/arm64/test.log 2>&1; then
        echo "$processor: $test: $(tail -n 1 build/arm64/test.log)"
      else
        echo "$processor: $test: failed, its output ends with" >&2
        tail -n 30 build/arm64/test.log >&2
        failed=$((failed + 1))
      fi
    done
  done
  echo "$runs runs for arm64 under the emulator, $failed failed"
  [ "$failed" -eq 0 ]
}
