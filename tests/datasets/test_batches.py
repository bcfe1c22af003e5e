"""Batch files: what is read, and what a hostile or damaged one cannot do."""

import pickle
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eip_cli.datasets.cifar10 import CIFAR10
from eip_cli.datasets.reading import cifar_files
from eip_cli.foundation.errors import DataError

N_IMAGES = 6
IMAGES = np.random.default_rng(0).integers(0, 256, (N_IMAGES, 3072), np.uint8)
LABELS = [3, 0, 9, 1, 1, 7]
FILE_NAMES = [f"picture_{number}.png" for number in range(N_IMAGES)]
BATCH = {"batch_label": "testing batch", "labels": LABELS, "data": IMAGES, "filenames": FILE_NAMES}


def read_batch(content: bytes, where: str) -> tuple[np.ndarray, np.ndarray]:
    return cifar_files.read_batch(content, where, CIFAR10)


def with_bytes(batch: dict[str, Any]) -> dict[bytes, Any]:
    """What Python 3 makes of Python 2's batch, read with encoding="bytes"."""
    names = [name.encode() for name in FILE_NAMES]
    return {key.encode(): value for key, value in (batch | {"filenames": names}).items()}


def python2_batch(dtype: bytes = b"u1", shape: bytes = b"K\x06M\x00\x0c\x86", state: bytes = b"t") -> bytes:
    """The opcodes of the original files: protocol 2, with byte strings, by the NumPy of 2009."""
    content = IMAGES.tobytes()
    return (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04"
        b"K\x00\x85U\x01b\x87Rq\x05(K\x01" + shape + b"cnumpy\ndtype\nq\x06U" + bytes([len(dtype)]) + dtype
        + b"K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + struct.pack("<i", len(content)) + content + state + b"b"
        + b"U\x06labelsq\x08]q\x09(" + b"".join(b"K" + bytes([label]) for label in LABELS) + b"eu."
    )  # fmt: skip


def assert_is_the_batch(content: bytes) -> None:
    images, labels = read_batch(content, "data_batch_1")
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(images, IMAGES)
    assert labels.tolist() == LABELS


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("batch", [BATCH, with_bytes(BATCH)], ids=["text keys", "bytes keys"])
def test_every_protocol_of_python_3_is_read(batch: dict[Any, Any], protocol: int) -> None:
    assert_is_the_batch(pickle.dumps(batch, protocol))


def test_the_original_form_by_python_2_is_read() -> None:
    content = python2_batch()
    assert pickle.loads(content, encoding="latin-1")["labels"] == LABELS  # it is a true pickle
    assert_is_the_batch(content)


def test_batches_of_numpy_1_and_numpy_2_are_read() -> None:
    content = pickle.dumps(BATCH, 2)
    for module in (b"numpy.core.multiarray", b"numpy._core.multiarray"):
        assert_is_the_batch(content.replace(b"numpy._core.multiarray", module))


def test_pickles_of_the_python_implementation_are_read() -> None:
    assert_is_the_batch(pickle._dumps(BATCH, 4))  # type: ignore[attr-defined]


def test_other_layouts_of_the_arrays_are_read() -> None:
    assert_is_the_batch(pickle.dumps(BATCH | {"data": np.asfortranarray(IMAGES)}))
    for dtype in ("<i8", ">i4", "u1"):
        assert_is_the_batch(pickle.dumps(BATCH | {"labels": np.array(LABELS, dtype)}))


