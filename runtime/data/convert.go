package data

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// convertAll turns the values that were found into arrays of their types.
func (b *binder) convertAll() {
	for _, it := range b.items {
		if it.value == nil || it.bad || it.array != nil {
			continue
		}
		if it.sym.Type.Levels == "" {
			b.convert(it)
		}
	}
}

// verdict is what a cell is as an element of some type.
type verdict int

const (
	fine verdict = iota
	missing
	notANumber // NaN where nothing may be missing
	infinite
	wrongType
	fraction
	tooBig
	isText
)

// convert checks every cell. Where all are plain numbers the array shares the
// memory of the value.
func (b *binder) convert(it *item) {
	v, t := it.value, it.sym.Type
	var found [isText + 1]trouble
	judge := judgeOf(t)
	var mask []bool
	for i := range v.nums {
		w := judge(v, i)
		if w == fine {
			continue
		}
		if (w == missing || w == notANumber) && t.Optional {
			if mask == nil {
				mask = make([]bool, len(v.nums))
			}
			mask[i] = true
			continue
		}
		found[w].add(i)
	}
	b.reportCells(it, &found)
	if it.bad {
		return
	}
	it.array = &Array{Shape: it.shape, Data: v.nums, Missing: mask}
	it.reorder()
}

// judgeOf gives the check of the elements of a type.
func judgeOf(t lang.Type) func(*Value, int) verdict {
	switch t.Elem {
	case lang.Int:
		return judgeInt
	case lang.Bool:
		return judgeBool
	}
	return judgeReal
}

func judgeReal(v *Value, i int) verdict {
	if w := judgeTag(v, i); w != fine {
		return w
	}
	x := v.nums[i]
	switch {
	case x-x == 0: // finite
		return fine
	case math.IsNaN(x):
		return notANumber
	}
	return infinite
}

func judgeInt(v *Value, i int) verdict {
	if w := judgeTag(v, i); w != fine {
		return w
	}
	x := v.nums[i]
	switch {
	case math.IsNaN(x):
		return notANumber
	case math.IsInf(x, 0):
		return wrongType
	case x != math.Trunc(x):
		return fraction
	case math.Abs(x) >= maxExact:
		return tooBig
	}
	return fine
}

func judgeBool(v *Value, i int) verdict {
	if w := judgeTag(v, i); w != fine {
		return w
	}
	switch x := v.nums[i]; {
	case math.IsNaN(x):
		return notANumber
	case x != 0 && x != 1:
		return wrongType
	}
	return fine
}

// judgeTag judges cells that are no plain numbers.
func judgeTag(v *Value, i int) verdict {
	switch t := v.tag(i); {
	case t == tagNull:
		return missing
	case t > 0 && v.text(i).kind == textOnly:
		return isText
	}
	return fine
}

// reportCells reports what convert found, one message for each kind of trouble.
func (b *binder) reportCells(it *item, found *[isText + 1]trouble) {
	v, at := it.value, b.typeSpan(it)
	typ := it.sym.Type.Elem.String()
	report := func(w verdict, code diag.Code, format, hint string) {
		if found[w].n == 0 {
			return
		}
		is := func(i int) string {
			if strings.Contains(format, "%s") {
				return fmt.Sprintf(format, v.cellText(i))
			}
			return format
		}
		short := v.cellText
		if code == missingElement {
			short = func(int) string { return "" }
		}
		b.elements(it, code, at, found[w], is, short).Hint = hint
	}
	optional := "declare it `" + optionalText(it.sym.Type) + "` if elements may be missing"
	report(missing, missingElement, "is missing", optional)
	report(notANumber, missingElement, "is NaN", optional)
	report(fraction, typeError, "is %s, which is not an int", "declare it `"+strings.Replace(it.sym.Type.String(), "int", "real", 1)+"`, or round the data")
	report(wrongType, typeError, "is %s, which is not "+article(typ), boolHint(typ))
	report(tooBig, typeError, "is %s, an integer that 64-bit floating point does not hold exactly", "identifiers are labels: declare a factor")
	report(isText, typeError, "is %s, which is not "+article(typ), textHint(it, found[isText]))
	if found[infinite].n > 0 && !it.bad {
		b.warnInfinite(it, found[infinite])
	}
}

func article(typ string) string {
	if typ == "int" {
		return "an int"
	}
	return "a " + typ
}

func boolHint(typ string) string {
	if typ == "bool" {
		return "bool takes true, false, 0 and 1"
	}
	return ""
}

// optionalText writes a type with its question mark.
func optionalText(t lang.Type) string {
	t.Optional = true
	return t.String()
}

