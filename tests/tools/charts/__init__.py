"""The charts of the serving stack with the values that the components declare, and what tests ask of them."""
