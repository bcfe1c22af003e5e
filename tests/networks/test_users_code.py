"""What a user's own code may do wrong, and the one line that says so, with the place in their file."""

import textwrap
from pathlib import Path

import pytest

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.layer_names import require_names_for_files
from eip_cli.networks.model import build_model

CODE = """
import sys
import keras
from keras import layers

def pool_too_small():
    steps = [keras.Input((32, 32, 3))]
    for _ in range(6):
        steps.append(layers.MaxPooling2D(2))
    return keras.Sequential(steps)

def add_of_two_shapes():
    image = keras.Input((32, 32, 3))
    return keras.Model(image, layers.Add()([image, layers.Conv2D(3, 3)(image)]))

def long(): raise ValueError("x" * 5000)
def lines(): raise ValueError("first line of the matter:\\nthe matter is on line two")
def long_lines(): raise ValueError("in short:\\nthe matter\\n" + "detail " * 200)
def as_keras_wraps_it(): raise ValueError(
    "Exception encountered when calling Outer.call().\\n\\n\\x1b[1mException encountered when calling "
    "Mine.call().\\n\\n\\x1b[1mCould not infer the shape of 'mine'. Error encountered:\\n\\n"
    "Negative dimension size caused by subtracting 2 from 1"
    "\\x1b[0m\\n\\nArguments received by Mine.call():\\n  * x=1\\x1b[0m\\n\\n"
    "Arguments received by Outer.call():\\n  * inputs=2"
)
def coloured(): raise ValueError("\\x1b[1mred\\x1b[0m\\x07")
def wordless(): assert 1 == 2
def own_kind():
    class Stop(BaseException): pass
    raise Stop("odd one")
def own_text():
    class Mute(Exception):
        def __str__(self): raise ValueError
    raise Mute
def memory(): raise MemoryError
def endless(): return endless()
def exits(): sys.exit("my own message")
def exits_silently(): sys.exit()
def nothing(): pass
def pair(): return 1, 2
def needs(width, *, depth, kernel=3): return None
def imports(): import no_such_package_here
def imports_known(): from cv2 import imread
def imports_old(): from keras.layers.core import Dense
def helped():
    import helpers
    return helpers.block()
def as_tensorflow_marks_it(): raise RuntimeError(
    "Exception encountered when calling Late.call().\\n\\n\\x1b[1m{{function_node __wrapped__EagerPyFunc"
    "_device_/job:localhost/device:CPU:0}} ValueError: late\\x1b[0m\\n\\nArguments received by Late.call():"
)
"""
CASES = [
    (
        "pool_too_small",
        r"failed with ValueError: Computed output size would be zero or negative.* \(net\.py:10\)$",
    ),
    ("add_of_two_shapes", r"ValueError: .*\(32, 32, 3\).*\(30, 30, 3\).* \(net\.py:14\)$"),
    ("long", r"ValueError: x{297}\.\.\. \(net\.py:16\)$"),
    ("lines", r"ValueError: first line of the matter: the matter is on line two \(net\.py:17\)$"),
    ("long_lines", r"ValueError: the matter \(net\.py:18\)$"),
    (
        "as_keras_wraps_it",
        r"ValueError: Negative dimension size caused by subtracting 2 from 1 \(net\.py:19\)$",
    ),
    ("as_tensorflow_marks_it", r"failed with RuntimeError: ValueError: late \(net\.py:48\)$"),
    ("coloured", r"ValueError: red \(net\.py:26\)$"),
    ("wordless", r"AssertionError: \(no message\) \(net\.py:27\)$"),
    ("own_kind", r"failed with Stop: odd one \(net\.py:30\)$"),
    ("own_text", r"failed with Mute: \(no message\) \(net\.py:34\)$"),
    ("memory", r"MemoryError: it takes more memory than there is .*\(net\.py:35\)$"),
    ("endless", r"RecursionError: .* \(net\.py:36\)$"),
    ("exits", r"ended the program with sys\.exit \(my own message\)"),
    ("exits_silently", r"ended the program with sys\.exit:"),
    ("nothing", r"returned None, not a Keras model: let it end with return model"),
    ("pair", r"returned tuple, not a Keras model"),
    ("needs", r"needs arguments \(width, depth\): give each a default"),
    ("imports", r"No module named 'no_such_package_here' \(net\.py:42\): pip install no_such_package_here"),
    ("imports_old", r"No module named 'keras\.layers\.core' \(net\.py:44\)$"),
    ("helped", r"failed with KeyError: 'width' \(helpers\.py:3\)$"),
    (
        "pair_",
        r"has no function 'pair_': did you mean net\.py:pair\? It holds pool_too_small, add_of_two_shapes,",
    ),
    (":pair", r"is a file with code: name a function in it, did you mean net\.py:pair\?"),
    ("pair.x", r"has no function 'pair\.x': did you mean net\.py:pair\?"),
]


@pytest.fixture
def net(tmp_path: Path) -> str:
    Path("net.py").write_text(CODE)
    Path("helpers.py").write_text("\ndef block():\n    return {}['width']\n")
    return "net.py"


@pytest.mark.parametrize(("function", "message"), CASES, ids=[case[0] for case in CASES])
def test_a_failure_says_why_and_where_in_one_line(function: str, message: str, net: str) -> None:
    with pytest.raises(ModelError, match=message) as refusal:
        build_model(f"{net}:{function}")
    text = str(refusal.value)
    assert text.startswith("net.py")
    assert len(text) < 500
    assert text.isprintable()


