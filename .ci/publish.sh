# Packs programs together with .NET and the CPU device, for machines that have neither. To be sourced from the repository root, after packages.sh.

# publish_program FOLDER PROJECT...: all programs share FOLDER/bin, so that .NET is there once.
publish_program() {
  local folder=$1
  shift
  local project
  mkdir -p "$folder/bin" build
  for project in "$@"; do
    echo "publishing $project ..." >&2
    if ! dotnet publish "$project" -c Release -r "$RUNTIME_IDENTIFIER" --self-contained -p:PublishTrimmed=false -p:RunAnalyzers=false \
      -o "$folder/bin" --nologo -v quiet >build/publish.log 2>&1; then
      tail -n 40 build/publish.log >&2
      return 1
    fi
  done
  # Symbols, documentation and the other test runner, which no program lists among what it needs.
  find "$folder/bin" \( -name '*.pdb' -o -name '*.xml' -o -name 'NUnit3.TestAdapter.*' -o -name 'nunit.engine*' -o -name 'testcentric.*' \) -delete
  add_cpu_libraries "$folder"
}

# What the CPU device needs of Debian beyond the C library and the compiler's, which .NET needs as well; its library looks for them there.
add_cpu_libraries() {
  local folder=$1
  local libraries=$folder/bin/cpu-libraries
  mkdir -p "$libraries" "$folder/licences"
  cp LICENSE "$folder/licences/ResNetCudnn"
  local dotnet
  dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
  [ ! -f "$dotnet/LICENSE.txt" ] || cp "$dotnet/LICENSE.txt" "$folder/licences/dotnet"
  [ ! -f "$dotnet/ThirdPartyNotices.txt" ] || cp "$dotnet/ThirdPartyNotices.txt" "$folder/licences/dotnet-third-parties"
  local path package
  : >"$folder/cpu-libraries.txt"
  while read -r path; do
    comes_with_dotnet "$path" && continue
    cp -L "$path" "$libraries/"
    package=$(debian_package "$path")
    echo "$(basename "$path") of Debian's package ${package:-unknown}" >>"$folder/cpu-libraries.txt"
    if [ -n "$package" ] && [ -f "/usr/share/doc/$package/copyright" ]; then
      cp -L "/usr/share/doc/$package/copyright" "$folder/licences/$package"
    fi
  done < <(ldd build/native/libcudnnnet_cpu.so | awk '$3 ~ /^\// { print $3 }')
  sort -o "$folder/cpu-libraries.txt" "$folder/cpu-libraries.txt"
}

# add_readme FILE TARGET: the readme, in which PROCESSOR has become this machine's.
add_readme() {
  sed "s/PROCESSOR/$PROCESSOR/" "$1" >"$2"
}

# pack FOLDER LIMIT: FOLDER.tar.xz of at most LIMIT bytes.
pack() {
  local archive=$1.tar.xz
  tar -C "$(dirname "$1")" -cf - "$(basename "$1")" | xz -T0 -6 >"$archive"
  local bytes
  bytes=$(stat -c %s "$archive")
  echo "$archive: $bytes bytes"
  if [ "$bytes" -gt "$2" ]; then
    echo "that is more than $2 bytes" >&2
    return 1
  fi
}

# The folder an argument names, whole, and empty: somebody's files are never mixed with ours.
new_folder() {
  if [ -z "${1:-}" ]; then
    echo "name the folder to make" >&2
    return 2
  fi
  if [ -e "$1" ] && [ -n "$(ls -A "$1" 2>/dev/null)" ]; then
    echo "$1 is there already and not empty; name a folder to be made" >&2
    return 2
  fi
  mkdir -p "$1" && (cd "$1" && pwd)
}
