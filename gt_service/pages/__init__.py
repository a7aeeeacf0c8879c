"""The status page: what the API's JSON looks like to a person.

Pure: `views` turns the JSON that the HTTP API answers into what a page shows, `charts` draws it as SVG, `render` puts
it in HTML. The templates hold no decisions and the pages no inline script or style.
"""
