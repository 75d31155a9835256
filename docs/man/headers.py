"""The public headers as data: what each declares, and the comments that describe it.

A comment describes the declarations that follow it without a blank line; one that a blank line follows is a text of
the header. Of a member, the comment stands before it or behind it.
"""
import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INCLUDE = ROOT / "include/tether"


@dataclasses.dataclass
class Member:
    name: str          # of an enumerator, or of a field
    code: str          # as it is declared
    text: list         # lines of the comment behind it, or before it
    before: list       # lines of a comment before it, if it has one behind it, too


@dataclasses.dataclass
class Declaration:
    kind: str          # function, struct, opaque, enum, callback, constant
    name: str
    code: str          # as it is declared, in one line
    members: list = dataclasses.field(default_factory=list)
    text: list = dataclasses.field(default_factory=list)
    line: int = 0


@dataclasses.dataclass
class Header:
    name: str          # error.h
    intro: list        # lines of its first comment
    texts: list        # other comments that describe no declaration, as lines
    groups: list       # lists of declarations that share a comment


def comment_lines(text):
    """The lines of a comment without its marks."""
    lines = text.strip().removeprefix("/*").removesuffix("*/").split("\n")
    return [re.sub(r"^ *\* ?" if number else "^ ?", "", line).rstrip() for number, line in enumerate(lines)]


def flat(code):
    return re.sub(r"\s+", " ", code).strip()


def unwrapped(lines):
    """The lines of a comment beside code, which are indented."""
    return [line.strip() for line in lines if line.strip()]


def members(body):
    found, before, at = [], [], 0
    part = re.compile(r"\s*(/\*.*?\*/)|\s*#[^\n]*|[ \t]*([^;,/#]*?(?:\([^)]*\))?[^;,/#]*?)\s*([;,]|$|(?=/\*))", re.S)
    while at < len(body):
        match = part.match(body, at)
        if not match or match.end() == at:
            break
        same_line = "\n" not in body[at:match.start(1)] if match.group(1) else False
        at = match.end()
        if match.group(1):
            lines = unwrapped(comment_lines(match.group(1)))
            if same_line and found:
                found[-1].before, found[-1].text = found[-1].text, lines
            else:
                before = lines
        elif match.group(2) and match.group(2).strip():
            code = flat(match.group(2))
            # The macro that makes the members of a map.
            if "(" in code and "[" not in code and "(*" not in code and "=" not in code:
                continue
            name = re.search(r"([A-Za-z_0-9]+)\s*(\[[^\]]*\])?$", code.split("=")[0].strip()).group(1)
            found.append(Member(name, code, before, []))
            before = []
    return found


DECLARATION = re.compile(
    r"TETHER_EXPORT (?P<function>[^;]*);"
    r"|typedef (?P<kind>struct|enum) \w+ \{(?P<body>.*?)\n?\} ?(?P<tag>\w+);"
    r"|typedef struct \w+ (?P<opaque>\w+);"
    r"|typedef (?P<callback>[^;{]*\(\*\w+\)[^;]*);"
    r"|#define (?P<macro>TETHER_\w+(?:\(X\))?)(?P<value>(?:[^\n\\]|\\\n?)*)", re.S)


def declaration(match, line):
    if match["function"]:
        code = flat(match["function"])
        return Declaration("function", re.search(r"(\w+)\(", code).group(1), code, line=line)
    if match["tag"]:
        return Declaration(match["kind"], match["tag"], f"{match['kind']} {match['tag']}", members(match["body"] + "\n"), line=line)
    if match["opaque"]:
        return Declaration("opaque", match["opaque"], f"typedef struct {match['opaque']} {match['opaque']}", line=line)
    if match["callback"]:
        code = flat(match["callback"])
        return Declaration("callback", re.search(r"\(\*(\w+)\)", code).group(1), code, line=line)
    return Declaration("constant", match["macro"], match["value"].strip(), line=line)


def read(path):
    text = path.read_text()
    header = Header(path.name, [], [], [])
    at, comment, group = 0, None, None
    token = re.compile(r"(?P<comment>/\*.*?\*/)|(?P<blank>\n[ \t]*\n)|(?P<other>\S)", re.S)
    while match := token.search(text, at):
        if match["comment"]:
            comment, group, at = comment_lines(match["comment"]), None, match.end()
            # "--- Statuses and times ---" parts the header for those who read it.
            if comment[0].strip().startswith("---"):
                comment = None
            elif text.startswith("\n\n", at) or re.match(r"\n#ifndef", text[at:]):
                if header.intro:
                    header.texts.append(comment)
                else:
                    header.intro = comment
                comment = None
        elif match["blank"]:
            comment, group, at = None, None, match.start() + 1
            while at < len(text) and text[at] in " \t\n":
                at += 1
        else:
            found = DECLARATION.match(text, match.start())
            if not found or (found["macro"] or "").endswith("_H"):
                at = text.find("\n", match.start())
                if at < 0:
                    break
                continue
            item = declaration(found, text.count("\n", 0, match.start()) + 1)
            item.text = comment or []
            if group is None:
                group = []
                header.groups.append(group)
            group.append(item)
            at = found.end()
    return header


def rows(lines):
    """The list in indented lines of a comment, a word and what it means ("  ECLOSED  the registry ..."); None: it is an example."""
    found = []
    for line in lines:
        if match := re.fullmatch(r"  ([A-Za-z_]+)(?:  +(\S.*))?", line):
            found.append([match[1], match[2] or ""])
        elif found and (match := re.fullmatch(r" {6,}(\S.*)", line)):
            found[-1][1] += " " + match[1]
        else:
            return None
    return None if any("   " in text for _, text in found) else found


def maps(header):
    """The lines of the X-macros of a header: [(name, [arguments])]."""
    found = {}
    for group in header.groups:
        for item in group:
            if item.name.endswith("_MAP(X)"):
                found[item.name[:-3]] = [re.findall(r'"[^"]*"|[^,\s]+', line) for line in re.findall(r"X\(([^)]*)\)", item.code)]
    return found


def all_headers():
    return {path.name: read(path) for path in sorted(INCLUDE.glob("*.h")) if path.name != "export.h"}
