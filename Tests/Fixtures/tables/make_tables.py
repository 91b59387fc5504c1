"""Writes the same preference rows as JSON lines and as files of columns beside itself, with the libraries that people
write such files with: pyarrow 26.0.1, datasets 5.2.0, pandas 3.1.1, polars 2.1.0. Run: python3 make_tables.py"""
import datetime, decimal, json, pathlib, shutil

import datasets, pandas, polars, pyarrow as pa, pyarrow.feather, pyarrow.ipc

here = pathlib.Path(__file__).parent
arrow, csv = here / "arrow", here / "csv"
for folder in (arrow, csv):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def turns(*contents):
    return [{"role": "user" if i % 2 == 0 else "assistant", "content": c} for i, c in enumerate(contents)]


# Texts of preference pairs: of all lengths, with line breaks, quotes, commas, and from beyond ASCII.
answers = [
    ("Blue.", "Plaid."), ("Use a step ladder,\nnot a chair.", "Jump!"), ('She said "yes", twice.', "No\r\nidea."),
    ("Überraschung: 日本語 🎉", "\ttab first"), ("x" * 300, "y, " * 40), ("42", "41"), ("e\u0301 and é", "\\n is two signs"),
]
pairs = [
    {"prompt": f"Question {i}: what now?", "chosen": a, "rejected": b} for i, (a, b) in enumerate(answers * 3)
]
heads = [turns(f"Question {i}?") if i % 3 else turns("Hello", "Good day!", f"Question {i}?") for i in range(21)]
conversations = [
    {"prompt": heads[i], "chosen": heads[i] + turns("", a)[1:], "rejected": heads[i] + turns("", b)[1:],
     "score_chosen": i + 0.5, "score_rejected": -i}
    for i, (a, b) in enumerate(answers * 3)
]
lists = [
    {"prompt": f"Question {i}?", "responses": [a, b, "Green, I think."][: 2 + i % 2], "rewards": [2.5, -1.25, 0.0][: 2 + i % 2]}
    for i, (a, b) in enumerate(answers)
]


