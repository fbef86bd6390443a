package dist

import "ppl/graph/named"

// LogExcess is log p(x) − log N(z), for x = FromNormal(z) that is not truncated: minus the log of the derivative of
// x by z. It is written down where it is simpler than the difference, and more exact; false elsewhere.
func LogExcess(b *named.Builder, d *Dist, x named.Value, p Params, lower, upper *named.Value) (named.Value, bool) {
	if lower != nil || upper != nil {
		return named.Value{}, false
	}
	switch d {
	case normal:
		return b.Neg(b.Log(p.spread(b, "sd"))), true
	case logNormal:
		return b.Neg(b.Add(b.Log(p.spread(b, "scale")), b.Log(x))), true
	case mvNormal:
		_, logDet := whitened(b, x, p)
		return b.Neg(logDet), true
	}
	return named.Value{}, false
}
