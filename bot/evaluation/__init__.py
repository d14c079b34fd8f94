"""How well the parts do on labelled data: figures, not opinions."""
