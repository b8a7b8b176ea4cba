"""What a continuous integration does with this project, as commands that any CI can run: docs/ci.md."""
