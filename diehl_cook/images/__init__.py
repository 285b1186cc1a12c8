"""Images and their classes: what is learned, labelled and scored."""
