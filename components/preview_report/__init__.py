"""The report on a preview: what a change of the files would do, cost and need, for whoever reviews it."""