class Calls:
    """Pickles as a call, which Python's own unpickler would carry out."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.reduced = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduced


def reconstruct_call(*arguments: Any) -> Calls:
    return Calls(IMAGES.__reduce__()[0], *arguments)


def data_is(opcodes: bytes) -> bytes:
    """A batch whose images are whatever these opcodes push."""
    return b"\x80\x04}(X\x04\x00\x00\x00data" + opcodes + b"X\x06\x00\x00\x00labels](K\x01eu."


# Thirty tuples of twice the one before: hashing, comparing or printing the last takes 2**30 steps.
NESTED_TUPLE = b")" + b"q\x010h\x01h\x01\x86" * 30
TEXT_OF_A_MEGABYTE = b"X\x00\x00\x10\x00" + b"x" * 2**20
ENCODE = b"c_codecs\nencode\nq\x02"


def marker_pickles(marker: Path) -> dict[str, bytes]:
    """Pickles that make the file ``marker`` wherever one of their calls is carried out."""
    touch = f"open({str(marker)!r}, 'w')".encode()
    path = str(marker).encode()
    return {
        "a call of exec": pickle.dumps(BATCH | {"data": Calls(exec, touch.decode())}),
        "a call of os.mkdir": data_is(b"cposix\nmkdir\n(V" + path + b"\ntR"),
        "a call by INST": data_is(b"(S" + repr(touch.decode()).encode() + b"\nibuiltins\neval\n"),
        "a call by OBJ": data_is(b"(cbuiltins\neval\nV" + touch + b"\no"),
        "a class by NEWOBJ": data_is(b"c_io\nFileIO\n(V" + path + b"\nVw\nt\x81"),
        "numpy's own file writer": data_is(b"cnumpy\nsave\n(V" + path + b"\nK\x01tR"),
        "a name by STACK_GLOBAL": data_is(b"\x8c\x02os\x8c\x05mkdir\x93(V" + path + b"\ntR"),
        "a dotted name": data_is(b"\x8c\x05numpy\x8c\x0cndarray.dump\x93(NV" + path + b"\ntR"),
        "a state with code": data_is(b"cnumpy\nndarray\n}Vx\ncbuiltins\neval\nsb"),
    }


MARKER_PICKLES = list(marker_pickles(Path("marker")))


@pytest.mark.parametrize("what", MARKER_PICKLES)
def test_a_batch_cannot_run_code(what: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    with pytest.raises(DataError, match="data_batch_1 was refused") as refusal:
        read_batch(marker_pickles(marker)[what], "data_batch_1")
    assert "\n" not in str(refusal.value)
    assert not marker.exists()


HOSTILE = {
    "objects in an array": pickle.dumps(BATCH | {"data": np.array([[{}]], object)}),
    "an object type by hand": python2_batch(dtype=b"O8"),
    "a structured type": pickle.dumps(BATCH | {"data": np.zeros(3, [("a", "u1")])}),
    "a subclass of an array": pickle.dumps(BATCH | {"data": np.ma.array([1])}),
    "a huge empty array": pickle.dumps(BATCH | {"data": reconstruct_call(np.ndarray, (2**40,), b"b")}),
    "a huge shape": python2_batch(shape=b"\x8a\x05\x00\x00\x00\x00\x40M\x00\x0c\x86"),
    "a shape that does not fit": python2_batch(shape=b"K\x07M\x00\x0c\x86"),
    "a negative shape": python2_batch(shape=b"J\xfa\xff\xff\xffJ\x00\xf4\xff\xff\x86"),
    "a shape of tuples": python2_batch(shape=NESTED_TUPLE),
    "a state that is no tuple": data_is(b"cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85RK\x01b"),
    "a state for a list": data_is(b"]]b"),
    "a byte order of tuples": data_is(
        b"cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85R(K\x03" + NESTED_TUPLE + b"tb"
    ),
    "a type of tuples": data_is(b"cnumpy\ndtype\n" + NESTED_TUPLE + b"\x85R"),
    "a name of tuples": data_is(NESTED_TUPLE + NESTED_TUPLE + b"\x93"),
    "tuples as a key": data_is(b"}" + NESTED_TUPLE + b"K\x01s"),
    "tuples called": data_is(NESTED_TUPLE + b")R"),
    "a codec that unpacks": data_is(b"c_codecs\nencode\n(X\x01\x00\x00\x00xX\x03\x00\x00\x00hext" + b"R"),
    "text encoded a thousand times": data_is(
        b"("
        + TEXT_OF_A_MEGABYTE
        + b"q\x01"
        + ENCODE
        + (b"h\x02h\x01X\x06\x00\x00\x00latin1\x86R" * 1000)
        + b"l"
    ),
    "sets": data_is(b"\x8f" * 1000),
    "a million lists": data_is(b"(" + b"]" * 1_000_000 + b"l"),
    "lists in lists": data_is(b"]" * 200_000 + b"a" * 199_999),
    "a reference outside": data_is(b"Vhttp://example.org\nQ"),
    "a buffer outside": data_is(b"\x97"),
    "an extension": data_is(b"\x82\x01"),
    "bytes of a terabyte": data_is(b"\x8e" + struct.pack("<Q", 2**40)),
    "a byte array of a terabyte": data_is(b"\x96" + struct.pack("<Q", 2**40)),
    "a number of two billion digits": data_is(b"\x8b" + struct.pack("<i", 2**31 - 1)),
    "a number of a million digits": data_is(b"I" + b"9" * 1_000_000 + b"\n"),
    "a frame of exabytes": b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"}.",
    "a far memo": data_is(b"K\x01r\xff\xff\xff\xff"),
    "a memo never set": data_is(b"h\x63"),
    "an unknown opcode": data_is(b"\xff"),
    "terminal controls in a name": data_is(b"\x8c\x05a\x1b[2J\x8c\x03b\nc\x93"),
    "nothing": b"",
    "text": b"<html>Please log in</html>",
    "an array file": b"\x93NUMPY\x01\x00",
    "zeros": bytes(4096),
    "a list": pickle.dumps([1, 2, 3]),
    "no images": pickle.dumps({"labels": LABELS}),
    "no labels": pickle.dumps({"data": IMAGES}),
    "images as floats": pickle.dumps(BATCH | {"data": IMAGES.astype(np.float32)}),
    "images as wide numbers": pickle.dumps(BATCH | {"data": IMAGES.astype(np.int64)}),
    "images of another size": pickle.dumps(BATCH | {"data": IMAGES[:, :-1].copy()}),
    "images in another shape": pickle.dumps(BATCH | {"data": IMAGES.reshape(-1)}),
    "too few labels": pickle.dumps(BATCH | {"labels": LABELS[1:]}),
    "a label of 10": pickle.dumps(BATCH | {"labels": [10, *LABELS[1:]]}),
    "a label of -1": pickle.dumps(BATCH | {"labels": np.array([-1, *LABELS[1:]])}),
    "labels as text": pickle.dumps(BATCH | {"labels": [str(label) for label in LABELS]}),
    "labels as true and false": pickle.dumps(BATCH | {"labels": [True] * N_IMAGES}),
    "fine labels of CIFAR-100": pickle.dumps({"data": IMAGES, "fine_labels": LABELS}),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_or_damaged_batch_is_refused_in_one_line_within_little_memory(what: str) -> None:
    content = HOSTILE[what]
    tracemalloc.start()
    with pytest.raises(DataError, match="data_batch_1") as refusal:
        read_batch(content, "data_batch_1")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    message = str(refusal.value)
    assert message.isprintable()
    assert len(message) < 250
    assert "eip data" in message
    assert peak_bytes < 150e6


def test_a_file_larger_than_any_batch_is_refused_unread() -> None:
    with pytest.raises(DataError, match="larger than any"):
        read_batch(bytes(64 * 2**20 + 1), "data_batch_1")


@pytest.mark.parametrize("whole", [python2_batch(), pickle.dumps(BATCH)], ids=["Python 2", "Python 3"])
def test_a_batch_cut_off_anywhere_is_refused(whole: bytes) -> None:
    for length in [*range(300), *range(300, len(whole) - 300, 997), *range(len(whole) - 300, len(whole))]:
        with pytest.raises(DataError, match="data_batch_1"):
            read_batch(whole[:length], "data_batch_1")


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_changed_bytes_give_a_batch_or_one_line(data: st.DataObject) -> None:
    content = bytearray(python2_batch() if data.draw(st.booleans()) else pickle.dumps(BATCH))
    # The opcodes stand at both ends; between them are the images, where a change shows nothing.
    places = st.integers(-80, 220)
    for place in data.draw(st.lists(places, min_size=1, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    try:
        images, labels = read_batch(bytes(content), "data_batch_1")
    except DataError as refusal:
        assert str(refusal).isprintable()
    else:
        assert images.shape == (len(labels), 3072)
        assert set(labels.tolist()) <= set(range(10))
