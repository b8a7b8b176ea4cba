"""prod on a real control plane, brought up once for all of these tests; its cluster ends with them."""
