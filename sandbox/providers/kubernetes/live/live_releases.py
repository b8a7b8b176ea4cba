"""`LiveReleases`: releases of Helm in a real cluster. Charts are rendered by the real Helm; this follows its actions.

Differences from Helm: objects are applied by the server rather than patched; definitions come before all hooks; a release that
failed without `atomic` is taken up again by the next installation of its name.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from sandbox.cluster.api_server import ApiError, Object, UnreachableError
from sandbox.providers.api import Failure, Properties
from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.live.chart_objects import chart_objects
from sandbox.providers.kubernetes.live.helm_objects import hooks_at, vanished
from sandbox.providers.kubernetes.live.installer import Installer
from sandbox.providers.kubernetes.live.patient_server import NotReadyError, PatientServer, patience
from sandbox.providers.kubernetes.live.release_record import (
    DEPLOYED,
    FAILED,
    INSTALLING,
    MANAGER,
    UPGRADING,
    ReleaseRecord,
    forget,
    load,
    store,
)
from sandbox.providers.kubernetes.releases import chart_name, release_failures, release_outputs
from sandbox.providers.servicer import has_unknown

#: The provider's own limit, unless the release sets `timeout`.
WAIT_SECONDS = 300.0
FAILURES = (ApiError, NotReadyError, CloudError, UnreachableError)


@dataclass(frozen=True)
class LiveReleases:
    """The releases of one cluster."""

    server: PatientServer

    def check(self, inputs: Properties, old: Properties, auto_name: str) -> list[Failure]:
        """What the provider and Helm refuse of the arguments, and a name that the sandbox cannot render."""
        found = release_failures(inputs, old, auto_name)
        if not found and not has_unknown([inputs["name"], inputs["chart"]]) and inputs["name"] != chart_name(inputs):
            found = [("name", "the sandbox installs a chart under the chart's own name only")]
        return found

    def preview(self, inputs: Properties) -> None:
        """Renders the chart. Raises CloudError with Helm's refusal."""
        chart_objects(inputs)

    def create(self, inputs: Properties, granted: float) -> tuple[str, Properties]:
        """Installs; returns (id, outputs). A failed installation is taken back when it is `atomic`."""
        release_id = _id(inputs)
        before = load(self.server, release_id)
        if before is not None and before.status != FAILED:
            raise CloudError("cannot re-use a name that is still in use")
        installer, rendered = self._installer(inputs, granted), chart_objects(inputs)
        if inputs.get("createNamespace"):
            metadata = {"name": installer.namespace}
            namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
            self.server.apply(namespace, MANAGER, force=True)
        revision, there = (before.revision, before.objects) if before else (1, [])
        record = ReleaseRecord(inputs, revision, INSTALLING, there, _deletion_hooks(rendered))
        try:
            self._carry_out(installer, record, rendered, "install")
        except FAILURES as error:
            raise _failure(inputs, installer, error, partial(self._take_back, release_id)) from None
        return release_id, release_outputs(inputs, revision)

    def update(self, release_id: str, inputs: Properties, granted: float) -> Properties:
        """Upgrades, and deletes what the release no longer has. A failed upgrade is rolled back when it is `atomic`."""
        before = load(self.server, release_id)
        if before is None:
            raise CloudError(f'"{release_id}" has no deployed releases')
        if before.status in (INSTALLING, UPGRADING):
            raise CloudError("another operation (install/upgrade/rollback) is in progress")
        installer, rendered = self._installer(inputs, granted), chart_objects(inputs)
        record = ReleaseRecord(inputs, before.revision + 1, UPGRADING, before.objects, _deletion_hooks(rendered))
        try:
            self._carry_out(installer, record, rendered, "upgrade")
        except FAILURES as error:
            raise _failure(inputs, installer, error, partial(self._roll_back, before)) from None
        return release_outputs(inputs, record.revision)

    def read(self, release_id: str) -> tuple[Properties, Properties] | None:
        """(inputs, outputs) of what the cluster remembers, or None."""
        record = load(self.server, release_id)
        if record is None:
            return None
        return record.inputs, release_outputs(record.inputs, record.revision)

    def delete(self, release_id: str, granted: float) -> None:
        """Uninstalls: hooks, and all objects that are not to be kept."""
        record = load(self.server, release_id)
        if record is None:
            return
        installer = self._installer(record.inputs, granted)
        installer.run_hooks(record.hooks, "pre-delete")
        installer.remove(one for one in record.objects if not one.get("keep"))
        installer.run_hooks(record.hooks, "post-delete")
        forget(self.server, release_id)

    def _carry_out(self, installer: Installer, record: ReleaseRecord, rendered: list[Object], action: str) -> None:
        """Installs or upgrades. Also after a failure the record has all that may be in the cluster."""
        release_id, now = _id(record.inputs), []
        store(self.server, release_id, record)
        try:
            installer.run_hooks(rendered, f"pre-{action}")
            for one in installer.put(rendered, wait=not record.inputs.get("skipAwait")):
                now.append(one)
            installer.remove(vanished(record.objects, now))
            installer.run_hooks(rendered, f"post-{action}")
        except FAILURES:
            left = [*vanished(record.objects, now), *now]
            with suppress(*FAILURES):
                store(self.server, release_id, replace(record, status=FAILED, objects=left))
            raise
        store(self.server, release_id, replace(record, status=DEPLOYED, objects=now))
        forget(self.server, release_id, but=record.revision)

    def _take_back(self, release_id: str, installer: Installer) -> None:
        """Removes what a failed installation has made. Raises one of FAILURES; then what is left stays in the record."""
        if (record := load(self.server, release_id)) is not None:
            installer.remove(one for one in record.objects if not one.get("keep"))
            forget(self.server, release_id)

    def _roll_back(self, before: ReleaseRecord, installer: Installer) -> None:
        """Puts back what was there before a failed upgrade. Raises one of FAILURES; then it is as far as the cluster let it."""
        release_id = _id(before.inputs)
        failed = load(self.server, release_id)
        now = list(installer.put(chart_objects(before.inputs), wait=False))
        installer.remove(vanished(failed.objects if failed else [], now))
        store(self.server, release_id, before)
        forget(self.server, release_id, but=before.revision)

    def _installer(self, inputs: Properties, granted: float) -> Installer:
        until = patience(granted, float(inputs.get("timeout") or WAIT_SECONDS))
        namespace = inputs.get("namespace") or "default"
        return Installer(self.server, inputs["name"], namespace, until, bool(inputs.get("waitForJobs")))


def _id(inputs: Properties) -> str:
    return f"{inputs.get('namespace') or 'default'}/{inputs['name']}"


def _deletion_hooks(rendered: list[Object]) -> list[Object]:
    return [*hooks_at(rendered, "pre-delete"), *hooks_at(rendered, "post-delete")]


def _failure(
    inputs: Properties, installer: Installer, error: Exception, undo: Callable[[Installer], None]
) -> CloudError:
    """What is told of a release that failed, once it has been undone where it is `atomic`."""
    told = f"release {installer.name} failed"
    if inputs.get("atomic"):
        try:
            undo(replace(installer, until=patience(0, WAIT_SECONDS)))
        except FAILURES as hindrance:
            told += f", and what it had done could not be taken back ({hindrance})"
        else:
            told += ", and what it had done was taken back due to atomic being set"
    return CloudError(f"{told}: {error}")
