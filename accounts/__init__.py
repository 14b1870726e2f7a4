"""The door: who a person is and how much that person may do."""
