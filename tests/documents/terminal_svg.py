"""Owns the test of docs/pictures/terminal-svg: what a terminal showed is in the picture, at its place and in its look.

Must not: need a terminal. Run as `python3 terminal_svg.py docs/pictures/terminal-svg`.
"""
import importlib.machinery
import importlib.util
import re
import subprocess
import sys
import unittest
import xml.dom.minidom

PROGRAM = sys.argv.pop(1)


sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("terminal_svg", PROGRAM)
converter = importlib.util.module_from_spec(importlib.util.spec_from_loader("terminal_svg", loader))
loader.exec_module(converter)


def draw(*frames, seconds=(1,), **options):
    """The picture of these texts, parsed."""
    return xml.dom.minidom.parseString(converter.make([text.split("\n") for text in frames], seconds, **options))


def texts(picture):
    return {node.firstChild.data: node for node in picture.getElementsByTagName("text")}


def column(node):
    return (int(node.getAttribute("x")) - 12) / 8


class Pictures(unittest.TestCase):
    def test_text_without_colour_stands_in_its_column(self):
        found = texts(draw("one\n   two  "))
        self.assertEqual([column(found["one"]), column(found["two"])], [0, 3])
        self.assertEqual(found["two"].getAttribute("textLength"), "24")
        self.assertGreater(int(found["two"].getAttribute("y")), int(found["one"].getAttribute("y")))

    def test_colours_in_each_way_to_write_them(self):
        cases = {"31": "c1", "91": "c9", "38;5;3": "c3", "38:5:3": "c3", "38;5;196": "#ff0000", "38;5;232": "#080808", "38;2;1;2;3": "#010203", "38:2::1:2:3": "#010203", "1;31;39": "b", "0": ""}
        for code, look in cases.items():
            with self.subTest(code):
                node = texts(draw("\x1b[%smx" % code))["x"]
                shown = node.getAttribute("style").replace("fill:", "") + node.getAttribute("class")
                self.assertEqual(shown, look)

    def test_marks(self):
        self.assertEqual(texts(draw("\x1b[1;2;3;4;9mx"))["x"].getAttribute("class"), "b f i u s")
        self.assertEqual(texts(draw("\x1b[1;4m\x1b[22;24mx"))["x"].getAttribute("class"), "")
        self.assertNotIn("x", texts(draw("\x1b[8mx\x1b[28my")))

    def test_reverse_swaps_text_and_background(self):
        picture = draw("\x1b[7mx\x1b[0;7;31my")
        self.assertEqual(texts(picture)["x"].getAttribute("class"), "e")
        backs = [node.getAttribute("class") for node in picture.getElementsByTagName("rect")][2:]
        self.assertEqual(backs, ["d", "c1"])

    def test_a_look_goes_on_in_the_next_line(self):
        self.assertEqual(texts(draw("\x1b[31mx\ny\x1b[0m\nz"))["y"].getAttribute("class"), "c1")
        self.assertEqual(texts(draw("\x1b[38;2;9;9;9mx\ny"))["y"].getAttribute("style"), "fill:#090909")

    def test_wide_and_combining_characters_keep_the_columns(self):
        found = texts(draw("漢x e\u0301z\tq"))
        self.assertEqual(column(found["漢"]), 0)
        self.assertEqual(found["漢"].getAttribute("textLength"), "16")
        self.assertEqual((column(found["x e\u0301z"]), found["x e\u0301z"].getAttribute("textLength")), (2, "32"))
        self.assertEqual(column(found["q"]), 8)

    def test_line_drawing_and_sequences_that_draw_nothing(self):
        self.assertIn("┌─┐x", texts(draw("\x0elqk\x0fx")))
        self.assertIn("link", texts(draw("\x1b]8;;http://h\x1b\\link\x1b]8;;\x07\x1b(B\x1b[2K")))

    def test_text_that_is_markup(self):
        self.assertIn("<&>", texts(draw("<&>")))

    def test_frames_are_shown_one_after_the_other(self):
        picture = draw("same\na", "same\nb", seconds=(1, 3), title="story")
        groups = picture.getElementsByTagName("g")
        self.assertEqual([node.firstChild.firstChild.data for node in groups], ["a", "b"])
        style = picture.getElementsByTagName("style")[0].firstChild.data
        first, last = (node.getAttribute("class") for node in groups)
        self.assertIn("@keyframes %s{0%%{visibility:visible}25%%{visibility:hidden}}" % first, style)
        self.assertIn("@keyframes %s{0%%{visibility:hidden}25%%{visibility:visible}}" % last, style)
        # Without motion the last frame is what is seen.
        still = style[: style.index("@media (prefers-reduced-motion")]
        self.assertEqual(re.findall(r"\.(\w+){visibility:hidden}", still), [first])
        self.assertIn("story", picture.getElementsByTagName("title")[0].firstChild.data)

    def test_both_schemes_are_in_one_file(self):
        self.assertIn("prefers-color-scheme:dark", draw("x").toxml())
        self.assertNotIn("prefers-color-scheme", draw("x", scheme="dark").toxml())

    def test_nothing_and_bytes_that_are_no_text(self):
        self.assertEqual(len(texts(draw(""))), 0)
        done = subprocess.run([sys.executable, PROGRAM, "-"], input=b"\xff\x00x\x1b[38;5m\x1b[38my\x1b[", capture_output=True, check=True)
        xml.dom.minidom.parseString(done.stdout)

    def test_a_frame_that_is_not_there(self):
        done = subprocess.run([sys.executable, PROGRAM, "/nowhere/x"], capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"cannot read the frame /nowhere/x", done.stderr)


if __name__ == "__main__":
    unittest.main()
