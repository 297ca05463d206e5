# Builds the CPU device into build/native; does nothing where nothing changed. To be sourced from the repository root.
build_native() {
  mkdir -p build/native
  if ! { cmake -S native -B build/native && cmake --build build/native --parallel "$(nproc)"; } >build/native/build.log 2>&1; then
    tail -n 60 build/native/build.log >&2
    echo "the CPU device did not build; the whole log: build/native/build.log" >&2
    return 1
  fi
}
