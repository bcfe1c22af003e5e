"""HDF5 files of strangers: everything in one is checked before anything is read from it.

What is let through is what Keras writes: groups, plain numeric datasets stored inside the
file, and attributes of text or numbers. HDF5 can do far more (links to other files, raw data
in other files, virtual datasets, filters from plug-ins, shapes that no storage stands
behind), and each of these has been a way to read a victim's files or to fill their memory
(CVE-2026-1669, CVE-2026-0897).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import h5py
import numpy as np

from eip_cli.foundation.errors import CheckpointError

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Far above the networks that 32x32 images call for, far below a laptop's memory.
MAX_DATA_BYTES = 512 * 2**20
MAX_OBJECTS = 20_000
MAX_DEPTH = 64
MAX_ATTRIBUTES = 64
MAX_ATTRIBUTE_BYTES = 16 * 2**20
MAX_NAMES = 100_000
MAX_RANK = 8
PLAIN_ATTRIBUTES = frozenset({h5py.h5t.STRING, h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM})


@contextmanager
def open_h5(content: bytes) -> Iterator[h5py.File]:
    """Open the content of an HDF5 file, held in memory, after checking all of it.

    Raises CheckpointError where it is damaged or holds anything but groups, plain numeric
    datasets and plain attributes.
    """
    try:
        file = h5py.File(h5py.h5f.open_file_image(content))
    except Exception as error:
        raise CheckpointError("a damaged or truncated HDF5 file: download or copy it again") from error
    with file:
        try:
            _check_tree(file, len(content))
        except CheckpointError:
            raise
        except Exception as error:  # the library reports damage by many types
            raise CheckpointError("a damaged HDF5 file") from error
        yield file


def read_array(dataset: h5py.Dataset) -> np.ndarray:
    """The values of a checked dataset. Raises CheckpointError where its storage is damaged."""
    try:
        return np.asarray(dataset[()])
    except Exception as error:
        raise CheckpointError(f"dataset {dataset.name!a} is damaged") from error


def read_text(item: h5py.Group, name: str) -> str | None:
    """A text attribute, or None where there is none. Raises CheckpointError where it is no text."""
    if name not in item.attrs:
        return None
    return _text(_attribute(item, name), name)


def read_names(item: h5py.Group, name: str) -> list[str] | None:
    """A list of names, which Keras splits over ``name0``, ``name1``, ... where it is long."""
    if name in item.attrs:
        return [_text(value, name) for value in np.atleast_1d(_attribute(item, name))]
    names: list[str] = []
    part = 0
    while f"{name}{part}" in item.attrs:
        names += [_text(value, name) for value in np.atleast_1d(_attribute(item, f"{name}{part}"))]
        part += 1
    return names if part else None


def _attribute(item: h5py.Group, name: str):  # type: ignore[no-untyped-def]  # any attribute's type
    try:
        return item.attrs[name]
    except Exception as error:
        raise CheckpointError(f"attribute {name!a} is damaged") from error


def _text(value: object, name: str) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CheckpointError(f"attribute {name!a} is not text") from error
    if isinstance(value, str):
        return value
    raise CheckpointError(f"attribute {name!a} is not text")


def _check_tree(file: h5py.File, size: int) -> None:
    """Walk every object once. Iterative, because a hostile file may nest or loop without end."""
    pending = [(file.id, "", 0)]
    seen = {h5py.h5o.get_info(file.id).addr}
    data_bytes = 0
    while pending:
        group, path, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise CheckpointError(f"HDF5 groups nested more than {MAX_DEPTH} deep")
        _check_attributes(group, path or "/")
        links = h5py.h5g.open(group, b"/") if isinstance(group, h5py.h5f.FileID) else group
        if len(seen) + links.get_num_objs() > MAX_OBJECTS:
            raise CheckpointError(f"more than {MAX_OBJECTS:,} HDF5 objects")
        for name in links:
            child_path = f"{path}/{name.decode('utf-8', 'replace')}"
            _check_link(links, name, child_path)
            info = h5py.h5o.get_info(links, name)
            if info.addr in seen:
                raise CheckpointError(f"HDF5 hard link {child_path!a} leads to an object seen before")
            seen.add(info.addr)
            if info.type == h5py.h5o.TYPE_GROUP:
                pending.append((h5py.h5g.open(links, name), child_path, depth + 1))
            elif info.type == h5py.h5o.TYPE_DATASET:
                dataset = h5py.h5d.open(links, name)
                _check_attributes(dataset, child_path)
                data_bytes += _check_dataset(dataset, child_path, size)
                if data_bytes > MAX_DATA_BYTES:
                    raise CheckpointError(f"HDF5 datasets that declare more than {MAX_DATA_BYTES:,} bytes")
            else:
                raise CheckpointError(f"{child_path!a} is neither an HDF5 group nor a dataset")


def _check_link(group: h5py.h5g.GroupID, name: bytes, path: str) -> None:
    kind = group.links.get_info(name).type
    if kind == h5py.h5l.TYPE_HARD:
        return
    kinds = {h5py.h5l.TYPE_SOFT: "soft", h5py.h5l.TYPE_EXTERNAL: "external"}
    raise CheckpointError(f"{path!a} is an HDF5 {kinds.get(kind, 'user-defined')} link")


def _check_attributes(item: h5py.h5g.GroupID | h5py.h5d.DatasetID, path: str) -> None:
    count = h5py.h5a.get_num_attrs(item)
    if count > MAX_ATTRIBUTES:
        raise CheckpointError(f"{path!a} has {count:,} HDF5 attributes")
    for index in range(count):
        attribute = h5py.h5a.open(item, index=index)
        name = attribute.name.decode("utf-8", "replace")
        stored_type = attribute.get_type()
        if stored_type.get_class() not in PLAIN_ATTRIBUTES:
            raise CheckpointError(f"HDF5 attribute {name!a} of {path!a} is neither text nor numbers")
        values = math.prod(attribute.shape or ())
        if values > MAX_NAMES or values * stored_type.get_size() > MAX_ATTRIBUTE_BYTES:
            raise CheckpointError(f"HDF5 attribute {name!a} of {path!a} is too large")


def _check_dataset(dataset: h5py.h5d.DatasetID, path: str, file_size: int) -> int:
    """The bytes that the dataset takes in memory, once nothing about it can read or fill more."""
    stored_type = dataset.get_type()
    if stored_type.get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT) or stored_type.get_size() > 8:
        raise CheckpointError(f"HDF5 dataset {path!a} does not hold plain numbers")
    properties = dataset.get_create_plist()
    layout = properties.get_layout()
    if layout == h5py.h5d.VIRTUAL:
        raise CheckpointError(f"{path!a} is an HDF5 virtual dataset, which reads other files")
    if properties.get_external_count():
        raise CheckpointError(f"HDF5 dataset {path!a} is kept in an external file")
    if properties.get_nfilters():
        # The library inflates a chunk to its end, whatever size the chunk should have.
        raise CheckpointError(f"HDF5 dataset {path!a} is compressed or filtered, which Keras never writes")
    space = dataset.get_space()
    if space.get_simple_extent_type() == h5py.h5s.NULL or len(dataset.shape) > MAX_RANK:
        raise CheckpointError(f"HDF5 dataset {path!a} is not a plain array")
    declared = math.prod(dataset.shape) * stored_type.get_size()
    chunked = layout == h5py.h5d.CHUNKED
    claimed = max(declared, math.prod(properties.get_chunk()) * stored_type.get_size() if chunked else 0)
    stored = dataset.get_storage_size()
    if declared and claimed > min(stored, file_size):
        raise CheckpointError(
            f"HDF5 dataset {path!a} declares shape {dataset.shape} and stores {stored:,} bytes of it"
        )
    if claimed > MAX_DATA_BYTES:
        raise CheckpointError(f"HDF5 dataset {path!a} declares {claimed:,} bytes")
    return declared
