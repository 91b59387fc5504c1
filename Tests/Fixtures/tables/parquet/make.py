"""Makes the Parquet fixtures: the same preference rows as different libraries write them, a file of every type, and the
rows that they hold as JSON lines.

    python make.py

Made with pyarrow 26.0.1, polars 2.1.0, duckdb 2.0.1, datasets 5.2.0.
"""

import datetime
import json
import random
import uuid
from decimal import Decimal
from pathlib import Path

import datasets
import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
ROWS = 40

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SCHEMA = pa.schema([
    ("prompt", pa.string()), ("chosen", MESSAGES), ("rejected", MESSAGES), ("tags", pa.list_(pa.string())),
    ("scores", pa.list_(pa.float64())), ("score", pa.float64()), ("votes", pa.int64()), ("safe", pa.bool_()),
    ("meta", pa.struct([("source", pa.string()), ("turns", pa.list_(pa.list_(pa.int64())))])),
])
TEXTS = ["", "a", "yes", "user", "Grüße", "日本語のテキスト", "🙂 🙃", "tab\tquote\" backslash\\ line\nend",
         "The quick brown fox. " * 8]


def preferences(seed):
    """Rows with nulls at every level, empty lists, texts in several scripts."""
    draw = random.Random(seed)

    def maybe(make, nulls=0.15):
        return None if draw.random() < nulls else make()

    def several(make, most):
        return [make() for _ in range(draw.randint(0, most))]

    def text():
        return draw.choice(TEXTS) + (str(draw.randint(0, 999)) if draw.random() < 0.5 else "")

    def message():
        return {"role": maybe(lambda: draw.choice(["system", "user", "assistant"])), "content": maybe(text)}

    def messages():
        return several(lambda: maybe(message), 3)

    return [{
        "prompt": maybe(text), "chosen": maybe(messages), "rejected": maybe(messages),
        "tags": maybe(lambda: several(lambda: maybe(text), 4)),
        "scores": maybe(lambda: several(lambda: maybe(lambda: draw.uniform(-5, 5)), 4)),
        "score": maybe(lambda: draw.choice([0.0, 1.5, draw.uniform(-1, 1), 1e300])),
        "votes": maybe(lambda: draw.choice([0, 1, -7, 2**62, draw.randint(0, 100)])),
        "safe": maybe(lambda: draw.random() < 0.5),
        "meta": maybe(lambda: {
            "source": maybe(text),
            "turns": maybe(lambda: several(lambda: maybe(lambda: several(
                lambda: maybe(lambda: draw.randint(-3, 300)), 3)), 3)),
        }),
    } for _ in range(ROWS)]


def write_lines(name, rows):
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (HERE / name).write_text("".join(lines), encoding="utf-8", newline="\n")


