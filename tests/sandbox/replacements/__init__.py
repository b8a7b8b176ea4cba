"""What changing each argument of each Google component does to its resources: the table that `test_replacements.py` holds
against the real engine, and the program in which every row has an instance of its own."""
