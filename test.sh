#!/usr/bin/env bash
# The one test command. Arguments go to the test runner: ./test.sh --filter Golden
# ./test.sh --sanitizers instead runs the CPU device's native tests, the random ones in their long form, under the sanitizers.
# ./test.sh --arm64 instead builds the CPU device for 64-bit ARM and runs its native tests, some in part, under an emulator.
# ./test.sh --bundle DIR instead makes a folder, and DIR.tar.xz, that runs the tests on a machine without .NET.
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")"
. .ci/packages.sh
. .ci/build-native.sh
. .ci/publish.sh

if [ "${1:-}" = --sanitizers ]; then
  . .ci/sanitizers.sh
  run_sanitizers
  exit
fi

if [ "${1:-}" = --arm64 ]; then
  . .ci/arm64.sh
  run_arm64
  exit
fi

if [ "${1:-}" = --bundle ]; then
  folder=$(cd "$called_from" && new_folder "${2:-}") || exit 2
  ensure_packages "${NATIVE_PACKAGES[@]}"
  build_native
  publish_program "$folder" tests/Bundle tests/Conformance tests/SecondProcess src/Cifar
  # The files the tests read stand where they stand in the repository.
  mkdir -p "$folder/tests" "$folder/native"
  cp -r tests/data "$folder/tests/data"
  cp -r native/kernels "$folder/native/kernels"
  cp .ci/bundle/run.sh "$folder/"
  add_readme .ci/bundle/bundle.md "$folder/bundle.md"
  pack "$folder" 60000000
  exit
fi

ensure_packages "${NATIVE_PACKAGES[@]}" clang-19
build_native
dotnet build ResNetCudnn.sln -c Release --nologo -v quiet

log=build/test.log
results=build/test-results
reports=build/reports
rm -rf "$results" "$reports"
mkdir -p build
status=0
dotnet test ResNetCudnn.sln -c Release --no-build --nologo -maxcpucount:1 \
  --logger trx --results-directory "$results" "$@" 2>&1 | tee "$log" || status=$?

# The characters that XML writes as words.
plain_text() {
  sed 's/&quot;/"/g; s/&apos;/'"'"'/g; s/&#x[AD];/ /g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
}

# The runner's short output says neither why a test was skipped nor what a passing test found out.
if compgen -G "$results/*.trx" >/dev/null; then
  sed -n '/<UnitTestResult .*outcome="NotExecuted"/,/<\/UnitTestResult>/s/.*<Message>\(.*\)/skipped: \1/p' "$results"/*.trx |
    sed 's/<\/Message>.*//' | plain_text | sort | uniq -c
fi
if compgen -G "$reports/*.txt" >/dev/null; then
  cat "$reports"/*.txt
fi

# What failed is said again where it is found: at the end.
if compgen -G "$results/*.trx" >/dev/null; then
  awk '
    /<UnitTestResult .*outcome="Failed"/ { match($0, /testName="[^"]*"/); print "FAILED " substr($0, RSTART + 10, RLENGTH - 11); failed = 1 }
    failed && /<Message>/ { message = 1; sub(/.*<Message>/, "") }
    message { line = $0; sub(/<\/Message>.*/, "", line); print "  " line }
    /<\/Message>/ { message = 0 }
    /<\/UnitTestResult>/ { failed = 0 }' "$results"/*.trx |
    plain_text
fi

# The runner prints one line a project: "Passed!  - Failed: 0, Passed: 12, Skipped: 1, Total: 13, ..."
counts=$(awk '/Failed: *[0-9]+, Passed: *[0-9]+, Skipped: *[0-9]+/ {
  match($0, /Failed: *[0-9]+/);  f += substr($0, RSTART + 7, RLENGTH - 7)
  match($0, /Passed: *[0-9]+/);  p += substr($0, RSTART + 7, RLENGTH - 7)
  match($0, /Skipped: *[0-9]+/); s += substr($0, RSTART + 8, RLENGTH - 8)
} END { printf "%d passed, %d failed, %d skipped", p, f, s }' "$log")
case "$counts" in
  "0 passed"*) [ "$status" -ne 0 ] || status=1; echo "no test ran" ;;
  *" 0 failed"*) ;;
  *) [ "$status" -ne 0 ] || status=1 ;;
esac
echo "$counts"
exit "$status"
