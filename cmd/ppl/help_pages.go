package main

import (
	"fmt"
	"io"
	"strings"

	"ppl/lang"
	"ppl/lang/diag"

	"ppl/runtime/report"
)

func (e *env) printer() *printer {
	return &printer{w: e.stdout, head: func(s string) string { return e.paintOut(strong, s) }}
}

// distPage explains a distribution from its declaration.
func distPage(e *env, d *lang.DistSig) {
	p := e.printer()
	for i := range d.Forms {
		p.line(p.head(distCall(d, i)))
	}
	p.blank()
	p.text("", d.Doc)
	parameters(p, d)
	p.section("Support", supportText(d))
	if d.EventRank > 0 {
		p.section("Shape of a value", "["+strings.Join(d.EventDims, ", ")+"]")
	}
	if d.Density != "" {
		p.heading("Density")
		for _, part := range strings.Split(d.Density, "; ") {
			p.text("  ", part)
		}
	}
	if d.NoTruncation != "" {
		p.section("Truncation", "Not possible: "+d.NoTruncation+".")
	} else {
		p.section("Truncation", "`"+d.Name+"(...) in (a, b)`, the open interval"+closedToo(d)+".")
	}
	p.section("Example", d.Example)
	p.section("Source", d.Source)
	if d.NotYet != "" {
		p.section("Status", d.NotYet+". Models that use it can be checked, not fitted.")
	}
}

func closedToo(d *lang.DistSig) string {
	if d.Support.Discrete() {
		return ", or `in a..b`, both ends included"
	}
	return ""
}

// distCall is a form as it is called: alternatives need their keywords.
func distCall(d *lang.DistSig, form int) string {
	var args []string
	for _, p := range d.Forms[form].Params {
		arg := p.Name
		if form > 0 {
			arg += " = ..."
		}
		if p.Default != "" {
			arg = p.Name + " = " + p.Default
		}
		args = append(args, arg)
	}
	if d.TakesDists && d.Name == "ZeroInflated" {
		args = append([]string{"dist"}, args...)
	} else if d.TakesDists {
		args = append(args, "dist1", "dist2", "...")
	}
	return d.Name + "(" + strings.Join(args, ", ") + ")"
}

func parameters(p *printer, d *lang.DistSig) {
	var rows [][]string
	seen := map[string]bool{}
	for _, form := range d.Forms {
		for _, q := range form.Params {
			if seen[q.Name] {
				continue
			}
			seen[q.Name] = true
			about := q.Doc
			if q.Default != "" {
				about += "; " + q.Default + " if left out"
			}
			if len(q.Aliases) > 0 {
				about += "; also called " + strings.Join(q.Aliases, ", ")
			}
			rows = append(rows, []string{q.Name, paramType(q), about})
		}
	}
	if len(rows) > 0 {
		p.heading("Parameters")
		p.columns(rows)
	}
}

// paramType is the set in which a parameter lies.
func paramType(q lang.ParamSig) string {
	name := q.Elem.String()
	if q.Rank > 0 {
		dims := q.Dims
		if len(dims) == 0 {
			dims = []string{"K", "K"}[:q.Rank]
		}
		name += "[" + strings.Join(dims, ", ") + "]"
	}
	switch q.Constraint {
	case lang.Positive:
		return name + " > 0"
	case lang.NonNegative:
		return name + " >= 0"
	case lang.Unit:
		return name + " in [0, 1]"
	case lang.ProbabilityVector:
		return name + ", >= 0, sums to 1"
	case lang.NonNegativeInt:
		return strings.Replace(name, "real", "int", 1) + " >= 0"
	case lang.PositiveInt:
		return strings.Replace(name, "real", "int", 1) + " >= 1"
	case lang.PositiveDefinite:
		return name + ", positive definite"
	case lang.CholeskyFactor:
		return name + ", lower triangular"
	case lang.IncreasingVector:
		return name + ", increasing"
	}
	return name
}

func supportText(d *lang.DistSig) string {
	if d.TakesDists && d.Name == "Mixture" {
		return "that of the distributions"
	}
	lower, upper := d.Lower, d.Upper
	if lower == "" {
		lower = "0"
	}
	switch d.Support {
	case lang.SupportInterval:
		return fmt.Sprintf("real numbers between %s and %s", lower, upper)
	case lang.SupportLower:
		return "real numbers above " + lower
	case lang.SupportUpper:
		return "real numbers below " + upper
	case lang.SupportIntRange:
		if upper == "" {
			return "integers from " + lower
		}
		return fmt.Sprintf("integers from %s to %s", lower, upper)
	}
	return supportWords[d.Support]
}

