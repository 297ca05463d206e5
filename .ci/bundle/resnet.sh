#!/bin/bash
# The trainer, with everything it needs beside it. ./resnet train
program=$(readlink -f "${BASH_SOURCE[0]}")
exec "${program%/*}/bin/Cifar" "$@"
