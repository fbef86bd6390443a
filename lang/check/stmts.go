package check

import (
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Statements, in the order of the text.

func (c *checker) stmts(list []ast.Stmt) {
	for _, s := range list {
		c.stmt(s)
		if len(c.loops) == 0 {
			c.finish()
		}
	}
}

func (c *checker) stmt(s ast.Stmt) {
	if c.full {
		return
	}
	switch s := s.(type) {
	case *ast.Data:
		if c.allowed(s, "data", true) {
			c.data(s)
		}
	case *ast.Param:
		if c.allowed(s, "param", true) {
			c.param(s)
		}
	case *ast.Fn:
		c.allowed(s, "fn", true) // checked at the start
	case *ast.Guide:
		if c.allowed(s, "guide", true) {
			c.guideBlock(s)
		}
	case *ast.Factor:
		if c.allowed(s, "factor", false) {
			c.factor(s)
		}
	case *ast.Generate:
		if c.allowed(s, "generate", false) {
			c.generate(s)
		}
	case *ast.Sample:
		if c.allowed(s, "~", false) {
			c.sample(s)
		}
	case *ast.Plate:
		if c.allowed(s, "plate", false) {
			c.loop(&loop{node: s}, s.Binders, s.Body)
		}
	case *ast.For:
		c.loop(&loop{node: s, ordered: true}, s.Binders, s.Body)
	case *ast.Let:
		c.let(s)
	}
}

// allowed reports a statement that may not stand where it does.
func (c *checker) allowed(s ast.Stmt, what string, topOnly bool) bool {
	at := diag.Span{Start: s.Span().Start, End: min(s.Span().Start+len(what), s.Span().End)}
	if smp, ok := s.(*ast.Sample); ok {
		at = smp.Name.Span()
	}
	switch {
	case c.fn != nil && what != "let" && what != "for":
		c.report(MisplacedStatement, at, "`%s` may not stand in a `fn`", what).expected("`let`, `for` or `return`").
			hint("a function only computes; draw and observe in the model")
		return false
	case c.guide != nil && (topOnly || what == "factor" || what == "generate"):
		c.report(MisplacedStatement, at, "`%s` may not stand in a `guide`", what).expected("`~`, `let`, `plate` or `for`")
		return false
	case topOnly && len(c.loops) > 0:
		c.report(MisplacedStatement, at, "`%s` stands at top level only", what).hint("move it out of the plate or loop")
		return false
	}
	return true
}

func (c *checker) factor(s *ast.Factor) {
	v := c.expr(s.Value)
	if v.bad {
		return
	}
	if !v.t.IsScalar() {
		c.report(ShapeMismatch, s.Value.Span(), "`factor` adds one number to the log density").expected("real").found("%s", v.t).
			hint("add the elements up: `factor sum(...)`")
	}
}

func (c *checker) generate(s *ast.Generate) {
	was := c.generating
	c.generating = true
	c.stmt(s.Stmt)
	c.generating = was
}

// loop checks a plate or a `for`.
func (c *checker) loop(l *loop, bs []*ast.Binder, body []ast.Stmt) {
	c.enter(l, bs)
	defer c.leave()
	for _, s := range body {
		c.stmt(s)
	}
}

// enter opens the scope of a loop and binds its indices.
func (c *checker) enter(l *loop, bs []*ast.Binder) {
	c.scope = newScope(c.scope)
	c.loops = append(c.loops, l)
	for _, b := range bs {
		c.bind(b, l)
	}
	if len(c.loops) == 1 {
		c.declareArrays(l.node)
	}
}

func (c *checker) leave() {
	c.loops = c.loops[:len(c.loops)-1]
	c.scope = c.scope.parent
}
