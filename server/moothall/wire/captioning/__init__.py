"""What captioning software sends and asks for."""
