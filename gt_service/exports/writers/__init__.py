"""One writer for each form: labeled images in, files out, image after image. Pure."""
