"""`python -m components.preview_report`: see `cli.py`."""

from components.preview_report.cli import main

main()
