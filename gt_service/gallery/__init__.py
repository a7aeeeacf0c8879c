"""A campaign's labeled images for people to look through, a million of them as quick as a hundred.

Written when a job ends, and put together to the campaign's with its labels:

    <report>/images/<number>.json      CHUNK images of a job, the least sure first
    <report>/images/index.bits         which of them have what: by people or machine, each class, how sure, …
    <campaign>/labels/images.bits      the same for all jobs together, and the images that somebody corrected

Rows are never moved once they are written, so an image's address (job and number) holds. A page reads the campaign's
index, one bit of every image for each thing to filter by, and the few chunks that hold the images it shows.
"""
