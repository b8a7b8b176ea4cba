"""What an environment consists of, read from the program itself: the graph of its resources and what pages say about it."""
