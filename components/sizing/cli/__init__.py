"""The command line of sizing: one command a file. `python -m components.sizing --help` lists them."""
