"""Labels of an output manifest in the forms that other tools read, with their images beside them where asked for.

    files = export.files(); pictures = export.images()

One writer for each form in `writers/`; what they share (names, parts, the labels of a line) is here.
"""
