"""The venues' sockets: what each says on them, and how it is sent."""
