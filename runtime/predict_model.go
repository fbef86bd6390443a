package runtime

import (
	"context"
	"fmt"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
	"ppl/runtime/data"
	"ppl/runtime/saved"
)

// Predictions by another model: one that says the same of the latents and of the data, and defines more from them. What a fit
// knows are draws of the latents of its own model, so that nothing else may differ: the statements other than `let` and
// `generate` are compared one by one, as trees, in their order; lets, functions and data by name.

// under is the answer with another model in the place of the one that was fitted, and the data that are left to
// bind anew. Data that the fitted model does not declare are bound together with those of the fit, unless data that it
// does declare come with them: they are then of the new rows, too.
func (post *Posterior) under(m *Model, d *Data) (*Posterior, *Data, error) {
	if !m.made() {
		return nil, nil, &OptionError{"Model", "was not made by Compile"}
	}
	p, err := post.Problem()
	if err != nil {
		return nil, nil, err
	}
	if found := sayTheSame(p.model.checked, m.checked); len(found) > 0 {
		return nil, nil, &ModelError{found}
	}
	var more *data.Tables
	if d != nil {
		tables, err := d.read()
		if err != nil {
			return nil, nil, err
		}
		if onlyNew(p.model.checked, m.checked, tables) {
			more, d = tables, nil
		}
	}
	stored := &loaded{fit: &saved.Fit{Names: p.saveNames(), Data: p.saveData()}}
	again, err := stored.bindTo(m, BindOptions{Engine: p.engine, Discrete: p.discrete, Latents: p.latents}, more)
	if err != nil {
		return nil, nil, err
	}
	out := &Posterior{problem: again, answer: post.answer, draw: post.discreteDraws}
	out.index()
	return out, d, nil
}

// onlyNew reports whether values are of data that the fitted model does not declare, and of no other.
func onlyNew(was, now *lang.Model, tables *data.Tables) bool {
	declared := declarations(was)
	names := tables.Names()
	for _, name := range names {
		if _, known := declared[name]; known {
			return false
		}
		for _, dim := range was.Dims {
			if dim.Name == name {
				return false
			}
		}
	}
	return len(names) > 0 && len(now.Data) > 0
}

// sayTheSame lists where a model differs in what the draws of a fit depend on.
func sayTheSame(was, now *lang.Model) diag.List {
	c := &comparison{was: was, now: now}
	for _, check := range []func(){c.latents, c.data, c.functions, c.lets, c.statements} {
		if check(); len(c.found) > 0 {
			return c.found
		}
	}
	return nil
}

// comparison holds two models against one another.
type comparison struct {
	was, now *lang.Model
	found    diag.List
}

func (c *comparison) differ(at ast.Node, summary string, arguments ...any) {
	d := diag.Diagnostic{Code: "another-model", Source: c.now.File.Source, Span: c.now.File.Span(), Summary: fmt.Sprintf(summary, arguments...),
		Hint: "predict with what `generate` and `let` add to the model of the fit; what changes the latents or the data is another model: fit it"}
	if at != nil {
		d.Span = at.Span()
	}
	c.found = append(c.found, d)
}

// latents compares names, kinds and dimensions.
func (c *comparison) latents() {
	there := map[string]*lang.Symbol{}
	for _, s := range c.now.Latents {
		if !s.Generated {
			there[s.Name] = s
		}
	}
	for _, s := range c.was.Latents {
		x := there[s.Name]
		switch {
		case s.Generated:
		case x == nil:
			c.differ(nil, "the fit has a latent `%s`, which this model has not", s.Name)
			return
		case x.Type.String() != s.Type.String():
			c.differ(x.Decl, "`%s` is %s here, and %s in the model of the fit", s.Name, x.Type, s.Type)
			return
		}
		delete(there, s.Name)
	}
	for _, s := range c.now.Latents {
		if there[s.Name] != nil {
			c.differ(s.Decl, "the fit has no latent `%s`", s.Name)
			return
		}
	}
}

// declarations are the statements that declare data, by name.
func declarations(m *lang.Model) map[string]*ast.Data {
	out := map[string]*ast.Data{}
	for _, s := range m.File.Stmts {
		if d, ok := s.(*ast.Data); ok {
			out[d.Name.Name] = d
		}
	}
	return out
}

// data compares the declarations that both have.
func (c *comparison) data() {
	was := declarations(c.was)
	for _, s := range c.now.File.Stmts {
		if d, ok := s.(*ast.Data); ok && was[d.Name.Name] != nil && !ast.Equal(d, was[d.Name.Name]) {
			c.differ(d, "the data `%s` are declared otherwise in the model of the fit", d.Name.Name)
			return
		}
	}
}

// functions compares those that both have.
func (c *comparison) functions() {
	for _, s := range c.now.File.Stmts {
		if f, ok := s.(*ast.Fn); ok {
			if old := c.was.Fns[f.Name.Name]; old != nil && !ast.Equal(f, old) {
				c.differ(f, "the function `%s` is another one in the model of the fit", f.Name.Name)
				return
			}
		}
	}
}

