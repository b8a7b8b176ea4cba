"""The command line of cost: one command a file. `python -m components.cost --help` lists them."""
