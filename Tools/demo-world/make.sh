#!/bin/sh
# Makes everything under Sources/DemoWorld/Resources except run.yaml, from the committed generator. See README.md.
# usage: Tools/demo-world/make.sh [PYTHON] (run from the package root)
set -eu
python=${1:-python3}
tools=Tools/demo-world
resources=Sources/DemoWorld/Resources
world=.build/demo-world

swift build -c release --product make-demo-world
grader=$(swift build -c release --show-bin-path)/make-demo-world
"$grader" --out "$world"
mkdir -p "$resources"
for name in train heldout; do
  gzip -9 -n -c "$world/$name.jsonl" > "$resources/$name.jsonl.gz"
done
rm -rf "$resources/model"
"$python" "$tools/pretrain.py" "$world" "$resources/model"
"$python" "$tools/shares.py" "$resources/model" "$world/heldout.jsonl" "$grader"
