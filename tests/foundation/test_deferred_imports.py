"""What a library imports for the few is left until someone uses it, and is then what it always was."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eip_cli.foundation.deferred_imports import deferred_imports


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A library that imports a part of its own, and notes in a file that the part has run."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "__init__.py").write_text("from shelf import part")
    (folder / "part.py").write_text("from pathlib import Path\nPath('ran').touch()\nnumber = 7\n")
    yield folder
    for name in ("shelf", "shelf.part"):
        sys.modules.pop(name, None)


def test_a_deferred_module_runs_when_something_of_it_is_used(library: Path) -> None:
    with deferred_imports(["shelf.part"]):
        import shelf  # type: ignore[import-not-found]
    assert not Path("ran").exists()
    assert shelf.part.number == 7
    assert Path("ran").exists()


def test_a_deferred_module_that_cannot_be_imported_says_so_where_it_is_used(library: Path) -> None:
    (library / "part.py").write_text("import no_such_package")
    with deferred_imports(["shelf.part"]):
        import shelf
    with pytest.raises(ImportError, match="no_such_package"):
        _ = shelf.part.number


def test_nothing_is_deferred_outside_the_block_or_of_another_name(library: Path) -> None:
    finders = list(sys.meta_path)
    with deferred_imports(["shelf.other"]):
        import shelf
    assert Path("ran").exists()
    assert shelf.part.number == 7
    assert sys.meta_path == finders


USE = """
import gc, json, sys
from eip_cli.foundation.backend import keras
optional = ("sklearn", "matplotlib", "pandas")
answers = {"before": [name for name in optional if name in sys.modules], "collects": gc.isenabled()}
import numpy, pandas, sklearn, sklearn.base
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
table = pandas.DataFrame(numpy.ones((4, 2), "float32"))
answers["predicted"] = model.predict(table, verbose=0).shape
model.compile("sgd", "mse")
answers["losses"] = len(model.fit(table, pandas.Series(numpy.ones(4)), verbose=0).history["loss"])
wrapper = keras.wrappers.SKLearnRegressor(model)
answers["wrapped"] = isinstance(wrapper, sklearn.base.BaseEstimator)
answers["drawn"] = hasattr(sys.modules["keras.src.visualization"].plot_image_gallery, "plt")
answers["public"] = keras.visualization.plot_image_gallery.__module__
print(json.dumps(answers))
"""


def test_keras_leaves_scikit_learn_matplotlib_and_pandas_until_they_are_used() -> None:
    result = subprocess.run([sys.executable, "-c", USE], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "before": [],
        "collects": True,
        "predicted": [4, 1],
        "losses": 1,
        "wrapped": True,
        "drawn": True,
        "public": "keras.src.visualization.plot_image_gallery",
    }
