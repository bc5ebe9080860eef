"""What a node does so that several of them run one house."""
