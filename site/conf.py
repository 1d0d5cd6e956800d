"""How Sphinx turns the notebooks into a site; tools/site.py prepares what it reads. Nothing is fetched from a CDN."""

project = "LeNet-5, layer by layer"
author = "the authors of the course"
extensions = ["myst_nb", "sphinx-mathjax-offline"]
html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_favicon = "favicon.svg"
html_css_files = ["course.css"]
html_extra_path = ["extra"]  # the playground's pages, as they are
html_copy_source = False
html_show_search_summary = False  # a page opened from disk may not fetch another
html_show_sphinx = False
html_context = {"default_mode": "auto"}  # light or dark as the reader's system is
html_theme_options = {
    "show_toc_level": 2, "use_download_button": False, "use_fullscreen_button": False, "navbar_persistent": [],
}  # fmt: skip

nb_execution_mode = "off"  # the committed outputs are shown
nb_ipywidgets_js = {}  # no widgets, so no scripts for them
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
# Its menu would fetch more from the web.
mathjax3_config = {"options": {"enableMenu": False}}
