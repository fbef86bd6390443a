package parser

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// lineWidth is the column that the formatter keeps lines within, where it can.
const lineWidth = 100

// doc is a text that can be laid out on one line or on several: Wadler's "A
// prettier printer" (2003) in Lindig's strict form. A group is laid out flat
// if it fits into the rest of the line, otherwise its own breaks become line
// breaks and the groups inside it are decided one by one.
type doc struct {
	kind  docKind
	text  string
	parts []doc
}

type docKind uint8

const (
	docText  docKind = iota
	docBreak         // a line break, or text when flat
	docList
	docNest // parts indented by one step after a line break
	docGroup
)

const indentStep = 2

func text(s string) doc      { return doc{kind: docText, text: s} }
func list(parts ...doc) doc  { return doc{kind: docList, parts: parts} }
func nest(parts ...doc) doc  { return doc{kind: docNest, parts: parts} }
func group(parts ...doc) doc { return doc{kind: docGroup, parts: parts} }

var (
	space = doc{kind: docBreak, text: " "}
	cut   = doc{kind: docBreak}
)

// command is a doc that waits to be laid out.
type command struct {
	doc    *doc
	indent int
	flat   bool
}

// layout writes docs with their own stack: chains of operators are long.
type layout struct {
	b     strings.Builder
	col   int
	stack []command
	probe []command // scratch space of fits
}

// render lays out d; the text before it takes up indent columns, and so do
// its lines after the first.
func render(d doc, indent int) string {
	l := &layout{col: indent, stack: []command{{&d, indent, false}}}
	for len(l.stack) > 0 {
		c := l.stack[len(l.stack)-1]
		l.stack = l.stack[:len(l.stack)-1]
		l.step(c)
	}
	return l.b.String()
}

func (l *layout) step(c command) {
	switch c.doc.kind {
	case docText:
		l.write(c.doc.text)
	case docBreak:
		if c.flat {
			l.write(c.doc.text)
			return
		}
		l.b.WriteByte('\n')
		l.b.WriteString(strings.Repeat(" ", c.indent))
		l.col = c.indent
	case docGroup:
		c.flat = c.flat || l.fits(c)
		l.stack = pushParts(l.stack, c)
	case docNest:
		c.indent += indentStep
		l.stack = pushParts(l.stack, c)
	case docList:
		l.stack = pushParts(l.stack, c)
	}
}

func pushParts(stack []command, c command) []command {
	for i := len(c.doc.parts) - 1; i >= 0; i-- {
		stack = append(stack, command{&c.doc.parts[i], c.indent, c.flat})
	}
	return stack
}

func (l *layout) write(s string) {
	l.b.WriteString(s)
	l.col += textWidth(s)
}

func textWidth(s string) int {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return runewidth.StringWidth(s)
		}
	}
	return len(s)
}

// fits reports whether the group, laid out flat, and what follows it up to the
// next possible line break stay within the line.
func (l *layout) fits(c command) bool {
	room := lineWidth - l.col
	rest := len(l.stack)
	l.probe = append(l.probe[:0], command{c.doc, 0, true})
	for room >= 0 {
		if len(l.probe) == 0 {
			if rest == 0 {
				return true
			}
			rest--
			l.probe = append(l.probe, l.stack[rest])
			continue
		}
		next := l.probe[len(l.probe)-1]
		l.probe = l.probe[:len(l.probe)-1]
		switch next.doc.kind {
		case docText:
			room -= textWidth(next.doc.text)
		case docBreak:
			if !next.flat {
				return true
			}
			room -= textWidth(next.doc.text)
		default:
			l.probe = l.pushBounded(next, room)
		}
	}
	return false
}

// pushBounded pushes no more parts than could fit: each part is assumed to
// take a column for every two, which holds of every list that is printed.
// Without it, asking of each link of a long chain would be quadratic.
func (l *layout) pushBounded(c command, room int) []command {
	parts := c.doc.parts
	if most := 2*room + 4; len(parts) > most {
		parts = parts[:most]
	}
	for i := len(parts) - 1; i >= 0; i-- {
		l.probe = append(l.probe, command{&parts[i], c.indent, c.flat})
	}
	return l.probe
}
