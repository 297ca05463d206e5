#!/bin/bash
# Runs all tests on this machine's device. Arguments: --filter TEXT runs only the tests with this text in their names.
# CUDNNNET_DEVICE: cuda (the default here), cpu or auto. CUDNNNET_LIBRARY_PATH: folders with NVIDIA's libraries.
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
export CUDNNNET_DEVICE=${CUDNNNET_DEVICE:-cuda}
exec "$here/bin/run-tests" "$@"
