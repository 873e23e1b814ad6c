"""Reading Parquet files that come from anyone: a file of kilobytes can unpack to terabytes of the same value."""

import io
from typing import Any, Final

MOST_UNPACKED: Final = 1_000_000_000
"""Most bytes of a table in memory."""

_MIN_CELL_BYTES: Final = 8


def unpacked(data: bytes, most: int = MOST_UNPACKED) -> Any:
    """The `pyarrow.Table` in the bytes of a Parquet file, after its size in memory was computed.

    Text is first read as a dictionary with indices, which is small however often a long text is repeated. That can be
    done with columns of text alone, so text within lists, structures or maps is refused.

    Raises:
        ValueError: it unpacks to more than `most` bytes, a text column is no UTF-8, or a column is nested text.
        pyarrow.ArrowException: the file is damaged.
        OSError: the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(io.BytesIO(data))
    texts = [column.name for column in schema if _is_text(column.type)]
    file = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts)
    _refuse_other_text(file.schema, {*texts, *(each.name for each in schema if pa.types.is_dictionary(each.type))})
    _check(_cells_bytes(file.metadata, file.schema, schema), most)
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


def _refuse_other_text(leaves: Any, known: set[str]) -> None:
    """Let no column of text pass whose size cannot be known before it is unpacked."""
    all_ = [leaves.column(n) for n in range(len(leaves))]
    is_unique = len({leaf.path for leaf in all_}) == len(all_)  # else a nested one might bear the name of a known one
    for leaf in all_:
        if leaf.physical_type == "BYTE_ARRAY" and not (is_unique and leaf.path in known):
            raise ValueError("a column holds text within something else, or of a kind that is not read")


def _cells_bytes(metadata: Any, leaves: Any, schema: Any) -> int:
    """Bytes of all cells as the file announces them, those of text left out."""
    widths = [_width(column.type) for column in schema]
    fixed = [int(leaves.column(n).length) for n in range(len(leaves))]  # of binary cells of one length; else 0
    wide = max([_MIN_CELL_BYTES, *widths, *fixed])  # a nested column has several in the file: any may be the widest
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
