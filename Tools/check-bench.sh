#!/bin/sh
# Type-checks the benchmark suite against the modules of the release build, in seconds: its own build takes minutes.
set -eu
cd "$(dirname "$0")/.."

modules=.build/release/Modules
[ -f "$modules/SpeedMeasurement.swiftmodule" ] || { echo "error: run \`make build\` first" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/module.modulemap" <<MAP
module CMeasure { header "$PWD/Benchmarks/Sources/CMeasure/include/CMeasure.h" export * }
MAP

set -- -typecheck -swift-version 6 -warnings-as-errors -parse-as-library -I "$modules" \
  -Xcc "-fmodule-map-file=$work/module.modulemap"
for map in .build/release/*.build/module.modulemap .build/checkouts/*/Sources/*/include/module.modulemap \
  .build/checkouts/*/Sources/*/module.modulemap Sources/*/module.modulemap; do
  [ ! -f "$map" ] || set -- "$@" -Xcc "-fmodule-map-file=$map"
done
find Benchmarks/Sources/bench -name '*.swift' > "$work/files"
swiftc "$@" "@$work/files"
echo "the benchmark suite type-checks"
