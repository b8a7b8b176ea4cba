"""Where the state of a real environment lies: made once, and put right when it is lost or damaged. See docs/state.md."""
