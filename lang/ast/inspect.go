package ast

// Inspect visits root and the nodes below it in the order of the text, and
// calls f for each; where f returns false the children are left out. It keeps
// its own stack, so that a sum of fifty thousand terms, whose tree is as deep,
// costs no recursion.
func Inspect(root Node, f func(Node) bool) {
	stack := []Node{root}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !f(n) {
			continue
		}
		children := Children(n)
		for i := len(children) - 1; i >= 0; i-- {
			stack = append(stack, children[i])
		}
	}
}

// Children returns the parts of a node in the order of the text, names
// included; absent parts are left out. Parts that a node holds by value are
// given as pointers into it.
func Children(n Node) []Node {
	var c children
	switch n := n.(type) {
	case *File:
		c.stmts(n.Stmts)
	case Stmt:
		c.ofStmt(n)
	case Expr:
		c.ofExpr(n)
	default:
		c.ofPart(n)
	}
	return c
}

type children []Node

func (c *children) ofStmt(n Stmt) {
	switch n := n.(type) {
	case *Data:
		c.add(&n.Name)
		c.typed(n.Type, n.Constraint)
		c.expr(n.Default)
	case *Param:
		c.add(&n.Name)
		c.typed(n.Type, n.Constraint)
		c.expr(n.Init)
	case *Let:
		c.add(&n.Name)
		c.leftIndices(n.Index)
		c.expr(n.Value)
	case *Sample:
		c.add(&n.Name)
		c.leftIndices(n.Index)
		c.typed(n.Type, n.Constraint)
		c.dist(n.Dist)
		if n.Censored != nil {
			c.add(n.Censored)
		}
		if n.Weighted != nil {
			c.add(n.Weighted)
		}
	case *Plate:
		c.binders(n.Binders)
		c.stmts(n.Body)
	case *For:
		c.binders(n.Binders)
		c.stmts(n.Body)
	case *Factor:
		c.expr(n.Value)
	case *Generate:
		if n.Stmt != nil {
			c.add(n.Stmt)
		}
	case *Fn:
		c.ofFn(n)
	case *Guide:
		c.stmts(n.Body)
	}
}

func (c *children) ofFn(n *Fn) {
	c.add(&n.Name)
	for _, p := range n.Params {
		if p != nil {
			c.add(p)
		}
	}
	c.typed(n.Return, nil)
	c.stmts(n.Body)
	c.expr(n.Result)
}

func (c *children) ofExpr(n Expr) {
	switch n := n.(type) {
	case *Unary:
		c.expr(n.X)
	case *Binary:
		c.expr(n.X)
		c.expr(n.Y)
	case *If:
		c.expr(n.Cond)
		c.expr(n.Then)
		c.expr(n.Else)
	case *Index:
		c.expr(n.X)
		for i := range n.Args {
			c.add(&n.Args[i])
		}
	case *Call:
		c.add(&n.Fn)
		for i := range n.Args {
			c.add(&n.Args[i])
		}
	case *DistExpr:
		c.dist(n.Dist)
	case *Drawn:
		if n.Sample != nil {
			c.dist(n.Sample.Dist)
		}
		c.expr(n.Noise)
		c.expr(n.Value)
	case *Array:
		for _, e := range n.Elems {
			c.expr(e)
		}
	case *Comprehension:
		c.expr(n.Elem)
		c.binders(n.Binders)
	case *Paren:
		c.expr(n.X)
	}
}

func (c *children) ofPart(n Node) {
	switch n := n.(type) {
	case *LeftIndex:
		if n.Binder != nil {
			c.add(n.Binder)
			return
		}
		c.add(&n.Arg)
	case *IndexArg:
		c.expr(n.Expr)
		c.rng(n.Range)
	case *Arg:
		if n.Name != nil {
			c.add(n.Name)
		}
		c.expr(n.Value)
	case *Binder:
		c.add(&n.Name)
		c.rng(n.Range)
	case *Range:
		c.expr(n.Lo)
		c.expr(n.Hi)
	case *Interval:
		c.expr(n.Lo)
		c.expr(n.Hi)
	case *FnParam:
		c.add(&n.Name)
		c.typed(n.Type, nil)
	case *Type:
		c.add(&n.Name)
		if n.Levels != nil {
			c.add(n.Levels)
		}
		for _, d := range n.Dims {
			c.expr(d)
		}
	case *Constraint:
		c.expr(n.Bound)
		c.interval(n.Interval)
		c.rng(n.Range)
	case *Censoring:
		c.expr(n.Bound)
		c.interval(n.Interval)
		c.rng(n.Range)
	case *Weighting:
		c.expr(n.Value)
	case *Dist:
		if n.Call != nil {
			c.add(n.Call)
		}
		c.interval(n.Interval)
		c.rng(n.Range)
	}
}

func (c *children) add(n Node) { *c = append(*c, n) }

func (c *children) expr(e Expr) {
	if e != nil {
		c.add(e)
	}
}

func (c *children) stmts(list []Stmt) {
	for _, s := range list {
		if s != nil {
			c.add(s)
		}
	}
}

func (c *children) binders(list []*Binder) {
	for _, b := range list {
		if b != nil {
			c.add(b)
		}
	}
}

func (c *children) leftIndices(list []LeftIndex) {
	for i := range list {
		c.add(&list[i])
	}
}

func (c *children) rng(r *Range) {
	if r != nil {
		c.add(r)
	}
}

func (c *children) interval(i *Interval) {
	if i != nil {
		c.add(i)
	}
}

func (c *children) dist(d *Dist) {
	if d != nil {
		c.add(d)
	}
}

func (c *children) typed(t *Type, k *Constraint) {
	if t != nil {
		c.add(t)
	}
	if k != nil {
		c.add(k)
	}
}
