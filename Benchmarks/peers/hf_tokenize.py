"""HF tokenizers on the data file's `chosen` texts, one thread; prints speed and a checksum of all ids as JSON."""
import argparse
import json
import os
import time
import zlib

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
import numpy
from pairs import rows_of
from tokenizers import Tokenizer

p = argparse.ArgumentParser()
p.add_argument("model")
p.add_argument("data")
p.add_argument("--rounds", type=int, default=3)
a = p.parse_args()

tokenizer = Tokenizer.from_file(a.model + "/tokenizer.json")
texts = [row["chosen"] for row in rows_of(a.data)]
size = sum(len(text.encode()) for text in texts)
speeds = []
for _ in range(a.rounds):
    begin = time.perf_counter()
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    one_by_one = time.perf_counter() - begin
    begin = time.perf_counter()
    tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    batch = time.perf_counter() - begin
    speeds.append(size * 1e-6 / min(one_by_one, batch))
checksum = 0
for row in ids:
    checksum = zlib.crc32(numpy.array(row, dtype="<i4").tobytes(), checksum)
print("\n" + json.dumps({"mb_per_s": speeds, "tokens": sum(map(len, ids)), "checksum": f"{checksum:08x}"}))