def test_ctrl_c_is_not_taken_for_a_failure() -> None:
    Path("net.py").write_text("def net(): raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        build_model("net.py:net")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("def net():\n    return (1,\n", r"failed with SyntaxError: '\(' was never closed \(net\.py:2\)"),
        ("x = 1\n\nraise OSError('at import')\n", r"failed with OSError: at import \(net\.py:3\)"),
        ("import argparse\nargparse.ArgumentParser().parse_args(['x'])\n", r"sys\.exit \(2\)"),
    ],
)
def test_what_fails_at_the_import_of_a_file_is_said_with_its_line(content: str, message: str) -> None:
    Path("net.py").write_text(content)
    with pytest.raises(ModelError, match=message):
        build_model("net.py:net")


def test_a_module_that_is_not_there_is_said() -> None:
    with pytest.raises(
        ModelError, match=r"No module named 'not_here': there is no not_here\.py and no folder"
    ):
        build_model("not_here:net")


@pytest.mark.parametrize("spec", ["./net:pair", "folder/net:pair", ".net:pair"])
def test_a_path_without_its_ending_is_no_module(spec: str) -> None:
    with pytest.raises(
        ModelError, match=r"is no module's name: a file is named with its ending, .*net\.py:FUNCTION"
    ):
        build_model(spec)


@pytest.mark.parametrize("spec", ["net.py", "net.py:", "./net.py"])
def test_a_file_without_a_function_offers_those_that_it_holds(spec: str) -> None:
    content = """
    raise RuntimeError("this file is not to be run")
    def _private(): ...
    def helper(width): ...
    def layers(*sizes): ...
    def tiny(width=3): ...
    class Net: ...
    """
    Path("net.py").write_text(textwrap.dedent(content))
    with pytest.raises(ModelError, match=r"net\.py is a file with code: .*, did you mean .*net\.py:tiny\?$"):
        build_model(spec)


@pytest.mark.parametrize(
    ("content", "message"),
    [("", r"as net\.py:FUNCTION"), ("def (", r"is no Python: SyntaxError: .* \(net\.py:1\)")],
)
def test_a_file_without_functions_says_what_is_needed(content: str, message: str) -> None:
    Path("net.py").write_text(content)
    with pytest.raises(ModelError, match=message):
        build_model("net.py")


@pytest.mark.parametrize("name", [".", "..", "", "a\0b", "top_level_model_weights", "c" * 300])
def test_a_layers_name_that_no_file_can_hold_is_refused(name: str) -> None:
    layers = f"[keras.Input((32, 32, 3)), keras.layers.ReLU(name={name!r})]"
    Path("net.py").write_text(f"import keras\ndef net(): return keras.Sequential({layers})")
    with pytest.raises(ModelError, match=r"^net has a layer named .*: rename it$"):
        require_names_for_files(build_model("net.py:net"), "net")


ASKING = """
import keras
from keras import layers

def both(input_shape, classes):
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), layers.Dense(classes, "softmax")])

def with_defaults(width=2, *, classes=3, input_shape=(8, 8, 1)):
    return both(input_shape, classes)

def as_keras_examples(input_shape, num_classes):
    return both(input_shape, num_classes)

def of_a_class(classes=10):
    return both((32, 32, 3), classes)

def nothing(width=2):
    return both((32, 32, 3), 10)

def both_and_more(input_shape, classes, width):
    return both(input_shape, classes)

def otherwise(width, height):
    return both(width, height)

anything = lambda *shape, **settings: both((32, 32, 3), 10)
"""


@pytest.mark.parametrize(
    ("function", "taken"),
    [
        ("both", ((28, 28, 1), 7)),
        ("with_defaults", ((28, 28, 1), 7)),
        ("as_keras_examples", ((28, 28, 1), 7)),
        ("of_a_class", ((32, 32, 3), 10)),
        ("nothing", ((32, 32, 3), 10)),
        ("anything", ((32, 32, 3), 10)),
    ],
)
def test_a_function_is_given_shape_and_classes_where_it_takes_both(
    function: str, taken: tuple[tuple[int, ...], int]
) -> None:
    Path("asking.py").write_text(ASKING)
    model = build_model(f"asking.py:{function}", 0, (28, 28, 1), 7)
    assert (model.input_shape[1:], model.output_shape[1]) == taken


@pytest.mark.parametrize(
    ("function", "missing"), [("both_and_more", "width"), ("otherwise", "width, height")]
)
def test_a_function_that_needs_more_is_told_what_it_may_take(function: str, missing: str) -> None:
    Path("asking.py").write_text(ASKING)
    with pytest.raises(ModelError, match=rf"needs arguments \({missing}\): .*\(input_shape, classes\)"):
        build_model(f"asking.py:{function}")


def test_keras_s_own_functions_are_called_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Theirs are arguments that fit their pre-trained weights, and nothing of ours."""

    def build(input_shape: object = None, classes: int = 1000) -> keras.Model:
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(classes)])

    build.__module__ = "keras.src.applications.some_network"
    monkeypatch.setattr(keras.applications, "SomeNetwork", build, raising=False)
    assert build_model("keras.applications:SomeNetwork").output_shape == (None, 1000)
