package parser

import (
	"strings"

	"ppl/lang/ast"
)

// maxAligned is the longest left side that takes part in alignment.
const maxAligned = 40

// alignment returns, for each statement of a block, the blanks that bring its
// `:`, `~` or `=` under that of its neighbours. A run is a stretch of
// statements of one kind with neither a blank line nor a comment between. It
// depends on the tree and on what formatting keeps, never on the layout, so
// formatting twice aligns alike.
func (p *formatter) alignment(items []item) []string {
	pads := make([]string, len(items))
	comments := p.comments
	for i := 0; i < len(items); {
		kind, width := p.alignKind(items[i].stmt)
		widths := []int{width}
		most := width
		j := i + 1
		for ; kind != "" && j < len(items); j++ {
			k, w := p.alignKind(items[j].stmt)
			if k != kind || p.parted(items[j-1], items[j], &comments) {
				break
			}
			widths, most = append(widths, w), max(most, w)
		}
		for n, w := range widths {
			pads[i+n] = strings.Repeat(" ", most-w)
		}
		i = j
	}
	return pads
}

// knownNames collects what the top level of a model knows: a `~` of such a name
// observes it, and does not line up with the latents above.
func knownNames(stmts []ast.Stmt) map[string]bool {
	known := map[string]bool{}
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.Data:
			known[s.Name.Name] = true
		case *ast.Let:
			known[s.Name.Name] = true
		}
	}
	return known
}

// parted reports whether a blank line or a comment on a line of its own will
// stand between two statements.
func (p *formatter) parted(a, b item, comments *[]ast.Comment) bool {
	end := a.span.End
	for len(*comments) > 0 && (*comments)[0].Sp.Start < end {
		*comments = (*comments)[1:]
	}
	for rest := *comments; len(rest) > 0 && rest[0].Sp.Start < b.span.End; rest = rest[1:] {
		if rest[0].Sp.Start > b.span.Start || p.lineOf(rest[0].Sp.Start) != p.lineOf(end) {
			return true
		}
		end = rest[0].Sp.End
	}
	return p.lineOf(b.span.Start) > p.lineOf(end)+1
}

// alignKind says which statements a statement lines up with, "" for none, and
// how wide its left side is.
func (p *formatter) alignKind(s ast.Stmt) (kind string, width int) {
	switch s := s.(type) {
	case *ast.Data:
		kind, width = "data", textWidth(s.Name.Name)
	case *ast.Param:
		kind, width = "param", textWidth(s.Name.Name)
	case *ast.Let:
		kind, width = "let"+indexKind(s.Index), p.leftWidth(s.Name, s.Index)
	case *ast.Sample:
		if s.Type == nil {
			kind, width = "~"+indexKind(s.Index), p.leftWidth(s.Name, s.Index)
			if kind == "~" && p.known[s.Name.Name] {
				kind = "observed"
			}
		}
	}
	if width > maxAligned {
		return "", 0
	}
	return kind, width
}

// indexKind tells x, x[i in R] and x[i] apart: they do not line up.
func indexKind(index []ast.LeftIndex) string {
	if len(index) == 0 {
		return ""
	}
	for _, ix := range index {
		if ix.Binder != nil {
			return "[in]"
		}
	}
	return "[]"
}

// leftWidth is the width of NAME[...] on one line.
func (p *formatter) leftWidth(name ast.Ident, index []ast.LeftIndex) int {
	if len(index) == 0 {
		return textWidth(name.Name)
	}
	line := render(p.left(name, index), 0)
	if strings.Contains(line, "\n") {
		return maxAligned + 1
	}
	return textWidth(line)
}
