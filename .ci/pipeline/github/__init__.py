"""What is written to GitHub: comments, commit statuses, issues and pull requests.

Standard library only. The jobs that hold a token which may write run nothing but this, and install nothing.
"""
