package runtime

import (
	"fmt"
	"io"
	"strings"

	"ppl/lang/ast"
	"ppl/lang/diag"
	"ppl/parser"
)

// DumpTree prints the syntax tree of a model, errors and all: a node a line,
// its parts indented below it, each with the lines and columns that it spans.
//
//	Sample 12:1-12:24
//	  Ident theta 12:1-12:5
func DumpTree(w io.Writer, name string, text []byte) (err error) {
	defer guarded(&err)
	if err := given("DumpTree", writerArgument(w)); err != nil {
		return err
	}
	w = callersWriter{w}
	file, _ := parser.Parse(name, text)
	type item struct {
		node  ast.Node
		depth int
	}
	var b strings.Builder
	stack := []item{{file, 0}} // of our own: a long sum is a deep tree
	for len(stack) > 0 {
		it := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		fmt.Fprintf(&b, "%s%s %s\n", indent(it.depth), nodeWord(it.node), spanWord(file.Source, it.node.Span()))
		if b.Len() > 1<<16 {
			if _, err := io.WriteString(w, b.String()); err != nil {
				return err
			}
			b.Reset()
		}
		children := ast.Children(it.node)
		for i := len(children) - 1; i >= 0; i-- {
			stack = append(stack, item{children[i], it.depth + 1})
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// indent stops at a depth that no person reads beyond, since the tree of a sum
// of fifty thousand terms would take gigabytes of blanks.
func indent(depth int) string {
	const deepest = 60
	if depth > deepest {
		return strings.Repeat("  ", deepest) + fmt.Sprintf("(%d) ", depth)
	}
	return strings.Repeat("  ", depth)
}

func spanWord(s *diag.Source, sp diag.Span) string {
	from, to := s.Position(sp.Start), s.Position(max(sp.Start, sp.End-1))
	if from == to {
		return fmt.Sprintf("%d:%d", from.Line, from.Column)
	}
	return fmt.Sprintf("%d:%d-%d:%d", from.Line, from.Column, to.Line, to.Column)
}

// nodeWord is a node's kind, and what it says itself rather than in its parts.
func nodeWord(n ast.Node) string {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast.")
	if own := ownWord(n); own != "" {
		return kind + " " + own
	}
	return kind
}

func ownWord(n ast.Node) string {
	switch n := n.(type) {
	case *ast.File:
		return n.Source.Name
	case *ast.Ident:
		return n.Name
	case *ast.Name:
		return n.Name
	case *ast.Number:
		return n.Text
	case *ast.Bool:
		return fmt.Sprint(n.Value)
	case *ast.Unary:
		return n.Op
	case *ast.Binary:
		return n.Op
	case *ast.Constraint:
		return n.Op
	case *ast.Type:
		if n.Optional {
			return "?"
		}
	case *ast.IndexArg:
		if n.Colon {
			return ":"
		}
	}
	return ""
}