def lines(name, rows):
    (here / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


lines("pairs.jsonl", pairs)
lines("conversations.jsonl", conversations)
lines("lists.jsonl", lists)


def stream(path, table, **options):
    chunk = options.pop("chunk", None)
    with pa.ipc.new_stream(str(path), table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=chunk)


def file(path, table, **options):
    with pa.ipc.new_file(str(path), table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=options.pop("chunk", None))


# The layouts of the Arrow columnar format, all of the same three files of rows.
for name, rows in (("pairs", pairs), ("conversations", conversations), ("lists", lists)):
    table = pa.Table.from_pylist(rows)
    stream(arrow / f"{name}.stream.arrow", table, chunk=5)
    file(arrow / f"{name}.arrow", table)
    pyarrow.feather.write_feather(table, arrow / f"{name}.lz4.feather", compression="lz4")
    pyarrow.feather.write_feather(table, arrow / f"{name}.zstd.feather", compression="zstd")
    polars.DataFrame(rows).write_ipc(arrow / f"{name}.polars.arrow")
    polars.DataFrame(rows).write_ipc(arrow / f"{name}.polars.zstd.arrow", compression="zstd")
table = pa.Table.from_pylist(pairs)
stream(arrow / "pairs.legacy.arrow", table, use_legacy_format=True)
file(arrow / "pairs.legacy.file.arrow", table, use_legacy_format=True)
file(arrow / "pairs.dictionary.arrow", pa.table([c.dictionary_encode() for c in table.columns], table.column_names))
stream(
    arrow / "pairs.deltas.arrow", pa.table(
        [pa.chunked_array([c.slice(0, 9).dictionary_encode().combine_chunks(), c.dictionary_encode().combine_chunks().slice(9)])
         for c in table.columns], table.column_names), emit_dictionary_deltas=True)
large = pa.schema([(n, pa.large_utf8()) for n in table.column_names])
file(arrow / "pairs.large.arrow", table.cast(large))
pandas.DataFrame(pairs).to_feather(arrow / "pairs.pandas.feather")
# A message list that `datasets` kept as a struct of lists before 4.0, in columns of large lists.
columnwise = [{k: {n: [m[n] for m in v] for n in ("role", "content")} if isinstance(v, list) else v for k, v in r.items()} for r in conversations]
file(arrow / "conversations.columnwise.arrow", pa.Table.from_pylist(columnwise))

# Every type that is read, beside what JSON says of it; a null in each column.
utc = datetime.timezone.utc
types = {
    "i8": (pa.int8(), [-128, None, 127]), "u8": (pa.uint8(), [0, None, 255]), "i16": (pa.int16(), [-32768, None, 5]),
    "u16": (pa.uint16(), [0, None, 65535]), "i32": (pa.int32(), [-(2**31), None, 7]), "u32": (pa.uint32(), [1, None, 2**32 - 1]),
    "i64": (pa.int64(), [-(2**63), None, 2**63 - 1]), "u64": (pa.uint64(), [1, None, 2**63]),
    "f16": (pa.float16(), [1.5, None, -0.000060975551605224609375]), "f32": (pa.float32(), [0.25, None, -(2.0**100)]),
    "f64": (pa.float64(), [0.1, None, 1e300]), "flag": (pa.bool_(), [True, None, False]), "nothing": (pa.null(), [None] * 3),
    "decimal": (pa.decimal128(9, 2), [decimal.Decimal("-1.10"), None, decimal.Decimal("12345.67")]),
    "text": (pa.utf8(), ["é", None, ""]), "bytes": (pa.binary(), [b"plain", None, b"\xff\x00\x01\x02"]),
    "fixed": (pa.binary(2), [b"ab", None, b"\xfe\xff"]), "large": (pa.large_binary(), [b"x" * 20, None, b""]),
    "view": (pa.string_view(), ["short", None, "longer than twelve bytes"]),
    "date": (pa.date32(), [datetime.date(2024, 2, 29), None, datetime.date(1969, 12, 31)]),
    "date64": (pa.date64(), [datetime.date(2024, 2, 29), None, datetime.date(1600, 3, 1)]),
    "time": (pa.time64("us"), [datetime.time(1, 2, 3, 450000), None, datetime.time(23, 59, 59)]),
    "stamp": (pa.timestamp("ms"), [datetime.datetime(2024, 2, 29, 12, 30, 1, 250000), None, datetime.datetime(1969, 12, 31, 23, 59, 59)]),
    "utc": (pa.timestamp("us", "Europe/Berlin"), [datetime.datetime(2024, 2, 29, 12, tzinfo=utc), None, datetime.datetime(1970, 1, 1, tzinfo=utc)]),
    "duration": (pa.duration("ms"), [datetime.timedelta(seconds=2), None, datetime.timedelta(0)]),
    "pair": (pa.list_(pa.int8(), 2), [[1, 2], None, [3, None]]), "list": (pa.list_(pa.utf8()), [["a", None], None, []]),
    "large_list": (pa.large_list(pa.large_utf8()), [["b"], None, []]),
    "struct": (pa.struct([("a", pa.int8()), ("b", pa.utf8())]), [{"a": 1, "b": None}, None, {"a": None, "b": "c"}]),
    "map": (pa.map_(pa.utf8(), pa.int8()), [[("k", 1)], None, []]), "word": (pa.dictionary(pa.uint8(), pa.utf8()), ["one", None, "two"]),
    "json": (pa.json_(), ['{"a": [1, {"b": null}]}', None, '"text"']),
}


def plain(name, value):
    """The value as JSON has it. Bytes are text where they are, null where not; points in time are ISO 8601."""
    if value is None:
        return None
    if name == "json":
        return json.loads(value)
    if name == "map":
        return dict(value)
    if name == "duration":
        return int(value.total_seconds() * 1000)
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat(timespec="milliseconds" if value.microsecond else "seconds")
        return text + ("Z" if value.tzinfo else "")
    if isinstance(value, datetime.time):
        return value.isoformat(timespec="microseconds" if value.microsecond else "seconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


table = pa.table({n: pa.array(v, t) if n != "json" else pa.array(v, pa.utf8()).cast(pa.utf8()).cast(t) for n, (t, v) in types.items()})
lines("types.jsonl", [{n: plain(n, v[i]) for n, (_, v) in types.items()} for i in range(3)])
file(arrow / "types.arrow", table)
stream(arrow / "types.zstd.arrow", table, compression="zstd")

# Folders as `datasets` writes them.
datasets.disable_progress_bars()
features = datasets.Features({"prompt": datasets.Value("string"), "chosen": datasets.Value("string"), "rejected": datasets.Value("string")})
datasets.Dataset.from_list(pairs, features=features).save_to_disk(str(arrow / "saved"), num_shards=2)
datasets.DatasetDict({
    "train": datasets.Dataset.from_list(conversations), "test": datasets.Dataset.from_list(conversations[:5]),
}).save_to_disk(str(arrow / "saved_dict"))
for path in arrow.rglob("*.json"):
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1, sort_keys=True) + "\n")

# A folder as a hub has it.
hub = here / "hub" / "data"
shutil.rmtree(hub.parent, ignore_errors=True)
hub.mkdir(parents=True)
whole = datasets.Dataset.from_list(pairs, features=features)
for index in range(2):
    whole.shard(2, index, contiguous=True).to_parquet(hub / f"train-{index:05}-of-00002.parquet")
whole.select(range(4)).to_parquet(hub / "test-00000-of-00001.parquet")

# Comma-separated values. Nested columns are JSON where their writer made it so.
frame = pandas.DataFrame(pairs)
frame.to_csv(csv / "pairs.csv", index=False)
frame.to_csv(csv / "pairs.quoted.csv", index=False, quoting=1, lineterminator="\r\n")
frame.to_csv(csv / "pairs.mark.csv.gz", index=False, encoding="utf-8-sig", compression={"method": "gzip", "mtime": 0})
frame.to_csv(csv / "pairs.index.tsv", sep="\t")
polars.DataFrame(pairs).write_csv(csv / "pairs.polars.csv")
nested = pandas.DataFrame([{k: json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for k, v in r.items()} for r in conversations])
nested.to_csv(csv / "conversations.csv", index=False)
pandas.DataFrame([{k: json.dumps(v) if isinstance(v, list) else v for k, v in r.items()} for r in lists]).to_csv(csv / "lists.csv", index=False)
pandas.DataFrame(conversations).to_csv(csv / "python.csv", index=False)
