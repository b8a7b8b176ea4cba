"""The package of components as Pulumi runs it for programs in other languages: Pulumi's own host, with errors for callers.

That host shows a traceback for whatever a constructor raises, drops arguments that it does not know, and hands whole numbers on
as floats (pulumi 3.272.0). Here arguments are checked first, and what a component refuses is told in its caller's spelling.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.provider import ConstructResult
from pulumi.provider.server import ComponentInitError

from components.argument_error import ArgumentError, ArgumentProblem
from components.caller_terms import camel, in_callers_terms, names_in
from components.deprecation_notes import Notes
from components.form_problems import Path, field_name
from components.given_arguments import problems_in, whole_numbers
from components.package import PACKAGE
from components.packaged import PACKAGED, finished
from components.sizing.errors import SizingError
from components.version import VERSION


class PackageProvider(ComponentProvider):
    """Serves the components of the package."""

    def __init__(self) -> None:
        super().__init__(list(PACKAGED), PACKAGE, version=VERSION)
        described = finished(self.schema or "{}")
        self.schema = json.dumps(described)
        self._resources, self._types = described["resources"], described["types"]
        self._names = names_in(described)
        Notes.spelt = self._in_callers_terms

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Registers a component. Raises InputPropertiesError for arguments that cannot be used."""
        given: Any = whole_numbers(inputs)
        if problems := problems_in(given, self._resources[resource_type], self._types):
            raise self._refusal(name, problems)
        try:
            return super().construct(name, resource_type, given, options)
        except ComponentInitError as error:
            cause = error.inner
            if isinstance(cause, ArgumentError):
                raise self._refusal(name, cause.problems) from None
            if isinstance(cause, ValueError | SizingError):
                raise self._refusal(name, [ArgumentProblem((), str(cause))]) from None
            raise

    def _refusal(self, name: str, problems: Sequence[ArgumentProblem]) -> InputPropertiesError:
        """All problems of one component, as the engine shows them to its caller."""
        details: list[InputPropertyErrorDetails] = [
            {"property_path": self._spelt(each.path), "reason": self._in_callers_terms(each.message)}
            for each in problems
        ]
        return InputPropertiesError(f"{name}: wrong arguments; nothing of it was registered", details)

    def _in_callers_terms(self, text: str) -> str:
        return in_callers_terms(text, self._names)

    def _spelt(self, path: Path) -> str:
        spelt = tuple(camel(part) if isinstance(part, str) and camel(part) in self._names else part for part in path)
        return field_name(spelt)