// lets compares those of the fitted model, with the plates and loops around them, with those of the same name. A name may be
// gone, but not stand for something else.
func (c *comparison) lets() {
	was, now := map[string][]ast.Stmt{}, map[string][]ast.Stmt{}
	collectLets(c.was.Statements(false), nil, was)
	collectLets(c.now.Statements(false), nil, now)
	for _, s := range c.was.Lets {
		pieces := now[s.Name]
		if pieces == nil {
			for _, x := range c.now.Data {
				if x.Name == s.Name {
					c.differ(x.Decl, "`%s` are data here, and a `let` in the model of the fit", s.Name)
					return
				}
			}
			continue
		}
		for i, piece := range pieces {
			if i >= len(was[s.Name]) || !ast.Equal(piece, was[s.Name][i]) {
				c.differ(piece, "`%s` is defined otherwise in the model of the fit", s.Name)
				return
			}
		}
		if len(pieces) < len(was[s.Name]) {
			c.differ(pieces[0], "`%s` has more definitions in the model of the fit", s.Name)
			return
		}
	}
}

// collectLets lists lets by name, each in the plates and loops around it.
func collectLets(list []ast.Stmt, around []ast.Stmt, out map[string][]ast.Stmt) {
	for _, s := range list {
		switch x := s.(type) {
		case *ast.Let:
			var whole ast.Stmt = x
			for i := len(around) - 1; i >= 0; i-- {
				whole = within(around[i], []ast.Stmt{whole})
			}
			out[x.Name.Name] = append(out[x.Name.Name], whole)
		case *ast.Plate:
			collectLets(x.Body, append(around[:len(around):len(around)], x), out)
		case *ast.For:
			collectLets(x.Body, append(around[:len(around):len(around)], x), out)
		}
	}
}

// within is a plate or a loop with another body.
func within(s ast.Stmt, body []ast.Stmt) ast.Stmt {
	switch x := s.(type) {
	case *ast.Plate:
		return &ast.Plate{At: x.At, Binders: x.Binders, Body: body}
	case *ast.For:
		return &ast.For{At: x.At, Binders: x.Binders, Body: body}
	}
	return s
}

// statements compares what is neither a declaration nor a definition.
func (c *comparison) statements() {
	was, now := effects(c.was.Statements(false)), effects(c.now.Statements(false))
	for i, s := range now {
		switch {
		case i >= len(was):
			c.differ(s, "this statement is not in the model of the fit")
			return
		case !ast.Equal(s, was[i]):
			c.differ(s, "this statement is not that of the model of the fit, which has `%s` here", firstLine(c.was, was[i]))
			return
		}
	}
	if len(was) > len(now) {
		c.differ(nil, "the model of the fit goes on with `%s`, which this model has not", firstLine(c.was, was[len(now)]))
	}
}

// firstLine is the beginning of a statement.
func firstLine(m *lang.Model, s ast.Stmt) string {
	span := s.Span()
	text := string(m.File.Source.Text[span.Start:span.End])
	for i, r := range text {
		if r == '\n' {
			return text[:i] + " ..."
		}
	}
	return text
}

// effects are the statements without lets, data and functions.
func effects(list []ast.Stmt) []ast.Stmt {
	var out []ast.Stmt
	for _, s := range list {
		switch x := s.(type) {
		case *ast.Let, *ast.Data, *ast.Fn:
		case *ast.Plate:
			if body := effects(x.Body); len(body) > 0 {
				out = append(out, within(x, body))
			}
		case *ast.For:
			if body := effects(x.Body); len(body) > 0 {
				out = append(out, within(x, body))
			}
		default:
			out = append(out, s)
		}
	}
	return out
}

// bindTo binds the stored data, and more, to a model. The error is as that of Model.Bind.
func (l *loaded) bindTo(m *Model, opt BindOptions, more *data.Tables) (*Problem, error) {
	values, err := l.values()
	if err != nil {
		return nil, err
	}
	declared := map[string]bool{}
	for _, s := range m.checked.Data {
		declared[s.Name] = true
	}
	for name := range l.fit.Data {
		if !declared[name] {
			delete(values, name)
		}
	}
	tables := data.FromMap(values)
	if more != nil {
		tables = data.Merge(tables, more)
	}
	return m.bind(context.Background(), &Data{tables: tables}, opt, l.fit.Names.Levels)
}

func init() {
	diag.Declare(diag.CodeInfo{
		Code: "another-model", Title: "A model that is not the one that was fitted",
		Explanation: "A prediction by another text of the model takes one that adds `generate` and `let` statements, and data for them, to the model of the fit. The draws of the fit are those of its own latents, priors and likelihood: where these differ they say nothing of the new model.",
		Wrong:       "mu ~ Normal(0, 1)   # where the fit had mu ~ Normal(0, 5)",
		Right:       "mu ~ Normal(0, 5)\ngenerate let twice = 2 * mu",
	})
}
