"""A Backstage template that asks for a team's file and opens the pull request. Generated from the form of that file."""