var supportWords = map[lang.SupportKind]string{
	lang.SupportReal:            "all real numbers",
	lang.SupportPositive:        "positive real numbers",
	lang.SupportUnit:            "real numbers between 0 and 1",
	lang.SupportSimplex:         "vectors of non-negative numbers that sum to 1",
	lang.SupportOrdered:         "increasing vectors",
	lang.SupportPositiveOrdered: "increasing vectors of positive numbers",
	lang.SupportOrderedInterval: "increasing vectors of numbers in an interval",
	lang.SupportCircle:          "angles in (−π, π]",
	lang.SupportUnitVector:      "vectors of length 1",
	lang.SupportSumToZero:       "vectors that sum to 0",
	lang.SupportCholeskyCorr:    "lower Cholesky factors of correlation matrices",
	lang.SupportCorr:            "correlation matrices",
	lang.SupportCov:             "positive definite matrices",
	lang.SupportBool:            "0 and 1",
	lang.SupportNaturals:        "the integers 0, 1, 2, ...",
	lang.SupportPositiveInts:    "the integers 1, 2, 3, ...",
	lang.SupportCategories:      "the integers 1 to K",
}

// funcPage explains a function from its declaration.
func funcPage(e *env, f *lang.FuncSig) {
	p := e.printer()
	p.line(p.head(funcCall(f)))
	p.blank()
	p.text("", f.Doc)
	p.section("Group", f.Group)
	p.section("Example", f.Example)
	if f.NotYet != "" {
		p.section("Status", f.NotYet+". Models that use it can be checked, not fitted.")
	}
}

// funcCall is a signature, with what may be left out in brackets.
func funcCall(f *lang.FuncSig) string {
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, name := range f.Params {
		optional := i >= f.MinArgs && !strings.HasSuffix(name, "...")
		if optional {
			b.WriteString("[")
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name)
		if i >= f.MinArgs && i-f.MinArgs < len(f.Defaults) {
			b.WriteString(" = " + f.Defaults[i-f.MinArgs])
		}
		if optional {
			b.WriteString("]")
		}
	}
	return b.String() + ")"
}

// codePage explains an error code.
func codePage(e *env, info diag.CodeInfo) {
	p := e.printer()
	p.line(p.head(string(info.Code)) + ": " + info.Title)
	p.blank()
	for i, par := range strings.Split(strings.TrimSpace(info.Explanation), "\n\n") {
		if i > 0 {
			p.blank()
		}
		p.text("", par)
	}
	p.verbatim("Wrong", info.Wrong)
	p.verbatim("Right", info.Right)
}

func codeList(e *env) {
	p := e.printer()
	p.line("ppl help CODE explains a code.")
	p.blank()
	var rows [][]string
	for _, info := range diag.Codes() {
		rows = append(rows, []string{string(info.Code), info.Title})
	}
	p.columns(rows)
}

// printer lays out a page of help.
type printer struct {
	w    io.Writer
	head func(string) string
}

const pageWidth = 88

func (p *printer) line(s string)         { fmt.Fprintln(p.w, s) }
func (p *printer) blank()                { fmt.Fprintln(p.w) }
func (p *printer) heading(title string)  { p.blank(); p.line(p.head(title)) }
func (p *printer) text(indent, s string) { p.wrap(indent, indent, s) }
func (p *printer) verbatim(title, s string) {
	if s == "" {
		return
	}
	p.heading(title)
	for _, l := range strings.Split(strings.TrimRight(s, "\n"), "\n") {
		p.line(strings.TrimRight("  "+l, " "))
	}
}

// section is a heading with a paragraph; without one it is left out.
func (p *printer) section(title, s string) {
	if s == "" {
		return
	}
	p.heading(title)
	p.text("  ", s)
}

// columns prints rows of cells side by side; the last column is wrapped.
func (p *printer) columns(rows [][]string) {
	last := len(rows[0]) - 1
	widest := make([]int, last)
	for _, r := range rows {
		for i := range widest {
			widest[i] = max(widest[i], report.Width(r[i]))
		}
	}
	for _, r := range rows {
		lead := "  "
		for i := range widest {
			lead += report.PadRight(r[i], widest[i]) + "   "
		}
		p.wrap(lead, strings.Repeat(" ", report.Width(lead)), r[last])
	}
}

// wrap breaks a paragraph into lines; runs of blanks within it are kept.
func (p *printer) wrap(first, indent, s string) {
	line := first
	empty := true
	for _, word := range strings.Split(strings.ReplaceAll(s, "\n", " "), " ") {
		if !empty && report.Width(line)+1+report.Width(word) > pageWidth {
			p.line(strings.TrimRight(line, " "))
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	p.line(strings.TrimRight(line, " "))
}
