"""The frame of the house: roof and foundation."""
