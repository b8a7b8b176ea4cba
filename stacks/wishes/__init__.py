"""From a wish to a team's file: questions and flags made from its form, what it would get, and the file's text.

Nothing is written before the whole environment was planned with it. Writes team files and nothing else.
"""
