#!/usr/bin/env python3
"""Writes the Parquet files of corpus/parquet with Apache Arrow's own writer: pip install pyarrow, then run this.

They are committed; it only has to run again for another case. The tests of src/kernels know what is in them.
"""
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).resolve().parent / "corpus" / "parquet"
TABLE = pa.table({
    "gemm_dtype": ["bfloat16"] * 9 + ["fp8"] * 5 + [None],
    "m": pa.array([1, 2, 4, 8, 16, 32, 64, 128, None, 1, 2, 4, 8, 16, 32], pa.int64()),
    "latency": [0.5 * i for i in range(15)],
})


def write(name, table=TABLE, **options):
    pq.write_table(table, FOLDER / (name + ".parquet"), store_schema=False, write_statistics=False, **options)


FOLDER.mkdir(exist_ok=True)
write("zstd", compression="zstd")
write("snappy", compression="snappy")
write("row_groups", compression="zstd", row_group_size=4)
write("plain", compression="none", use_dictionary=False)
write("small_pages", compression="snappy", data_page_size=8, write_batch_size=4)
write("empty", TABLE.slice(0, 0), compression="zstd")
# What the plan of an end-to-end test reads: all-reduces.
write("reduce", pa.table({"num_gpus": [2, 4, 2, 4], "message_size": [8192, 8192, 1 << 20, 1 << 20],
                          "latency": [0.01, 0.01, 0.05, 0.06]}), compression="zstd")
# What is refused.
write("page_version_2", compression="zstd", data_page_version="2.0")
write("gzip", compression="gzip")
write("delta", compression="zstd", use_dictionary=False, column_encoding={"m": "DELTA_BINARY_PACKED"})
write("narrow_integers", pa.table({"m": pa.array([1, 2], pa.int32())}))
write("lists", pa.table({"m": [[1, 2], [3]]}))
