"""Words in pictures: as they are, on one line, and names no longer than a picture is wide."""

from eip_cli.pictures.figures import LONGEST_NAME, show_name, show_text


def test_no_sign_is_taken_for_mathematics_or_a_command() -> None:
    assert show_text("$a$\n\x1b[31m\u202e") == r"\$a\$\x0a\x1b[31m\u202e"


def test_a_sentence_is_whole_and_a_name_of_any_length_is_cut() -> None:
    long = "word " * 60
    assert show_text(long) == long
    assert len(show_name(long)) == LONGEST_NAME
    assert show_name("conv1") == "conv1"