// textHint says how to mend a text where a number belongs.
func textHint(it *item, t trouble) string {
	if t.n == 0 {
		return ""
	}
	v, typ := it.value, it.sym.Type
	s := v.text(t.at[0]).s
	n, isNumber := parseNumber([]byte(s))
	declare := ", and declare it `" + optionalText(typ) + "`"
	if typ.Optional {
		declare = ""
	}
	switch trimmed := strings.TrimSpace(s); {
	case isNumber && n.over:
		return "the largest number is about 1.8e308"
	case isNumber && n.under:
		return "the smallest number above 0 is about 4.9e-324"
	case isNumber && v.origin.kind == fromParquet:
		return "the column holds texts: cast it to a type of numbers"
	case isNumber:
		return "write the number without quotation marks"
	case trimmed == "NA" && v.origin.kind == fromCSV:
		return "in quotation marks it is a label: write NA without them where a value is missing" + declare
	case trimmed == "NA" || trimmed == "N/A" || trimmed == "null" || trimmed == "None" || trimmed == "." || trimmed == "?":
		if v.origin.kind == fromCSV {
			return "leave the cell of a missing value empty" + declare
		}
		return "write null for a missing value" + declare
	case v.origin.kind == fromFlag && list(s) && !decimalComma(s):
		return v.bracketsHint(s)
	case thousands.MatchString(trimmed):
		return fmt.Sprintf("write numbers without a separator of thousands: %s; or, if the comma is the decimal one, with a point", strings.ReplaceAll(trimmed, ",", ""))
	case decimalComma(s):
		return "write decimals with a point"
	case date.MatchString(trimmed) && typ.Rank() > 0:
		return "dates are labels: where they stand for a time, make a column of numbers, such as days since the first of them"
	case typ.Rank() > 0 && typ.Kind == lang.Plain:
		return "labels are data of type `factor(J)`"
	}
	return ""
}

// thousands is a number like 1,234,567.8.
var thousands = regexp.MustCompile(`^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$`)

// date is how a date begins.
var date = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}([ T]|$)`)

func decimalComma(s string) bool {
	_, ok := parseNumber([]byte(strings.Replace(s, ",", ".", 1)))
	return ok && strings.Contains(s, ",")
}

// list reports whether a text looks like the elements of an array.
func list(s string) bool { return strings.Contains(s, ",") }

// bracketsHint writes a text given by `-d` as the array that was probably meant.
func (v *Value) bracketsHint(s string) string {
	parts := strings.Split(s, ",")
	for i, p := range parts {
		p = strings.TrimSpace(p)
		var b builder
		b.pushBare([]byte(p))
		switch t := b.tags.n; {
		case p == "" || p == "NA":
			p = "null"
		case t > 0 && b.texts[0].kind == textOnly:
			p = strconv.Quote(p)
		}
		parts[i] = p
	}
	return fmt.Sprintf("an array stands in brackets: -d '%s=[%s]'", v.key, shortened(strings.Join(parts, ", ")))
}

// warnInfinite warns of infinite elements that the declaration does not expect.
func (b *binder) warnInfinite(it *item, t trouble) {
	if it.decl != nil && it.decl.Constraint != nil && mentionsInf(it.decl.Constraint) {
		return
	}
	i := t.at[0]
	d := diag.Diagnostic{
		Code: infiniteValue, Severity: diag.Warning, Span: b.typeSpan(it),
		Summary: fmt.Sprintf("%s is %s (%s)", b.element(it, i), plain(it.value.nums[i]), it.value.whereElement(i)),
	}
	cause, bound := "a division by 0, or an overflow?", "<= inf"
	if it.value.nums[i] < 0 {
		cause, bound = "the logarithm of 0?", ">= -inf"
	}
	d.Hint = cause
	if it.decl != nil && it.decl.Constraint == nil {
		d.Hint += fmt.Sprintf(" If it is meant, declare `%s : %s %s`", it.sym.Name, it.sym.Type, bound)
	}
	if t.n > 1 {
		d.Found = fmt.Sprintf("%d infinite elements", t.n)
	}
	b.add(it, d)
}

// mentionsInf reports whether a constraint names infinity.
func mentionsInf(c *ast.Constraint) bool {
	found := false
	ast.Inspect(c, func(n ast.Node) bool {
		if name, ok := n.(*ast.Name); ok && name.Name == "inf" {
			found = true
		}
		return !found
	})
	return found
}

// reorder puts the rows of a keyed value in the order of the levels.
func (it *item) reorder() {
	if it.order == nil {
		return
	}
	a := it.array
	row := size(a.Shape[1:])
	data := make([]float64, 0, len(a.Data))
	var mask []bool
	for _, from := range it.order {
		data = append(data, a.Data[from*row:(from+1)*row]...)
		if a.Missing != nil {
			mask = append(mask, a.Missing[from*row:(from+1)*row]...)
		}
	}
	it.array = &Array{Shape: a.Shape, Data: data, Missing: mask}
}
