package data

import "fmt"

// checkKind checks each vector or matrix of a constrained kind.
func (b *binder) checkKind(it *item) {
	t, a := it.sym.Type, it.array
	rank := t.Kind.EventRank()
	if len(a.Shape) < rank {
		return
	}
	lead, event := a.Shape[:len(a.Shape)-rank], a.Shape[len(a.Shape)-rank:]
	if rank == 2 && event[0] != event[1] {
		b.fail(it, shapeError, b.typeSpan(it), "`%s` is declared %s, but its matrices are %d by %d (%s)", it.sym.Name, t, event[0], event[1], it.value.describe())
		return
	}
	n := size(event)
	if n == 0 {
		return
	}
	from := b.fromBound(it)
	wrong := 0
	for k := range size(lead) {
		why := t.Kind.Violation(a.Data[k*n:(k+1)*n], event[0])
		if why == "" {
			continue
		}
		if wrong++; wrong > maxListed {
			continue
		}
		name := it.sym.Name
		if len(lead) > 0 {
			index := unravel(k, lead)
			if it.value != nil {
				index[0] += it.value.first
			}
			name += bracket(index, 0)
		}
		d := b.fail(it, constraintFail, b.typeSpan(it), "`%s` is not %s: %s (%s)", name, t.Kind.Phrase(), why, it.whereElement(from(k*n)))
		d.Hint = t.Kind.ViolationHint(a.Data[k*n : (k+1)*n])
	}
	if wrong > maxListed {
		b.diags[len(b.diags)-1].Found = fmt.Sprintf("and %d more", wrong-maxListed)
	}
}
