"""``eip rules``."""

import click

from .common.messages import show_result
from .common.options import format_option


@click.command()
@click.argument("name", required=False)
@format_option
def rules(name: str | None, output_format: str) -> None:
    """List the rule sets with a name, or print the one called NAME as a file to change.

    A rule set is what --rules of check, grade and report takes: eip rules session3 > mine.toml
    """
    from eip_cli.display.printing import print_report
    from eip_cli.display.rule_tables import report_rule_sets
    from eip_cli.foundation.errors import RulesError
    from eip_cli.rules.rule_set import list_rule_sets, read_named_rules

    if name is None:
        print_report(report_rule_sets(list_rule_sets()), output_format)
        return
    text = read_named_rules(name)
    if text is None:
        raise RulesError(f"no rules {name!r}: use {', '.join(list_rule_sets())}")
    show_result(text)
