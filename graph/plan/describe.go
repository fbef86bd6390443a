package plan

import (
	"fmt"
	"strings"

	"ppl/graph/scan"
)

func (c *clear1) touches() (writes, reads []*value) { return []*value{c.v}, nil }
func (c *scale) touches() (writes, reads []*value)  { return []*value{c.v}, nil }

func (g *generic) touches() (writes, reads []*value) {
	if g.promote != nil {
		return []*value{g.out}, []*value{g.promote}
	}
	return []*value{g.out}, g.in
}

func (cl *cluster) touches() (writes, reads []*value) {
	for _, a := range cl.accesses {
		reads = append(reads, a.v)
	}
	for _, in := range cl.instrs {
		if in.out.stored {
			writes = append(writes, in.out)
		}
		if in.mat != nil {
			reads = append(reads, in.mat.x, in.mat.b)
		}
	}
	for _, a := range cl.accums {
		writes = append(writes, a.to.v)
		if a.mat != nil {
			reads = append(reads, a.mat.x)
		}
	}
	return writes, reads
}

func (c *clear1) describe() string { return "clear " + c.v.describe() }
func (c *scale) describe() string  { return fmt.Sprintf("scale %s by %g", c.v.describe(), c.v.times) }

func (g *generic) describe() string {
	if g.promote != nil {
		return fmt.Sprintf("%s = per particle %s", g.out.describe(), g.promote.describe())
	}
	var in []string
	for _, v := range g.in {
		in = append(in, v.describe())
	}
	switch s := g.n.Op.(type) {
	case scan.Scan:
		return fmt.Sprintf("%s = scan of %d steps (%s), each:%s", g.out.describe(), s.T, strings.Join(in, ", "), g.describeBody())
	case scan.Steps:
		return fmt.Sprintf("%s = up to %d steps of %d intervals (%s), each by:%s", g.out.describe(), s.M, s.T, strings.Join(in, ", "), g.describeBody())
	}
	return fmt.Sprintf("%s = %s(%s)", g.out.describe(), g.n.Op.Key(), strings.Join(in, ", "))
}

// describe names a value: %12{64}[8] is node 12, per particle, 8 rows.
func (v *value) describe() string {
	name := "copy"
	if v.n != nil {
		name = fmt.Sprintf("%%%d", v.n.ID)
		if v.n.Name != "" {
			name += ":" + v.n.Name
		}
	}
	if v.n != nil && v.data != nil {
		name = "const " + name
		if len(v.data) == 1 {
			return fmt.Sprintf("%g", v.data[0])
		}
	}
	if v.batch {
		name += "{p}"
	}
	return name + v.rows.String()
}

func (cl *cluster) describe() string {
	var b strings.Builder
	kind := ""
	if cl.batch {
		kind = " per particle"
	}
	fmt.Fprintf(&b, "for rows %v%s in blocks of %d, %d registers", cl.loop.dims, kind, cl.loop.block, cl.loop.slots)
	if cl.loop.chunks > 1 {
		fmt.Fprintf(&b, ", in %d chunks", cl.loop.chunks)
	}
	name := func(a arg) string {
		if a.reg >= 0 {
			return fmt.Sprintf("r%d", a.reg)
		}
		x := cl.accesses[a.acc]
		s := x.v.describe()
		if x.off != nil {
			s += "[gather]"
		}
		return s
	}
	for _, in := range cl.instrs {
		if in.skip {
			continue
		}
		var args []string
		for _, a := range in.args {
			args = append(args, name(a))
		}
		what := "copy"
		switch {
		case in.mat != nil:
			what = "product"
			args = []string{in.mat.x.describe(), in.mat.b.describe()}
		case in.lse != nil:
			what = fmt.Sprintf("log_sum_exp, weights in r%d...", in.lse[0])
		case in.fn != nil:
			what = in.fn.Name
		case len(in.args) == 0:
			if in.out.stored {
				fmt.Fprintf(&b, "\n    r%d -> %s", in.dst, in.out.describe())
			}
			continue
		}
		fmt.Fprintf(&b, "\n    r%d = %s(%s)", in.dst, what, strings.Join(args, ", "))
		if in.out.stored {
			fmt.Fprintf(&b, " -> %s", in.out.describe())
		}
	}
	for _, a := range cl.accums {
		if a.paired {
			what := "softplus, with its inv_logit"
			if a.dot != nil {
				what = "squares, with the difference"
			}
			fmt.Fprintf(&b, "\n    %s += add %s", a.to.v.describe(), what)
			continue
		}
		if a.settled {
			fmt.Fprintf(&b, "\n    %s is r%d", a.to.v.describe(), a.src[0].reg)
			continue
		}
		what := "add"
		if a.horizontal {
			what = "add over particles"
		}
		if a.mat != nil {
			what = "add product with " + a.mat.x.describe() + " of"
		}
		src := ""
		if a.dot == nil {
			src = name(a.src[0])
		} else {
			for _, x := range a.dot.args {
				src += name(x) + " "
			}
			src += "(" + a.dot.fn.Name + ")"
		}
		sign := "+="
		if a.set {
			sign = "="
		}
		fmt.Fprintf(&b, "\n    %s %s %s %s", a.to.v.describe(), sign, what, src)
		if a.to.off != nil {
			b.WriteString(" [scatter]")
		}
	}
	return b.String()
}

// Dump lists the steps for people, each with its cost.
func (pr *rowProgram) Dump() string {
	var b, list strings.Builder
	var total cost
	for i, s := range pr.steps {
		c := s.cost(pr.p)
		total.bytes += c.bytes
		total.ns += c.ns
		first, rest, more := strings.Cut(s.describe(), "\n")
		fmt.Fprintf(&list, "%3d  %s  %v\n", i, first, c)
		if more {
			fmt.Fprintln(&list, rest)
		}
	}
	fmt.Fprintf(&b, "%d particles in rows of %d; %d steps %v, arena of %d numbers, registers of %d\n", pr.s, pr.p, len(pr.steps), total, pr.arena, pr.scratch)
	return b.String() + list.String()
}
