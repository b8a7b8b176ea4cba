"""Makes a report: reads the files, asks the engine for the state and one preview, and hands all of it to `compose`."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from components.preview_report.compose import Deployed, compose
from components.preview_report.dated_project import as_of
from components.preview_report.engine import Engine
from components.preview_report.facts import Facts
from components.preview_report.inputs import Inputs
from components.preview_report.report import Report
from components.preview_report.source_tree import commit_of, tree_of
from components.preview_report.state import is_deployed, outputs_of, state_digest


@dataclass(frozen=True)
class Read:
    """What a preview follows from: the project's files, and the state of the stack. Each is read when it is first asked for."""

    root: Path
    environment: str
    day: datetime.date | None
    engine: Engine
    exported: str

    @cached_property
    def facts(self) -> Facts:
        """What the files say."""
        from components.preview_report.environment import read_facts

        return read_facts(self.root, self.environment, self.day)

    @cached_property
    def deployment(self) -> Mapping[str, Any]:
        """The state."""
        return json.loads(self.exported).get("deployment") or {}

    @cached_property
    def inputs(self) -> Inputs:
        """Digests of all of it."""
        day = self.facts.today.isoformat()
        return Inputs(tree_of(self.root), state_digest(self.deployment), self.facts.prices, day)


def read(root: Path, environment: str, day: datetime.date | None) -> Read:
    """Asks for the state, and previews nothing. Raises ReportError where the engine does not give it."""
    engine = Engine.of(root, environment)
    return Read(root, environment, day, engine, engine.exported())


def make(found: Read, commit: str | None, compared_with: str | None) -> Report:
    """Previews once and reports. A preview that fails is reported too."""
    with as_of(found.root, found.environment, found.day) as (folder, config_file), ThreadPoolExecutor(1) as pool:
        previewing = pool.submit(found.engine.preview, folder, config_file)
        # a large state takes a second to read: here the engine is waited for anyway
        inputs, facts = found.inputs, found.facts
        preview = previewing.result()
    # stacks and policies take half a second to load: it has passed while the engine was waited for
    from components.preview_report.environment import losses, plan_problems

    if preview.outputs is None and not facts.problems:
        # the program says what is wrong in one text; here each problem has its place
        facts = replace(facts, problems=plan_problems(found.root, facts))
    there = is_deployed(found.deployment)
    words = f"deployed update {found.engine.update_number()}" if there else "nothing (never deployed)"
    deployed = Deployed(outputs_of(found.deployment) if there else {}, compared_with or words)
    lost = losses(preview.changes, facts)
    return compose(preview, deployed, facts, lost, inputs, commit or commit_of(found.root))
