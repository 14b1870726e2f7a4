"""Commands for operators of the pump."""
