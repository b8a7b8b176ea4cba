"""What a month cost whom: measured use and the bill of the month, divided fairly between dense and mixture-of-experts models."""
