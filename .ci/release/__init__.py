"""`make release VERSION=X.Y.Z`: one command that makes a release out of what is committed, and pushes nothing.

`semantic_version.py` orders versions, `changelog.py` and `stated_versions.py` write texts (all pure), `plan.py` says what a
release would change or why it is refused, `repository.py` is git, `__main__.py` the command. What a version number promises
stands in docs/CONTRIBUTING.md; whether the components' schema keeps it is for `python -m components.schema_check` to say.
"""
