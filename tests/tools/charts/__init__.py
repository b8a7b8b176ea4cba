"""Charts of the serving stack, rendered by the real Helm from the Go modules that carry them."""

from tests.tools.charts.helm import rendered, values_of

__all__ = ["rendered", "values_of"]