def write_preferences():
    rows = preferences(5)
    write_lines("preferences.jsonl", rows)
    table = pa.Table.from_pylist(rows, schema=SCHEMA)

    def arrow(name, **options):
        pq.write_table(table, HERE / f"preferences-pyarrow-{name}.parquet", **{"write_statistics": False} | options)

    for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
        arrow(f"v1-{codec}", compression=codec)
        arrow(f"v2-{codec}", compression=codec, data_page_version="2.0", use_dictionary=False)
    texts = ["prompt", "chosen.list.element.role", "chosen.list.element.content", "rejected.list.element.content",
             "tags.list.element", "meta.source"]
    whole = ["votes", "meta.turns.list.element.list.element"]
    numbers = ["scores.list.element", "score"]
    plain = dict(use_dictionary=False, compression="none")
    arrow("delta", **plain, data_page_size=100, column_encoding=dict.fromkeys(texts, "DELTA_LENGTH_BYTE_ARRAY")
          | dict.fromkeys(whole, "DELTA_BINARY_PACKED") | {"safe": "RLE"})
    arrow("prefix", **plain, column_encoding=dict.fromkeys(texts, "DELTA_BYTE_ARRAY"), data_page_version="2.0")
    arrow("split", **plain, column_encoding=dict.fromkeys(numbers + whole, "BYTE_STREAM_SPLIT"))
    arrow("groups-of-7", row_group_size=7)
    arrow("small-pages", data_page_size=64, write_batch_size=4, write_page_checksum=True, write_statistics=True)
    arrow("item", use_compliant_nested_type=False)
    arrow("fallback", dictionary_pagesize_limit=40, write_batch_size=8, data_page_size=64)

    # Row groups of a thousand rows, of none, and of the rest.
    flat = [{"number": index, "word": None if index % 5 == 0 else f"word {index % 13}"} for index in range(2_100)]
    flat = pa.Table.from_pylist(flat)
    with pq.ParquetWriter(HERE / "thousands-pyarrow.parquet", flat.schema) as writer:
        for start, end in [(0, 1_000), (1_000, 1_000), (1_000, 2_000), (2_000, 2_100)]:
            writer.write_table(flat.slice(start, end - start))
    pq.write_table(table.slice(0, 0), HERE / "empty-pyarrow.parquet")

    frame = polars.from_arrow(table)
    for codec in ["zstd", "lz4", "gzip", "snappy"]:
        frame.write_parquet(HERE / f"preferences-polars-{codec}.parquet", compression=codec)
    duckdb.register("rows", table)
    for version, codec in [("V1", "snappy"), ("V2", "snappy"), ("V2", "zstd"), ("V2", "lz4_raw")]:
        target = HERE / f"preferences-duckdb-{version.lower()}-{codec}.parquet"
        duckdb.sql(f"COPY rows TO '{target}' (FORMAT parquet, PARQUET_VERSION {version}, COMPRESSION {codec})")
    dataset = datasets.Dataset(table)
    dataset.to_parquet(HERE / "preferences-datasets.parquet")


