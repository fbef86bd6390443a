package report

import (
	"bytes"
	"encoding/json"
	"fmt"

	"ppl/graph"
	"ppl/runtime/answer"
)

// params prints the values that were learned as points, with standard errors where there are some.
func (p *page) params() {
	t := &Table{Head: []string{"learned", "value"}}
	for i := range p.Params {
		if p.Params[i].Errors != nil {
			t.Head = []string{"learned", "value", "std. error"}
		}
	}
	for i := range p.Params {
		p.addParam(t, &p.Params[i])
	}
	if len(t.Rows) > 0 {
		t.Write(p.w, p.strong)
		fmt.Fprintln(p.w)
	}
}

// addParam adds the elements of one, long arrays folded as those of quantities are.
func (p *page) addParam(t *Table, x *answer.Param) {
	var shown []int
	for i := range x.Values {
		if p.named(x.Symbol, x.Name(i), x.Column(i)) {
			shown = append(shown, i)
		}
	}
	for k, i := range shown {
		if !p.All && len(shown) > foldAbove && k >= foldShown && k < len(shown)-1 {
			if k == foldShown {
				t.Add(fmt.Sprintf("... %d more", len(shown)-foldShown-1))
			}
			continue
		}
		cells := []string{x.Name(i)}
		if x.Errors != nil && graph.Finite(x.Errors[i]) {
			cells = append(cells, row(x.Errors[i], x.Values[i], x.Errors[i])...)
		} else {
			cells = append(cells, fmt.Sprintf("%.6g", x.Values[i]))
		}
		for len(cells) < len(t.Head) {
			cells = append(cells, absent)
		}
		t.Add(cells...)
	}
}

// paramsJSON are an object with the value of each element, in the order of the model, and one with their
// standard errors; nil where there are none.
func paramsJSON(params []answer.Param) (values, errors json.RawMessage, err error) {
	var v, e members
	for i := range params {
		x := &params[i]
		for k := range x.Values {
			if err := v.add(x.Name(k), Number(x.Values[k])); err != nil {
				return nil, nil, err
			}
			if x.Errors != nil {
				if err := e.add(x.Name(k), Number(x.Errors[k])); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	return v.object(), e.object(), nil
}

// members are those of an object whose order is kept.
type members struct{ b bytes.Buffer }

func (m *members) add(name string, value any) error {
	key, err := json.Marshal(name)
	if err != nil {
		return err
	}
	x, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if m.b.Len() > 0 {
		m.b.WriteByte(',')
	}
	m.b.Write(key)
	m.b.WriteByte(':')
	m.b.Write(x)
	return nil
}

func (m *members) object() json.RawMessage {
	if m.b.Len() == 0 {
		return nil
	}
	return json.RawMessage("{" + m.b.String() + "}")
}
