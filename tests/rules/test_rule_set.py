"""Rules files: read, refused with the nearest name, and those that ship."""

from pathlib import Path

import pytest

from eip_cli.foundation.errors import RulesError
from eip_cli.rules.layer_kinds import _FINDERS
from eip_cli.rules.layer_names import LAYER_KINDS
from eip_cli.rules.rule_set import list_rule_sets, load_rules, parse_rules, read_named_rules

ONE = 'title = "x"\n[[rule]]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"{ONE}kind='parameters'\nbelo=3",
            "my.toml: rule 1 (parameters): there is no 'belo': did you mean below?",
        ),
        (
            f"{ONE}kind='paramters'\nbelow=3",
            "my.toml: rule 1: kind: there is no 'paramters': did you mean parameters?",
        ),
        (f"{ONE}kind=3", "my.toml: rule 1: kind: there is no 3: use parameters, receptive-field"),
        (f"{ONE}below=3", "my.toml: rule 1: kind is missing: use parameters"),
        ("titel='x'", "my.toml: there is no 'titel': did you mean title?"),
        ("title='x'", "my.toml: object missing required field rule"),
        ("title='x'\nrule=[]", "my.toml: expected array of length >= 1"),
        (f"{ONE}kind='layers'\nlayer='dropuot'", "layer: there is no 'dropuot': did you mean dropout?"),
        (
            f"{ONE}kind='convolutions'\nonly=['seperable']",
            "only: there is no 'seperable': did you mean separable?",
        ),
        (f"{ONE}kind='final-accuracy'\nabove=82.44", "an accuracy is a fraction: 0.8244, not 82.44"),
        (f"{ONE}kind='parameters'", "give a bound: above, at_least, at_most or below"),
        (f"{ONE}kind='parameters'\nbelow=3\nat_most=4", "at_most and below say the same: give one"),
        (f"{ONE}kind='parameters'\nbelow='many'", "expected float | null, got str at below"),
        (f"{ONE}kind='parameters'\nbelow=3\npoints=-1", "points"),
        (
            f"{ONE}kind='parameters'\nbelow=3\ntext=\"\\u001b[31m\"",
            "my.toml: rule 1: text: expected plain text",
        ),
        (
            "title='x'\ndataset='cifar'\n[[rule]]\nkind='epochs'\nat_most=1",
            "there is no 'cifar': did you mean cifar10",
        ),
        ("title=", "my.toml is no TOML"),
        ('title="x"\n""=1', "my.toml: there is no ''"),
        (f"{ONE}kind='parameters'\nat_least=3\nat_most=1", "no number is above 3 and below 1"),
        (f"{ONE}kind='parameters'\nbelow=inf", "a bound is a finite number"),
        (f"{ONE}kind='parameters'\nbelow={'9' * 5000}", "my.toml"),
    ],
)
def test_what_is_no_rules_file_is_refused_with_the_nearest_name(text: str, message: str) -> None:
    with pytest.raises(RulesError) as raised:
        parse_rules(text, "my.toml")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_second_rule_is_named_by_its_number() -> None:
    with pytest.raises(RulesError, match=r"^my.toml: rule 2 \(epochs\): there is no 'most'"):
        parse_rules(f"{ONE}kind='parameters'\nbelow=3\n[[rule]]\nkind='epochs'\nmost=3\nat_most=3", "my.toml")


def test_rule_sets_have_names_or_are_files() -> None:
    assert {"session3", "session7", "mnist994"} <= set(list_rule_sets())
    text = read_named_rules("session3")
    assert text is not None
    Path("mine.toml").write_text(text.replace("100_000", "50_000").replace("50\n", "20\npoints = 2.5\n"))
    rules = load_rules("mine.toml")
    assert [rule.describe() for rule in rules.rules][3:5] == [
        "Fewer than 50,000 parameters",
        "At most 20 epochs",
    ]
    assert rules.rules[4].points == 2.5


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("sesion3", "rules: there is no 'sesion3': did you mean session3?"),
        ("missing.toml", "no file missing.toml"),
        ("../session3", "rules: there is no '../session3'"),
    ],
)
def test_rules_that_are_not_there_are_one_line(spec: str, message: str) -> None:
    with pytest.raises(RulesError, match="^" + message.replace("?", r"\?")):
        load_rules(spec)


def test_every_kind_of_layer_that_can_be_named_can_be_found() -> None:
    assert set(LAYER_KINDS) == set(_FINDERS)
