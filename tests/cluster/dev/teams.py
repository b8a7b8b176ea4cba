"""Files of teams that come to dev for a test."""

from __future__ import annotations

TEAM = """schema: 1
team: {team}
owner: {team}-backend
contact: {team}@example.com
group: {team}@example.com
cost_center: cc-3001
monthly_budget_usd: 2500
deployments:
  - name: {deployment}
    model: gemma-4-e4b-it
    context_tokens: 16384
    peak_concurrent_requests: 8
    typical_tokens: 3000
    active_hours_per_month: 220
    runs_on: gke
"""


def team_file(team: str) -> str:
    """Where the stack looks for a team's wishes."""
    return f"stacks/dev/teams/{team}.yaml"


def team_text(team: str, deployment: str, *lines: str) -> str:
    """A team with one small model; `lines` are further ones of its deployment."""
    return TEAM.format(team=team, deployment=deployment) + "".join(f"    {line}\n" for line in lines)
