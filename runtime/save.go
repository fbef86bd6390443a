package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"unicode/utf8"

	"ppl/lang"
	"ppl/runtime/data"
	"ppl/runtime/saved"
	"ppl/runtime/store"
)

// SavedError says that a file is not a saved fit, or not one that this program reads, or that
// it does not hold what is asked of it.
type SavedError struct {
	Path string // of the file; "" of a reader
	Why  string
}

func (e *SavedError) Error() string {
	if e.Path == "" {
		return "the saved fit: " + e.Why
	}
	return e.Path + ": " + e.Why
}

// SaveOptions say what is saved. The zero value is the default.
type SaveOptions struct {
	// NoData leaves the data out, but for their shapes, their size and a hash (SHA-256). Data
	// above 64 MB are always left out. Posterior.Problem is then an error.
	NoData bool
}

// storedData is the most bytes of data that are stored.
const storedData = 64 << 20

// Save writes the fit as one file that Load reads, with the same bits of every figure and draw:
// a Zarr store of format 2 in a zip, laid out as ArviZ's InferenceData (package saved says how).
// Draws of discrete latents are made for it. The error is that of w, of DiscreteDraws, or that a
// label is no UTF-8.
func (post *Posterior) Save(w io.Writer) error { return post.SaveWith(w, SaveOptions{}) }

// SaveWith is Save with options.
func (post *Posterior) SaveWith(w io.Writer, opt SaveOptions) (err error) {
	defer guarded(&err)
	if err := given("Posterior.Save", argument{"post", post.made()}, writerArgument(w)); err != nil {
		return err
	}
	f, err := post.file(opt)
	if err != nil {
		return err
	}
	return store.Write(context.Background(), callersWriter{w}, f)
}

// SaveFile saves the fit to a path, in the place of a file that is there, whose permissions are
// kept: whatever happens meanwhile, the path holds the old file or the whole new one.
func (post *Posterior) SaveFile(path string) error {
	return post.SaveFileWith(context.Background(), path, SaveOptions{})
}

