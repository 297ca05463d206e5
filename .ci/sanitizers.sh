# The CPU device and the programs of native/tests under the sanitizers, random tests in their long form. To be sourced
# from the repository root. The library is loaded by no test of .NET here: the sanitizers know nothing of that runtime.
reports=build/sanitizers

run_sanitizers() {
  ensure_packages "${NATIVE_PACKAGES[@]}"
  mkdir -p "$reports"
  programs=0
  failed=()
  sequences=0
  sanitized_build address address,undefined
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:quarantine_size_mb=64
  export UBSAN_OPTIONS=print_stacktrace=1
  export OMP_NUM_THREADS=2
  short_forms address
  # Random sequences, in pieces that end within minutes: 60,000 over the driver, 40,000 over cuDNN's calculations, 6,000
  # over its graphs, and more over its descriptors and the bytes of modules.
  local seed
  for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
    random_test address 5000 driver_fuzz --sequences 5000 --threads 4 --seed "$seed"
  done
  for seed in 1 11 21 31 41 51 61 71; do
    random_test address 5000 calculation_fuzz --calls 5000 --seed "$seed"
  done
  for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
    random_test address 500 backend_fuzz --graphs 500 --seed "$seed"
  done
  sanitized address descriptor_fuzz --calls 200000 --threads 4
  sanitized address fat_binary_fuzz --rounds 2000000

  sanitized_build thread thread
  export TSAN_OPTIONS=second_deadlock_stack=1
  # The compiler's OpenMP library synchronises by means that ThreadSanitizer does not see; alone, its threads race with nobody.
  export OMP_NUM_THREADS=1
  local program
  for program in graph_test failure_test driver_test nccl_test; do sanitized thread "$program"; done
  sanitized thread nccl_hosts_test --patience 20
  sanitized thread backend_test --channels 300
  mathematics thread
  sanitized thread stream_stress --rounds 50
  sanitized thread descriptor_fuzz --calls 20000 --threads 4
  for seed in 1 2; do
    sanitized thread backend_fuzz --graphs 300 --seed "$seed"
  done
  TSAN_OPTIONS+=:suppressions=$PWD/native/tests/sanitizers/driver_fuzz_threads.txt
  for seed in 1 2 3 4; do
    sanitized thread driver_fuzz --sequences 2000 --threads 4 --seed "$seed"
  done

  echo "$sequences random sequences under address and undefined; $programs runs, ${#failed[@]} failed${failed[*]:+: }${failed[*]}"
  [ ${#failed[@]} -eq 0 ]
}

sanitized_build() {
  local folder=build/$1
  if ! { cmake -S native -B "$folder" -DSANITIZE="$2" && cmake --build "$folder" --parallel "$(nproc)"; } >"$reports/$1-build.log" 2>&1; then
    tail -n 40 "$reports/$1-build.log" >&2
    echo "the CPU device did not build under $2; the whole log: $reports/$1-build.log" >&2
    return 1
  fi
}

# What ctest runs, one by one.
short_forms() {
  local program
  for program in foreign_caller_test interprocess_test failure_test driver_test graph_test \
    cudart_12_test cudart_13_test nccl_test thread_count_test; do
    sanitized "$1" "$program"
  done
  sanitized "$1" nccl_hosts_test --patience 20
  sanitized "$1" backend_test --channels 300
  mathematics "$1"
  # Not under thread: it takes several whatever it is told.
  sanitized "$1" compute_winograd_test --seed 2 --share 40
  sanitized "$1" cublas_test --rounds 20
  sanitized "$1" cublaslt_test --rounds 20
  sanitized "$1" stream_stress --rounds 20
}

# A share of their cases, of another seed than ctest's: the plain loops they compare with are slow here.
mathematics() {
  sanitized "$1" compute_test --seed 2 --share 20
  sanitized "$1" compute_layers_test --seed 2 --share 20
  sanitized "$1" compute_products_test --seed 2 --share 20
}

random_test() {
  local folder=$1 count=$2
  shift 2
  sanitized "$folder" "$@"
  sequences=$((sequences + count))
}

# Runs a program of build/FOLDER, at most eight minutes, and tells its end.
sanitized() {
  local folder=$1 program=$2
  shift 2
  programs=$((programs + 1))
  local log=$reports/$folder-$program-$programs.log status=0
  nice timeout 480 "build/$folder/$program" "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -eq 0 ]; then
    echo "$folder: $program $*: passed"
  else
    failed+=("$folder/$program")
    echo "$folder: $program $*: exit code $status, $log ends with" >&2
    tail -n 30 "$log" >&2
  fi
}
