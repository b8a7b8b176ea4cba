"""A report as Markdown for a comment on a pull request. Decides nothing: what is shown stands in the report."""

from __future__ import annotations

from components.cost.money import ZERO, difference, dollars, signed_dollars
from components.cost.plan.amounts import Amounts
from components.preview_report.folding import Block, fold
from components.preview_report.headline import headline, marker
from components.preview_report.markdown_parts import details, folded, plain, table, table_block
from components.preview_report.report import DeploymentLine, Detail, Finding, Report, Sum

NONE = "-"
FINDING = ("", "rule", "what", "where, and how to fix it")


def report_markdown(report: Report) -> str:
    """The whole report, folded where it would be too long for a comment."""
    blocks = [
        Block("\n".join([marker(report.environment), f"### {plain(headline(report))}", "", plain(_facts(report))])),
        *_losses(report),
        *_findings(report),
        Block(plain(_waivers(report))),
        *_money(report),
        *_outlook(report),
        *[_detail(one) for one in report.details],
        Block(_digest(report)),
    ]
    return fold(blocks)


def _facts(report: Report) -> str:
    prices = f", prices of {report.prices}" if report.prices else ""
    return f"{report.counts}; compared with {report.baseline}, commit {report.commit}{prices}"


def _losses(report: Report) -> list[Block]:
    if not report.losses:
        return []
    how = f"`acknowledge:` in Pulumi.{report.environment}.yaml"
    found = sorted(report.losses, key=lambda loss: (loss.agreed is not None, loss.resource))
    rows = [(loss.resource, loss.what, loss.why, loss.agreed or how) for loss in found]
    title = "Someone must agree" if report.to_agree else "Someone has agreed"
    blocks = [table_block(f"**{title}**", ("resource", "what", "why", "how to agree"), rows)]
    if report.to_agree:
        lines = "\n".join(report.to_agree)
        blocks.append(Block(folded(f"what to write into Pulumi.{report.environment}.yaml", lines, "yaml")))
    return blocks


def _findings(report: Report) -> list[Block]:
    shown = [one for one in report.findings if one.stops or one.touched]
    blocks = []
    if shown:
        kinds = {one.rule for one in shown}
        title = "Settings" if kinds == {"settings"} else "Engine" if kinds == {"engine"} else "Policies"
        blocks.append(table_block(f"**{title}**", FINDING, [_finding(one) for one in shown]))
    if old := [one for one in report.findings if not one.stops and not one.touched]:
        rows = [_finding(one) for one in old]
        summary = f"advice about what this does not change ({len(rows)})"
        blocks.append(
            Block(details(summary, table(FINDING, rows)), f"Left out: {summary}; see `python -m policy audit`")
        )
    return blocks


def _finding(one: Finding) -> tuple[str, ...]:
    way = "; ".join(part for part in (one.place, one.fix) if part)
    return "stops" if one.stops else "warns", one.rule, one.message, way or NONE


def _waivers(report: Report) -> str:
    unchecked = f" Not checked: {'; '.join(report.not_checked)}" if report.not_checked else ""
    return f"Waivers in force: {report.waivers}.{unchecked}"


def _money(report: Report) -> list[Block]:
    if not report.sums:
        return []
    header = ("deployment", "change", "what it means", "reloads model", "before", "after", "diff")
    rows = [_deployment(line) for line in report.deployments]
    blocks = [
        table_block("**By team** (expected load, USD a month)", header, rows, [_sum(each) for each in report.sums])
    ]
    if report.not_compared:
        blocks.append(Block(plain(f"Not compared with what is deployed: {report.not_compared}.")))
    elif report.before is not None and report.after is not None:
        least = signed_dollars(difference(report.before.minimum, report.after.minimum))
        peak = signed_dollars(difference(report.before.peak, report.after.peak))
        year = signed_dollars(difference(report.before.year, report.after.year))
        blocks.append(Block(f"Range: min {least}, peak {peak}. Year at expected: {year}"))
    return blocks


def _deployment(line: DeploymentLine) -> tuple[str, ...]:
    before, after = (_expected(each, "0.00") for each in (line.before, line.after))
    if line.difference is None:
        before = after = NONE
    return line.deployment, line.change, line.meaning, line.reload, before, after, _signed(line)


def _sum(each: Sum) -> tuple[str, ...]:
    bold = not each.change
    cells = [each.what, each.change, "", "", _expected(each.before), _expected(each.after), _signed(each)]
    return tuple(f"**{cell}**" if bold and cell and number in (0, 6) else cell for number, cell in enumerate(cells))


def _expected(amounts: Amounts | None, nothing: str = NONE) -> str:
    return nothing if amounts is None else dollars(amounts.expected)


def _signed(line: DeploymentLine | Sum) -> str:
    if line.difference is None:
        return NONE
    return "0.00" if line.difference == ZERO else signed_dollars(line.difference).replace("$", "")


def _outlook(report: Report) -> list[Block]:
    blocks = []
    if report.quota:
        told = []
        for line in report.quota:
            was = "" if line.before == line.needed else f" (was {line.before})"
            state = "no declaration known" if line.declared is None else f"declared {line.declared}"
            enough = line.declared is None or line.declared >= line.needed
            told.append(f"{line.quota} needs {line.needed}{was}, {state}, {'ok' if enough else 'TOO LOW'}")
        blocks.append(Block(f"**Quota needed**: {plain('; '.join(told))}"))
    if report.sums:
        told = "; ".join(report.sizing) or "no change"
        short = f"**Sizing**: {len(report.sizing)} deployments change; see `python -m components.sizing explain`"
        blocks.append(Block(f"**Sizing**: {plain(told)}", short if len(told) > len(short) else None))
    blocks.append(Block(f"**After merge**: {plain(report.after_merge)}"))
    return blocks


def _detail(one: Detail) -> Block:
    text = "\n".join(one.lines)
    return Block(
        folded(one.title, text, one.language), f"Left out, as it is too long: {one.title}; see {one.elsewhere}"
    )


def _digest(report: Report) -> str:
    inputs = report.inputs
    return f"Digest `{inputs.digest}` ({inputs.short_parts}); `up` refuses when it differs"
