"""The room of a hub: its own questions, raised hands, head counts and notes."""
