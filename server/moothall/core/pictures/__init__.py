"""Pictures of figures, drawn as SVG from values: the same values give the same picture, byte for byte."""
