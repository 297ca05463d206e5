# Installs the Debian packages named as arguments that are missing, as root or with sudo;
# where neither is possible it prints the one command to run and returns 1. To be sourced.
ensure_packages() {
  local missing=()
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local command="apt-get install -y --no-install-recommends ${missing[*]}"
  local root=""
  if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then root="sudo"; else
      echo "Debian packages are missing. Run this once, then try again:" >&2
      echo "  sudo apt-get update && sudo $command" >&2
      return 1
    fi
  fi
  echo "installing: ${missing[*]}" >&2
  $root apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive $root $command -qq >&2
}

# debian_package PATH: the package that has this file; nothing where none has it.
debian_package() {
  dpkg-query -S "$(readlink -f "$1")" 2>/dev/null | head -n 1 | cut -d: -f1 || true
}

# comes_with_dotnet FILE: whether it is of the C library or the compiler's, which .NET needs itself.
comes_with_dotnet() {
  case $(basename "$1") in
    libc.so.* | libm.so.* | libstdc++.so.* | libgcc_s.so.* | ld-linux*) return 0 ;;
  esac
  return 1
}

# The processor of this machine as documents name it, and as .NET does in runtime identifiers.
case $(uname -m) in
  x86_64) PROCESSOR=x86-64 RUNTIME_IDENTIFIER=linux-x64 ;;
  aarch64) PROCESSOR="64-bit ARM" RUNTIME_IDENTIFIER=linux-arm64 ;;
  *) PROCESSOR=$(uname -m) RUNTIME_IDENTIFIER=linux-$(uname -m) ;;
esac

# The packages the CPU device is built from, and the tools where the machine has none of the kind.
LIBRARY_PACKAGES=(libdnnl-dev libopenblas-openmp-dev libgloo-dev)
NATIVE_PACKAGES=("${LIBRARY_PACKAGES[@]}")
command -v cmake >/dev/null || NATIVE_PACKAGES+=(cmake)
command -v make >/dev/null || command -v ninja >/dev/null || NATIVE_PACKAGES+=(make)
command -v c++ >/dev/null || NATIVE_PACKAGES+=(g++)
