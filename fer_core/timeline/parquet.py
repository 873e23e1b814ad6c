"""Reading Parquet files that come from anyone: a file of kilobytes can unpack to terabytes of the same value."""

import io
from typing import Any, Final

MOST_UNPACKED: Final = 1_000_000_000
"""Most bytes of a table in memory."""

_MIN_CELL_BYTES: Final = 8


def unpacked(data: bytes, most: int = MOST_UNPACKED) -> Any:
    """The `pyarrow.Table` in the bytes of a Parquet file, after its size in memory was computed.

    Text is first read as a dictionary with indices, which is small however often a long text is repeated.

    Raises:
        ValueError: it unpacks to more than `most` bytes, or a text column is no UTF-8.
        pyarrow.ArrowException: the file is damaged.
        OSError: the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(io.BytesIO(data))
    texts = [column.name for column in schema if _is_text(column.type)]
    file = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts)
    _check(_cells_bytes(file.metadata, schema), most)
    table = file.read(use_threads=False)
    repeated = [place for place, column in enumerate(table.schema) if pa.types.is_dictionary(column.type)]
    _check(table.nbytes + sum(_text_bytes(table.column(place)) for place in repeated), most)
    for place in repeated:
        column = table.schema.field(place)
        plain = table.column(place).cast(column.type.value_type)
        table = table.set_column(place, column.with_type(column.type.value_type), plain)
    return table


def _check(found: int, most: int) -> None:
    if found > most:
        raise ValueError(f"the table unpacks to {found:,} bytes, more than the {most:,} allowed")


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))


def _cells_bytes(metadata: Any, schema: Any) -> int:
    """Bytes of all cells as the file announces them, those of text left out."""
    widths = [_width(column.type) for column in schema]
    wide = max([_MIN_CELL_BYTES, *widths])  # a nested column has several in the file, so any may be the widest
    groups = (metadata.row_group(n) for n in range(metadata.num_row_groups))
    cells = sum(group.column(n).num_values for group in groups for n in range(metadata.num_columns))
    return int(cells) * wide


def _width(kind: Any) -> int:
    try:
        return int(kind.bit_width) // 8
    except ValueError:  # a type without a fixed width
        return _MIN_CELL_BYTES


def _text_bytes(column: Any) -> int:
    """Bytes of a dictionary column once every index is replaced by its text."""
    import pyarrow.compute as pc

    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary).cast("int64")
        total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    return total
