package parser

import (
	"fmt"

	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// precedence of the binary operators, loosest first. Prefix operators bind
// tighter than products and looser than powers: -a^2 is -(a^2).
var precedence = map[string]int{
	"||": 1, "&&": 2,
	"==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3,
	"+": 4, "-": 4, "*": 5, "/": 5, "@": 5, "^": 7,
}

const prefixPrecedence = 6

// pending is an operator whose right operand is not complete yet.
type pending struct {
	op     lexer.Token
	prec   int
	prefix bool
}

// precedenceStack is Dijkstra's shunting yard: operands wait on one stack and
// operators on another until an operator that binds looser completes them. It
// needs no recursion, however long the chain.
type precedenceStack struct {
	rep  *reporter
	args []ast.Expr
	ops  []pending
}

func newPrecedence(rep *reporter, n int) *precedenceStack {
	return &precedenceStack{rep: rep, args: make([]ast.Expr, 0, min(n+1, 8)), ops: make([]pending, 0, min(n, 8))}
}

func (p *precedenceStack) operand(c *converter, o *operand) {
	prefix := 0
	for ; o.Tokens[prefix].Type == tokOp; prefix++ {
		t := o.Tokens[prefix]
		if t.Value != "-" && t.Value != "!" {
			p.misplaced(t, "an expression", "")
			continue
		}
		p.ops = append(p.ops, pending{t, prefixPrecedence, true})
	}
	p.args = append(p.args, c.primary(o, prefix))
}

// misplaced reports an operator that cannot stand where it does; the grammar
// takes all operators for one.
func (p *precedenceStack) misplaced(t lexer.Token, expected, hint string) {
	p.rep.add(diag.Diagnostic{
		Code: SyntaxError, Span: tokenSpan(t), Summary: "the operator " + quote(t.Value) + " cannot stand here",
		Expected: expected, Found: quote(t.Value), Hint: hint,
	})
}

func (p *precedenceStack) operator(t lexer.Token) {
	prec, binary := precedence[t.Value]
	if !binary {
		p.misplaced(t, "an operator between two values", "\"not equal\" is written `!=`")
		prec = precedence["*"]
	}
	for len(p.ops) > 0 {
		top := p.ops[len(p.ops)-1]
		// `^` groups to the right, everything else to the left.
		if top.prec < prec || top.prec == prec && t.Value == "^" {
			break
		}
		if top.prec == prec && prec == precedence["<"] {
			p.chained(top.op, t)
		}
		p.reduce()
	}
	p.ops = append(p.ops, pending{op: t, prec: prec})
}

// chained reports `a < b < c`, whose tree would compare a bool with c.
func (p *precedenceStack) chained(first, second lexer.Token) {
	left, mid := p.args[len(p.args)-2], p.args[len(p.args)-1]
	text := func(e ast.Expr) string { return shorten(p.rep.src.Slice(e.Span())) }
	hint := fmt.Sprintf("write `%s %s %s && %s %s ...`", text(left), first.Value, text(mid), text(mid), second.Value)
	if first.Value == "==" || first.Value == "!=" {
		hint = "put one comparison in parentheses, or join two with `&&`"
	}
	p.rep.add(diag.Diagnostic{
		Code: ChainedComparison, Span: tokenSpan(second), Summary: "comparisons do not chain",
		Found: quote(second.Value) + " after " + quote(first.Value), Hint: hint,
		Related: []diag.Related{{Span: tokenSpan(first).To(mid.Span()), Message: "this comparison is complete here"}},
	})
}

// reduce applies the last operator.
func (p *precedenceStack) reduce() {
	top := p.ops[len(p.ops)-1]
	p.ops = p.ops[:len(p.ops)-1]
	y := p.args[len(p.args)-1]
	if top.prefix {
		sp := tokenSpan(top.op).To(y.Span())
		p.args[len(p.args)-1] = &ast.Unary{At: ast.At{Sp: sp}, Op: top.op.Value, OpAt: tokenSpan(top.op), X: y}
		return
	}
	x := p.args[len(p.args)-2]
	p.args = p.args[:len(p.args)-1]
	p.args[len(p.args)-1] = &ast.Binary{
		At: ast.At{Sp: x.Span().To(y.Span())}, Op: top.op.Value, OpAt: tokenSpan(top.op), X: x, Y: y,
	}
}

func (p *precedenceStack) finish() ast.Expr {
	for len(p.ops) > 0 {
		p.reduce()
	}
	return p.args[0]
}
