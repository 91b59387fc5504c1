#!/bin/sh
# Holds every C kernel to its definition: natively at every level that this machine runs, and as arm64 under emulation
# where Debian's cross packages are installed. Matrix tiles are emulated, so AMX's products are checked on any machine.
set -eu
cd "$(dirname "$0")/.."

# Swift brings the clang that the package's C is compiled with.
swift=$(command -v swift) || { echo "error: swift is not on the PATH" >&2; exit 1; }
clang=$(dirname "$swift")/clang
[ -x "$clang" ] || clang=$(dirname "$(readlink -f "$swift")")/clang
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build NAME FLAG…: the kernels with the package's flags, and the program that runs them.
build() {
  name=$1
  shift
  mkdir "$work/$name"
  for file in Sources/CKernels/*.c Sources/CHash/*.c; do
    "$clang" -O3 "$@" -c "$file" -ISources/CKernels/include -ISources/CHash/include -o "$work/$name/$(basename "$file" .c).kernel.o"
  done
  for file in Tests/Programs/KernelTwins/*.c; do
    "$clang" -O2 "$@" -Wall -Wextra -Wno-unused-function -Werror -c "$file" -ISources/CKernels/include \
      -ISources/CKernels -ISources/CHash/include -o "$work/$name/$(basename "$file" .c).o"
  done
  "$clang" "$@" "$work/$name"/*.o -o "$work/$name/kernel-twins" -lm -pthread
}

build native
"$work/native/kernel-twins"

echo "what C leaves undefined:"
build undefined -O1 -fsanitize=undefined -fno-sanitize-recover=undefined
"$work/undefined/kernel-twins" sparse > "$work/lines" || { tail -n 40 "$work/lines"; exit 1; }
tail -n 1 "$work/lines"

gcc=$(ls -d /usr/lib/gcc-cross/aarch64-linux-gnu/* 2>/dev/null | tail -n 1 || true)
if ! command -v qemu-aarch64-static >/dev/null || [ ! -d /usr/aarch64-linux-gnu/include ] || [ -z "$gcc" ]; then
  echo "skipped on arm64: apt-get install qemu-user-static libc6-dev-arm64-cross libgcc-12-dev-arm64-cross"
  exit 0
fi
build arm64 --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include --gcc-install-dir="$gcc" \
  -fuse-ld=lld -static -Wno-unused-command-line-argument
echo "arm64, emulated:"
qemu-aarch64-static "$work/arm64/kernel-twins" sparse
