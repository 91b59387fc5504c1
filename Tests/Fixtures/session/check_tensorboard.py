"""Reads an event file of `workbench sessions export S --tensorboard` with TensorBoard's own reader and compares it
with the CSV of the same session, all values and steps. Not part of the test suite.

    workbench sessions export S --csv --to s.csv
    workbench sessions export S --tensorboard --to logs
    python check_tensorboard.py logs s.csv

Written with tensorboard 2.21 (pip install tensorboard).
"""

import csv
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def main(logs: str, table: str) -> None:
    events = EventAccumulator(logs, size_guidance={"scalars": 0})
    events.Reload()
    found = {tag: {e.step: e.value for e in events.Scalars(tag)} for tag in events.Tags()["scalars"]}
    compared = 0
    with open(table, newline="") as file:
        for row in csv.DictReader(file):
            for name, text in row.items():
                if name in ("step", "time") or not text:
                    continue
                tag = "eval/" + name[5:] if name.startswith("eval_") else "train/" + name
                value = struct.unpack("f", struct.pack("f", float(text)))[0]
                assert found[tag][int(row["step"])] == value, (tag, row["step"], value)
                compared += 1
    assert compared == sum(len(values) for values in found.values()), "tags that the CSV lacks"
    print(f"{compared} values in {len(found)} tags are the same")


if __name__ == "__main__":
    main(*sys.argv[1:])
