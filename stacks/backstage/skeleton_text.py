"""The team's file as a template of the portal's engine (Nunjucks, with `${{ }}` for values). Pure.

Like `stacks/wishes/file_text.py`, it writes only what differs from the form's defaults. Values are written as JSON, which YAML
reads as it is, so that no answer can become anything but a value.
"""

from __future__ import annotations

import json

from stacks.backstage.form_pages import DEPLOYMENTS
from stacks.wishes.file_text import SCHEMA_LINE, VERSION
from stacks.wishes.form_fields import FormField, deployment_fields, team_fields

_DEPLOYMENT = "deployment"


def skeleton_text() -> str:
    """The whole file. Blocks stand on lines of their own, which `trimBlocks` and `lstripBlocks` take away."""
    lines = [SCHEMA_LINE, f"schema: {VERSION}"]
    for field in team_fields():
        lines += _lines(field, "values", "")
    lines += [f"{{% if values.{DEPLOYMENTS} | length %}}", f"{DEPLOYMENTS}:"]
    lines.append(f"{{% for {_DEPLOYMENT} in values.{DEPLOYMENTS} %}}")
    name, *others = deployment_fields()
    lines.append(f"  - {name.name}: {_value(name, _DEPLOYMENT)}")
    for field in others:
        lines += _lines(field, _DEPLOYMENT, "    ")
    return "\n".join([*lines, "{% endfor %}", "{% endif %}"]) + "\n"


def _lines(field: FormField, of: str, indent: str) -> list[str]:
    line = f"{indent}{field.name}: {_value(field, of)}"
    if field.required:
        return [line]
    return [f"{indent}{{% if {_given(field, f'{of}.{field.name}')} %}}", line, f"{indent}{{% endif %}}"]


def _value(field: FormField, of: str) -> str:
    return f"${{{{ {of}.{field.name} | dump }}}}"


def _given(field: FormField, value: str) -> str:
    """The condition under which a field is written: somebody filled it in, and with something else than its default."""
    if field.type in ("array", "object"):
        filled_in, same = f"{value} | length", f"({value} | dump)"
        default = json.dumps(json.dumps(field.default))
        return filled_in if field.default is None else f"({filled_in}) and {same} != {default}"
    # a number may be 0; of everything else what is empty is what nobody filled in
    filled_in = f"{value} is defined" if field.type in ("integer", "number") else value
    return f"{filled_in} and {value} != {json.dumps(field.default)}" if field.default else filled_in