def write_types():
    """One file with a column of every type, and what its values are in JSON."""
    day = datetime.date
    moment = datetime.datetime
    columns = [
        ("int8", pa.int8(), [-128, 127], None), ("int16", pa.int16(), [-32768, 32767], None),
        ("int32", pa.int32(), [-2**31, 2**31 - 1], None), ("int64", pa.int64(), [-2**63, 2**63 - 1], None),
        ("uint8", pa.uint8(), [0, 255], None), ("uint16", pa.uint16(), [0, 65535], None),
        ("uint32", pa.uint32(), [0, 2**32 - 1], None), ("uint64", pa.uint64(), [1, 2**64 - 1], [1, float(2**64 - 1)]),
        ("half", pa.float16(), [-1.5, 0.0999755859375], None),
        ("float", pa.float32(), [0.5, 3.0000000054977558e38], None),
        ("double", pa.float64(), [0.1, -5e-324], None), ("bool", pa.bool_(), [True, False], None),
        ("date", pa.date32(), [day(1969, 12, 31), day(2024, 2, 29)], ["1969-12-31", "2024-02-29"]),
        ("old date", pa.date32(), [day(1, 1, 1), day(9999, 12, 31)], ["0001-01-01", "9999-12-31"]),
        ("moment ms", pa.timestamp("ms"), [moment(2001, 2, 3, 4, 5, 6), moment(1900, 1, 1, 0, 0, 0, 7000)],
         ["2001-02-03T04:05:06", "1900-01-01T00:00:00.007"]),
        ("moment us UTC", pa.timestamp("us", tz="UTC"),
         [moment(2001, 2, 3, 4, 5, 6, 78), moment(1969, 12, 31, 23, 59, 59)],
         ["2001-02-03T04:05:06.000078Z", "1969-12-31T23:59:59Z"]),
        ("moment ns", pa.timestamp("ns"), [1, -1], ["1970-01-01T00:00:00.000000001", "1969-12-31T23:59:59.999999999"]),
        ("time ms", pa.time32("ms"), [datetime.time(1, 2, 3), datetime.time(23, 59, 59, 999000)],
         ["01:02:03", "23:59:59.999"]),
        ("time us", pa.time64("us"), [datetime.time(0), datetime.time(12, 0, 0, 1)], ["00:00:00", "12:00:00.000001"]),
        ("time ns", pa.time64("ns"), [5, 86_399_999_999_999], ["00:00:00.000000005", "23:59:59.999999999"]),
        ("decimal 9", pa.decimal128(9, 2), [Decimal("-1234567.89"), Decimal("0.01")], [-1234567.89, 0.01]),
        ("decimal 38", pa.decimal128(38, 10), [Decimal("-1234567890123456789012345678.0123456789"), Decimal("1.5")],
         [-1234567890123456789012345678.0123456789, 1.5]),
        ("binary", pa.binary(), ["Grüße".encode(), b"\xff\xfe"], ["Grüße", None]),
        ("fixed", pa.binary(3), [b"abc", b"\x80\x80\x80"], ["abc", None]),
        ("word", pa.dictionary(pa.int32(), pa.string()), ["x", "y"], None),
        ("nothing", pa.null(), [None, None], None),
        ("map", pa.map_(pa.string(), pa.int64()), [[("b", 1), ("a", None)], []], [{"b": 1, "a": None}, {}]),
        ("number map", pa.map_(pa.int32(), pa.string()), [[(7, "x"), (8, None)], []],
         [[{"key": 7, "value": "x"}, {"key": 8, "value": None}], []]),
        ("fixed list", pa.list_(pa.int32(), 2), [[1, 2], [3, None]], None),
    ]
    extra = {
        "uuid": (pa.array([uuid.UUID(int=1).bytes, uuid.UUID(int=2**127).bytes], pa.uuid()),
                 ["00000000-0000-0000-0000-000000000001", "80000000-0000-0000-0000-000000000000"]),
        "json": (pa.array(['[{"role": "user", "content": "hi"}, 1.5]', "not JSON"], pa.json_()),
                 [[{"role": "user", "content": "hi"}, 1.5], "not JSON"]),
    }
    arrays = {name: pa.array(values + [None], type) for name, type, values, _ in columns}
    arrays |= {name: pa.concat_arrays([values, pa.nulls(1, values.type)]) for name, (values, _) in extra.items()}
    wanted = {name: (wanted or values) for name, _, values, wanted in columns} | {n: w for n, (_, w) in extra.items()}
    write_lines("types.jsonl", [{name: (values + [None])[row] for name, values in wanted.items()} for row in range(3)])
    pq.write_table(pa.table(arrays), HERE / "types-pyarrow.parquet", write_statistics=False)
    pq.write_table(pa.table(arrays), HERE / "types-pyarrow-split.parquet", write_statistics=False, use_dictionary=False,
                   data_page_version="2.0", store_schema=False,
                   column_encoding={name: "BYTE_STREAM_SPLIT" for name in ["half", "float", "double", "fixed", "int32"]}
                   | {"decimal 38": "DELTA_BYTE_ARRAY", "int64": "DELTA_BINARY_PACKED"})

    # Timestamps as Spark and Impala wrote them.
    moments = pa.table({"moment": pa.array([moment(2001, 2, 3, 4, 5, 6, 78), moment(1969, 12, 31, 23, 59, 59), None])})
    write_lines("int96.jsonl", [
        {"moment": words} for words in ["2001-02-03T04:05:06.000078000", "1969-12-31T23:59:59", None]])
    pq.write_table(moments, HERE / "int96-pyarrow.parquet", use_deprecated_int96_timestamps=True)

    duckdb.sql(f"""COPY (SELECT INTERVAL '14 months 3 days 1500 milliseconds' AS span,
        '12345678-1234-1234-1234-123456789abc'::UUID AS id, 1234.5::DECIMAL(18, 3) AS price,
        TIME '24:00:00' AS midnight,
        TIMESTAMPTZ '2001-02-03 04:05:06+00' AS moment, '{{"a": [1]}}'::JSON AS json, 'x'::ENUM('x', 'y') AS choice,
        MAP {{'k': 'v'}} AS map, {{'a': NULL, 'b': [NULL, 'c']}} AS struct, DATE '-44-03-15' AS ides
        ) TO '{HERE / "types-duckdb.parquet"}' (FORMAT parquet)""")
    write_lines("types-duckdb.jsonl", [{
        "span": "P14M3DT1.500S", "id": "12345678-1234-1234-1234-123456789abc", "price": 1234.5, "midnight": "24:00:00",
        "moment": "2001-02-03T04:05:06Z", "json": {"a": [1]}, "choice": "x", "map": {"k": "v"},
        "struct": {"a": None, "b": [None, "c"]}, "ides": "-0044-03-15"}])


if __name__ == "__main__":
    write_preferences()
    write_types()
