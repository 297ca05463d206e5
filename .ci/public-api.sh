#!/usr/bin/env bash
# Writes src/*/PublicAPI.Unshipped.txt anew from the code: every public member that PublicAPI.Shipped.txt does not list.
# Run it after adding, changing or removing a public member, and read the difference before committing it.
set -euo pipefail
cd "$(dirname "$0")/.."
for shipped in src/*/PublicAPI.Shipped.txt; do
  project=$(dirname "$shipped")
  # The fix only adds lines, so what is gone from the code goes by starting from nothing.
  echo '#nullable enable' >"$project/PublicAPI.Unshipped.txt"
  dotnet format analyzers "$project" --diagnostics RS0016 --severity warn --include-generated "$@"
  echo "$project/PublicAPI.Unshipped.txt: $(($(wc -l <"$project/PublicAPI.Unshipped.txt") - 1)) members"
done
