#!/usr/bin/env bash
# Runs `make run` in a pseudo-terminal, waits for training to move, leaves by the keyboard, and checks that the
# terminal came back. `script` is part of every Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/keys"

# The inner shell sets the size, runs the program, and writes down what the terminal is like afterwards.
cat >"$work/session" <<'INNER'
stty rows 36 cols 120
stty -g >"$WORK/before"
make run
echo $? >"$WORK/status"
stty -g >"$WORK/after"
INNER

export WORK="$work" TERM=xterm-256color LANG=C.UTF-8
script -q -f -c "bash $work/session" "$work/screen" <"$work/keys" >/dev/null &
pid=$!
exec 3>"$work/keys"

# A terminal is sent only what changes (PAUSE REQUESTED becomes PAUSED at 33 by "D at 33"), so a word is looked for
# on a screen that Ctrl-L has painted anew.
wait_for() { # PATTERN SECONDS [KEY]: until the screen has shown it; KEY is pressed once a second meanwhile
  for try in $(seq "$(($2 * 5))"); do
    grep -aq -- "$1" "$work/screen" 2>/dev/null && return 0
    kill -0 "$pid" 2>/dev/null || break
    [ $((try % 5)) != 0 ] || printf "${3-}" >&3
    sleep 0.2
  done
  echo "smoke: the screen never showed: $1" >&2
  tail -c 2000 "$work/screen" | cat -v >&2
  kill "$pid" 2>/dev/null || true
  exit 1
}

wait_for $'\x1b\\[?1049h' 1500
wait_for RUNNING 60 '\f'
sleep 5
printf ' ' >&3
wait_for PAUSED 60 '\f'
printf ' ' >&3
sleep 2
printf 'q' >&3
sleep 1
printf 's' >&3

for _ in $(seq 300); do
  [ -s "$work/after" ] && break
  sleep 0.2
done
exec 3>&-
wait "$pid" || true

[ -s "$work/after" ] || { echo "smoke: the program did not leave" >&2; kill "$pid" 2>/dev/null; exit 1; }
status=$(cat "$work/status")
[ "$status" = 0 ] || { echo "smoke: make run ended with $status" >&2; exit 1; }
cmp -s "$work/before" "$work/after" || { echo "smoke: the terminal was left changed" >&2; exit 1; }
grep -aq $'\x1b\\[?1049l' "$work/screen" || { echo "smoke: the alternate screen was left on" >&2; exit 1; }
# The same program reads data of other kinds: a folder of Parquet files has the rows of its JSON lines.
tables=Tests/Fixtures/tables
for kind in hub arrow/pairs.lz4.feather csv/pairs.csv; do
  .build/release/workbench rows "$tables/$kind" 2>/dev/null | cmp -s - <(.build/release/workbench rows "$tables/pairs.jsonl" 2>/dev/null) ||
    { echo "smoke: the rows of $kind are not those of its JSON lines" >&2; exit 1; }
done
echo "smoke: make run trained, paused, went on and left the terminal as it was"
