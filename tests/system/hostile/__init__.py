"""Builds of the program that cheat: each replaces one function of it and runs its `main`."""
