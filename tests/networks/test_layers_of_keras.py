"""Every layer of Keras has a rule for its receptive field, or a reason to have none."""

from eip_cli.foundation.backend import keras
from eip_cli.networks.receptive_field.layer_rules import RULES, WRAPPERS
from eip_cli.networks.receptive_field.other_layers import NOT_FOR_IMAGES, REFUSED

SUPPORTED = {kind.__name__ for kind in (*RULES, *WRAPPERS)} | {"InputLayer"}


def test_every_layer_of_keras_is_in_one_of_three_lists() -> None:
    found = {kind.__name__ for kind in vars(keras.layers).values() if isinstance(kind, type)}
    listed = SUPPORTED | set(REFUSED) | set(NOT_FOR_IMAGES)
    assert found == listed


def test_no_layer_is_in_two_of_them() -> None:
    assert not SUPPORTED & set(REFUSED)
    assert not SUPPORTED & set(NOT_FOR_IMAGES)
    assert not set(REFUSED) & set(NOT_FOR_IMAGES)


def test_every_reason_reads_on_from_the_layers_name() -> None:
    for reason in (REFUSED | NOT_FOR_IMAGES).values():
        assert reason[0].islower() and "\n" not in reason
