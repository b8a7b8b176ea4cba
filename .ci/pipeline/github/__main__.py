"""`python3 -m pipeline.github`: writes to GitHub what other jobs of a workflow have found. Needs nothing but Python."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pipeline.github import agreement, drift, pulls, reports
from pipeline.github.api import GitHub, GitHubError
from pipeline.github.run import pull_request


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; what somebody can put right is one line and exit code 1."""
    given = _parser().parse_args(arguments)
    try:
        return given.run(given)
    except (GitHubError, OSError) as error:
        print(f"pipeline.github: {error}", file=sys.stderr)
        return 1


def _publish_reports(given: argparse.Namespace) -> int:
    found = [reports.read(given.folder, env) for env in given.environments]
    pull = pull_request(os.environ)
    # a token that may only read is of no use, so a fork's run needs none
    github = GitHub.from_environment(os.environ) if pull and not pull.read_only else None
    reports.publish(github, pull, found, os.environ)
    return 0


def _print_agreed(given: argparse.Namespace) -> int:
    environ = os.environ
    commit = environ.get("GITHUB_SHA", "")
    github = GitHub.from_environment(environ)
    found = agreement.agreed(github, commit, given.environments, environ.get("ACCEPT", ""))
    for env in given.environments:
        print(f"{env}={found.get(env, '')}")
    return 0


def _publish_drift(given: argparse.Namespace) -> int:
    for line in drift.publish(GitHub.from_environment(os.environ), given.folder, os.environ):
        print(line)
    return 0


def _propose(given: argparse.Namespace) -> int:
    body = given.body.read_text(encoding="utf-8")
    print(pulls.propose(GitHub.from_environment(os.environ), given.branch, given.base, given.title, body))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m pipeline.github", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    report = commands.add_parser("reports", help="comments, statuses and summary of the previews of a pull request")
    report.add_argument("folder", type=Path, help="where `python -m pipeline preview` wrote")
    report.add_argument("environments", nargs="+", help="all that must have a report")
    report.set_defaults(run=_publish_reports)

    agreed = commands.add_parser(
        "agreed", help="print <environment>=<day>/<digest> of what was agreed to for GITHUB_SHA"
    )
    agreed.add_argument("environments", nargs="+", help="environments to look for")
    agreed.set_defaults(run=_print_agreed)

    nightly = commands.add_parser("drift", help="one issue for each environment that differs from its state")
    nightly.add_argument("folder", type=Path, help="where `python -m pipeline drift` wrote")
    nightly.set_defaults(run=_publish_drift)

    propose = commands.add_parser("propose", help="open or change the pull request of a branch")
    propose.add_argument("--branch", required=True, help="the branch, pushed before")
    propose.add_argument("--base", required=True, help="the branch that it goes into")
    propose.add_argument("--title", required=True, help="title of the pull request")
    propose.add_argument("--body", type=Path, required=True, help="file with its text")
    propose.set_defaults(run=_propose)
    return parser


if __name__ == "__main__":
    sys.exit(main())
