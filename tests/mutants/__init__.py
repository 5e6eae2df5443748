"""Small changes of the rules, tried one by one against the tests that are meant for them (docs/mutants.md)."""
