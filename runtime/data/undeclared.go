package data

import (
	"fmt"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// undeclared looks for keys that are named like a latent. Where the model reads
// that latent elsewhere, the key may be its true value, which is ignored with a
// warning. One that nothing reads is most likely a datum whose declaration was
// forgotten: a fit would draw it from the model, and never look at the data.
func (b *binder) undeclared() {
	for _, sym := range b.m.Latents {
		v, keys := b.likeLatent(sym)
		if v == nil {
			continue
		}
		for _, key := range keys {
			b.used[key] = true
		}
		t := sym.Type
		t.Optional = v.problem == nil && hasMissing(v)
		if b.readElsewhere(sym) {
			b.diags.Add(diag.Diagnostic{
				Code: ignoredKey, Severity: diag.Warning, Source: b.src, Span: sym.Span, Where: v.Where(),
				Summary: fmt.Sprintf("`%s` is a latent, so the value in the data is ignored (%s)", sym.Name, v.Where()),
				Hint:    fmt.Sprintf("if it was observed, declare `data %s : %s`", sym.Name, t),
			})
			continue
		}
		b.diags.Add(diag.Diagnostic{
			Code: undeclared, Source: b.src, Span: sym.Span, Where: v.Where(),
			Summary: fmt.Sprintf("`%s` is in the data (%s), but the model does not declare it: it would be a latent, and the data would not be read", sym.Name, v.Where()),
			Hint:    fmt.Sprintf("`data %s : %s`", sym.Name, t),
		})
	}
}

// warnComputed warns of keys that are named like a `let` of latents, which is
// computed whatever the data say.
func (b *binder) warnComputed() {
	for _, sym := range b.m.Lets {
		v, given := b.t.Lookup(sym.Name)
		if !given || !sym.Random || b.byKey[sym.Name] != nil {
			continue
		}
		b.used[sym.Name] = true
		b.diags.Add(diag.Diagnostic{
			Code: ignoredKey, Severity: diag.Warning, Source: b.src, Span: sym.Span, Where: v.Where(),
			Summary: fmt.Sprintf("the model computes `%s`, so the value in the data is ignored (%s)", sym.Name, v.Where()),
			Hint:    fmt.Sprintf("if it was observed, declare `data %s : %s`, and say with `~` how it came about", sym.Name, sym.Type),
		})
	}
}

// likeLatent finds what the data hold under the name of a latent: a key, or the
// columns of a matrix.
func (b *binder) likeLatent(sym *lang.Symbol) (v *Value, keys []string) {
	if v, ok := b.t.Lookup(sym.Name); ok {
		return v, []string{sym.Name}
	}
	if sym.Type.Rank() < 2 {
		return nil, nil
	}
	members := b.membersOf(sym.Name, sym.Type.Rank())
	for _, m := range members {
		keys = append(keys, m.value.key)
	}
	if len(members) > 0 {
		v = members[0].value
	}
	return v, keys
}

func hasMissing(v *Value) bool {
	for i := range v.nums {
		if v.tag(i) == tagNull {
			return true
		}
	}
	return false
}

// readElsewhere reports whether a statement reads a latent, other than those
// that describe it: an autoregression reads itself.
func (b *binder) readElsewhere(sym *lang.Symbol) bool {
	read := false
	for _, s := range b.m.File.Stmts {
		ast.Inspect(s, func(n ast.Node) bool {
			if s, ok := n.(*ast.Sample); ok && b.m.Uses[s] == sym {
				return false
			}
			if name, ok := n.(*ast.Name); ok && b.m.Uses[name] == sym {
				read = true
			}
			return !read
		})
	}
	return read
}

// warnEmpty warns of observations that are none: the posterior is the prior then,
// as far as they go.
func (b *binder) warnEmpty() {
	observed := map[*lang.Symbol]bool{}
	for _, s := range b.m.Samples {
		if s.Kind == lang.Observe {
			observed[s.Symbol] = true
		}
	}
	for _, it := range b.items {
		if it.array == nil || it.bad || it.value == nil || len(it.array.Data) > 0 || !observed[it.sym] {
			continue
		}
		b.add(it, diag.Diagnostic{Code: emptyData, Severity: diag.Warning, Span: it.sym.Span,
			Summary: fmt.Sprintf("`%s` has no elements (%s): the model learns nothing from it", it.sym.Name, it.value.Where())})
	}
}