// SaveFileWith is SaveFile with options, until the context is done: the error is then ctx.Err().
func (post *Posterior) SaveFileWith(ctx context.Context, path string, opt SaveOptions) (err error) {
	defer guarded(&err)
	if err := given("Posterior.SaveFile", argument{"post", post.made()}, contextArgument(ctx)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := post.file(opt)
	if err != nil {
		return err
	}
	return store.WriteFile(ctx, path, f)
}

// file lays the fit out.
func (post *Posterior) file(opt SaveOptions) (*store.File, error) {
	z, err := post.discreteDraws()
	if err != nil {
		return nil, err
	}
	f := &saved.Fit{Answer: &post.answer, States: z, Checkpoint: post.checkpoint, Program: Version()}
	if post.loaded != nil {
		f.Names, f.Data, f.Absent = post.loaded.fit.Names, post.loaded.fit.Data, post.loaded.fit.Absent
	} else {
		f.Names, f.Data = post.problem.saveNames(), post.problem.saveData()
	}
	switch size := saved.Size(f.Data); {
	case f.Absent != nil:
	case opt.NoData:
		f.Absent = saved.Describe("they were left out on request", f.Data)
	case size > storedData:
		f.Absent = saved.Describe(fmt.Sprintf("they have %d MB, and up to %d MB are", size>>20, storedData>>20), f.Data)
	}
	if f.Absent != nil {
		f.Data = nil
	}
	return saved.Encode(f)
}

// saveData are the values of the data declarations.
func (p *Problem) saveData() map[string]*data.Array {
	out := map[string]*data.Array{}
	for _, s := range p.model.checked.Data {
		if a, ok := p.bound.Values[s.Name]; ok {
			out[s.Name] = a
		}
	}
	return out
}

// saveNames are the dimensions of the model's symbols.
func (p *Problem) saveNames() saved.Names {
	m := p.model.checked
	n := saved.Names{Dims: map[string][]string{}, Lengths: p.bound.Dims, Levels: p.bound.Levels, Factors: map[string]string{}}
	for _, s := range slices.Concat(m.Data, m.Latents, m.Lets) {
		if len(s.Type.Dims) == 0 {
			continue
		}
		dims := make([]string, len(s.Type.Dims))
		for d, dim := range s.Type.Dims {
			if text := dim.String(); utf8.ValidString(text) {
				dims[d] = text
			}
		}
		n.Dims[s.Name] = dims
	}
	observed := map[string]bool{}
	for _, f := range m.Samples {
		if f.Kind == lang.Observe && f.Symbol != nil && f.Symbol.Kind == lang.SymData {
			observed[f.Symbol.Name] = true
		}
	}
	for _, s := range m.Data {
		if observed[s.Name] {
			n.Observed = append(n.Observed, s.Name)
		}
		if s.Type.Levels != "" {
			n.Factors[s.Name] = s.Type.Levels
		}
		if a := p.bound.Values[s.Name]; a != nil && a.Missing != nil {
			n.Partial = append(n.Partial, s.Name)
		}
	}
	return n
}

// loaded is what a Posterior from a file has in the place of a Problem.
type loaded struct {
	path string
	fit  *saved.Fit

	once    sync.Once
	problem *Problem
	err     error
}

// Load reads a fit that Save has written, from the size bytes of r. Every accessor, WriteTable and
// WriteJSON give the same as those of the Posterior that was saved. Nothing that the file holds is run, and
// what is allocated is bounded by its size. The error is a *SavedError, or that of r.
func Load(r io.ReaderAt, size int64) (post *Posterior, err error) {
	if err := given("Load", argument{"r", r != nil}); err != nil {
		return nil, err
	}
	return load(r, size, "")
}

// LoadFile reads a fit from a file. The error is a *SavedError or an *fs.PathError.
func LoadFile(path string) (*Posterior, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &SavedError{path, "is a directory, not a saved fit"}
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return load(in, info.Size(), path)
}

func load(r io.ReaderAt, size int64, path string) (post *Posterior, err error) {
	defer guarded(&err)
	f, err := store.Read(r, size, store.Limits{})
	if wrong := (*store.Error)(nil); errors.As(err, &wrong) {
		return nil, &SavedError{path, wrong.Error()}
	}
	if err != nil {
		return nil, err
	}
	fit, err := saved.Decode(f)
	if err != nil {
		return nil, &SavedError{path, err.Error()}
	}
	post = &Posterior{answer: *fit.Answer, checkpoint: fit.Checkpoint, loaded: &loaded{path: path, fit: fit}}
	post.draw = func() ([][]int, error) { return fit.States, nil }
	post.index()
	return post, nil
}

// Problem is the model with its data that the answer is of: the one that was fitted or, of a
// Posterior that was loaded, one that is compiled from the stored model and data by the first
// call. The error is a *SavedError where the data are not stored, or do not fit the model.
func (post *Posterior) Problem() (*Problem, error) {
	if err := given("Posterior.Problem", argument{"post", post.made()}); err != nil {
		return nil, err
	}
	l := post.loaded
	if l == nil {
		return post.problem, nil
	}
	l.once.Do(func() { l.problem, l.err = l.compile() })
	return l.problem, l.err
}

// compile binds the stored data to the stored model.
func (l *loaded) compile() (p *Problem, err error) {
	defer guarded(&err)
	a := l.fit.Answer
	if absent := l.fit.Absent; absent != nil {
		return nil, &SavedError{l.path, fmt.Sprintf("the data (%d bytes) are not stored: %s", absent.Bytes, absent.Why)}
	}
	wrong := func(err error) error {
		return &SavedError{l.path, "the stored model and data do not go together: " + err.Error()}
	}
	m, err := Compile(a.Model.Name, []byte(a.Model.Text))
	if err != nil {
		return nil, wrong(err)
	}
	values, err := l.values()
	if err != nil {
		return nil, wrong(err)
	}
	p, err = m.bind(context.Background(), Map(values), BindOptions{Engine: a.Asked.Engine, Discrete: a.Asked.Discrete, Latents: a.Asked.Latents}, l.fit.Names.Levels)
	if err != nil {
		return nil, wrong(err)
	}
	if err := l.same(p); err != nil {
		return nil, wrong(err)
	}
	if p, err = p.knowingAll(a.Params); err != nil {
		return nil, wrong(err)
	}
	return p, nil
}

// values are the stored data as the binder takes them, who checks them again, and the lengths that are known.
func (l *loaded) values() (map[string]any, error) {
	values := map[string]any{}
	for name, n := range l.fit.Names.Lengths {
		if _, labels := l.fit.Names.Levels[name]; !labels {
			values[name] = n
		}
	}
	for name, x := range l.fit.Data {
		var err error
		if values[name], err = l.labelled(name, x); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// labelled is an array of data as the binder takes it: labels for the codes of a factor.
func (l *loaded) labelled(name string, x *data.Array) (any, error) {
	of, ok := l.fit.Names.Factors[name]
	if !ok {
		return x, nil
	}
	levels := l.fit.Names.Levels[of]
	labels := make([]string, len(x.Data))
	for i, code := range x.Data {
		if !(code >= 1 && int(code) <= len(levels)) {
			return nil, fmt.Errorf("%s has the code %g, and %d labels", name, code, len(levels))
		}
		labels[i] = levels[int(code)-1]
	}
	if len(x.Shape) == 0 {
		return labels[0], nil
	}
	return nested(labels, x.Shape), nil
}

// nested are slices of slices of texts, as deep as a shape.
func nested(labels []string, shape []int) any {
	if len(shape) == 1 {
		return labels
	}
	out := make([]any, shape[0])
	for i := range out {
		out[i] = nested(labels[i*len(labels)/shape[0]:(i+1)*len(labels)/shape[0]], shape[1:])
	}
	return out
}

// same demands that what was bound is what was stored.
func (l *loaded) same(p *Problem) error {
	for name, x := range l.fit.Data {
		y := p.bound.Values[name]
		if y == nil || !slices.Equal(x.Shape, y.Shape) || !slices.EqualFunc(x.Data, y.Data, func(a, b float64) bool { return a == b || a != a && b != b }) {
			return fmt.Errorf("%s is bound to other values", name)
		}
	}
	return nil
}

// Version is the version of ppl and its commit, as far as the build knows them.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "(development)"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if rev := settings["vcs.revision"]; rev != "" {
		v += " commit " + rev
		if settings["vcs.modified"] == "true" {
			v += " (modified)"
		}
	}
	return v
}
