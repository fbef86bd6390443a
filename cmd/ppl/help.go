package main

import (
	"fmt"
	"slices"
	"strings"

	"ppl/graph/builtin"
	"ppl/lang/diag"
)

type helpCmd struct {
	Names []string `arg:"" optional:"" name:"name" help:"A distribution, a function, an error code or a command; \"errors\" lists the codes. Without a name: everything that there is."`
}

var commands = []string{"check", "fmt", "fit", "show", "predict", "loo", "ppc", "simulate", "sbc", "help", "version"}

// Run prints one page for each name.
func (c *helpCmd) Run(e *env) error {
	names := c.Names
	if len(names) > 1 && names[0] == "errors" { // `ppl help errors CODE`
		names = names[1:]
	}
	if len(names) == 0 {
		return overview(e)
	}
	for i, name := range names {
		if i > 0 {
			fmt.Fprintln(e.stdout)
		}
		if err := page(e, name); err != nil {
			return err
		}
	}
	return nil
}

// page prints what there is under a name. Letter case matters only where two
// things differ by it.
func page(e *env, name string) error {
	name = plainName(name)
	cat := builtin.Catalogue()
	if like := sameLetters(name); like != "" {
		name = like
	}
	if d, ok := cat.Dist(name); ok {
		distPage(e, d)
		return nil
	}
	if f, ok := cat.Func(name); ok {
		funcPage(e, f)
		return nil
	}
	if info, ok := diag.Lookup(diag.Code(name)); ok {
		codePage(e, info)
		return nil
	}
	if _, ok := statements[name]; ok {
		wordPage(e, name)
		return nil
	}
	if name == "errors" {
		codeList(e)
		return nil
	}
	if slices.Contains(commands, name) {
		return e.dispatch([]string{name, "--help"})
	}
	return unknownName(name)
}

// plainName takes a name from where it was copied: a message's
// `error[shape-mismatch]`, a call's `Normal()`.
func plainName(s string) string {
	s = strings.TrimSuffix(strings.Trim(s, "`"), "()")
	if i := strings.IndexByte(s, '['); i >= 0 && strings.HasSuffix(s, "]") {
		s = s[i+1 : len(s)-1]
	}
	return s
}

// topics are all names that have a page.
func topics() []string {
	cat := builtin.Catalogue()
	all := append(append([]string{"errors"}, commands...), words()...)
	all = append(append(all, cat.DistNames()...), cat.FuncNames()...)
	for _, info := range diag.Codes() {
		all = append(all, string(info.Code))
	}
	return all
}

// sameLetters finds the topic that differs from name in letter case only, if
// there is no topic of that very name and just one such.
func sameLetters(name string) string {
	found := ""
	for _, t := range topics() {
		switch {
		case t == name || found != "" && strings.EqualFold(t, name):
			return ""
		case strings.EqualFold(t, name):
			found = t
		}
	}
	return found
}

func unknownName(name string) error {
	if like := diag.Suggest(name, topics()); like != "" {
		return usage("nothing is called %q; did you mean `ppl help %s`?", name, like)
	}
	return usage("nothing is called %q; `ppl help` lists what there is", name)
}

// overview lists everything that has a page.
func overview(e *env) error {
	p := e.printer()
	p.line("ppl help NAME explains any of these. `ppl COMMAND --help` lists a command's flags.")
	p.section("Commands", strings.Join(commands, ", "))
	p.section("Language", strings.Join(words(), ", "))
	for _, g := range distGroups() {
		p.section("Distributions: "+g.title, strings.Join(g.names, ", "))
	}
	for _, g := range funcGroups() {
		p.section("Functions: "+g.title, strings.Join(g.names, ", "))
	}
	p.section("Error codes", "ppl help errors lists them; ppl help CODE explains one.")
	return nil
}

// group is names under a heading.
type group struct {
	title string
	names []string
}

func distGroups() []group {
	cat := builtin.Catalogue()
	groups := []group{{title: "continuous"}, {title: "discrete"}, {title: "multivariate"}, {title: "made of other distributions"}}
	for _, name := range cat.DistNames() {
		d, _ := cat.Dist(name)
		k := 0
		switch {
		case d.TakesDists:
			k = 3
		case d.EventRank > 0:
			k = 2
		case d.Support.Discrete():
			k = 1
		}
		groups[k].names = append(groups[k].names, name)
	}
	return groups
}

// funcGroups is in the order in which a reader would look; a group that is not
// in the list comes last.
func funcGroups() []group {
	cat := builtin.Catalogue()
	order := []string{"Elementwise", "Reductions", "Vectors", "Shape", "Linear algebra", "Kernels", "Networks", "Differential equations"}
	byTitle := map[string][]string{}
	for _, name := range cat.FuncNames() {
		f, _ := cat.Func(name)
		if !slices.Contains(order, f.Group) {
			order = append(order, f.Group)
		}
		byTitle[f.Group] = append(byTitle[f.Group], name)
	}
	var groups []group
	for _, title := range order {
		if len(byTitle[title]) > 0 {
			groups = append(groups, group{strings.ToLower(title), byTitle[title]})
		}
	}
	return groups
}
