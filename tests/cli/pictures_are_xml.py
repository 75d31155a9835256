#!/usr/bin/env python3
"""Checks that the pictures in some folders are well-formed SVG with colours for dark mode: pictures_are_xml.py FOLDER..."""
import pathlib
import sys
import xml.etree.ElementTree as tree

for folder in map(pathlib.Path, sys.argv[1:]):
    pictures = sorted(folder.glob("*.svg"))
    assert pictures, f"no picture in {folder}"
    for picture in pictures:
        root = tree.parse(picture).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg", picture
        assert "prefers-color-scheme: dark" in root.find("{http://www.w3.org/2000/svg}style").text, picture
